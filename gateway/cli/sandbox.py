"""`gateway sandbox`: a simulated platform on this machine, to rehearse against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.options import Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.cli.wrong_calls import whole_number
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.sandbox_host import Served

HELP = both(
    "在本机启动一个模拟平台供演练，按 Ctrl+C 结束。\n\n它受理过的内容保存在部署目录的 sandboxes/ 下。",
    "Serve a simulated platform on this machine to rehearse against, until Ctrl+C.\n\nWhat it took is kept under "
    "sandboxes/ in the deployment.",
)
LISTENING = Message(
    "cli.sandbox.listening",
    zh="{title} 已在 {url} 启动，按 Ctrl+C 结束；已登记的请求方：{requesters}",
    en="{title} listens at {url} until Ctrl+C; it knows the requesters: {requesters}",
)
REHEARSAL_ONLY = Message(
    "cli.sandbox.rehearsal_only",
    zh="本部署是正式环境（environment = production），不能启动模拟平台；请在演练环境的部署目录中运行",
    en="this deployment is production, so no sandbox is served; run it in the directory of a rehearsal deployment",
)


def command(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar=both("名称", "NAME"), help=both("模拟平台的名称，如 shandong", "as in shandong")),
    ],
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            parser=whole_number("--port", 0, 65_535),
            help=both(
                "端口；缺省为数据流中写的端口，否则任选空闲端口",
                "the port; by default the one that a feed names, else any free one",
            ),
        ),
    ] = None,
    directory: Directory = None,
) -> None:
    """Serve a sandbox."""
    terminal: Terminal = context.obj
    with opened_to_look(terminal, directory) as gateway:
        from gateway.operations.rehearsal import known_requesters, named_port
        from gateway.sandbox_host import run_forever

        offer = gateway.plugins.sandbox(name)
        if gateway.settings.environment == "production":
            raise StartError(REHEARSAL_ONLY)
        secrets = known_requesters(gateway.feeds, gateway.settings.secret)
        platform = offer.open(gateway.settings.directory / "sandboxes" / name, secrets)
        if port is None:
            port = named_port(gateway.feeds, name) or named_port(gateway.feeds)
        run_forever(platform, port, lambda served: _announce(terminal, offer.title, served, secrets))


def _announce(terminal: Terminal, title: str, served: Served, secrets: Mapping[str, str]) -> None:
    terminal.say(LISTENING, title=title, url=served.url, requesters=", ".join(secrets) or "-")
    terminal.out.file.flush()
