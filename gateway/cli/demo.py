"""`gateway demo`: one whole inspection, between departments' files and simulated platforms."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import declared_feeds, opened_to_work, settings_of
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from gateway.settings import Settings

HELP = both(
    "演示一次完整的双随机抽查：名录库上报，模拟平台抽取，名单下达，结果上报，公示。\n\n"
    "部门数据是生成的，有几行故意写错；有真实登记数据时一并汇入。可重复运行，已送达的不会再送。",
    "Show one whole double-random inspection: registries go up, a simulated platform draws, lists come down, results "
    "go up and are published.\n\n"
    "The data are generated, some rows wrong on purpose; real registrations join in where they are there. Run it "
    "again as you like: what was delivered is not sent twice.",
)
SETTING_UP = Message("cli.demo.setting_up", zh="正在准备演示数据……", en="setting up the demo …")

REGISTRY_VARIABLE = "GATEWAY_DEMO_REGISTRY"
FAILED = 1


def command(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir",
            "-d",
            metavar=both("目录", "DIR"),
            help=both("演示的部署目录，没有时新建；缺省为 ./demo", "where to set it up; ./demo by default"),
            show_default=False,
        ),
    ] = None,
) -> int:
    """Run the demo."""
    from gateway.operations.demo_deployment import registry_files, set_up
    from gateway.operations.demo_inspection import supply_inspection

    terminal: Terminal = context.obj
    place = directory or terminal.directory or Path("demo")
    registry = registry_folder()
    with terminal.busy(SETTING_UP):
        set_up(place, registry)
        supply_inspection(place, with_registry=bool(registry_files(registry)))
    settings = settings_of(terminal, place)
    with _platforms(settings) as urls, opened_to_work(settings) as gateway:
        from gateway.cli.demo_play import Play
        from gateway.cli.demo_story import say_where, tell
        from gateway.operations.demo_staff import Publicity, Staff

        say_where(terminal, place, registry if registry_files(registry) else None)
        staff = {name: Staff(url) for name, url in urls.items()}
        play = Play(terminal, gateway, staff, Publicity(urls["national"]), place)
        play.play()
        tell(terminal, gateway, place)
    return FAILED if any(report.status == "failed" for report in play.reports) else 0


def registry_folder() -> Path | None:
    """Where the real registrations are looked for: where the environment says, else beside the checkout."""
    from gateway.shipped import shipped

    named = os.environ.get(REGISTRY_VARIABLE)
    return Path(named) if named else shipped("config").parent.parent / "shared" / "data" / "registry"


@contextmanager
def _platforms(settings: Settings) -> Iterator[Mapping[str, str]]:
    """Where the simulated platforms listen: at the ports that the feeds name or, where one is taken, at a free one."""
    from gateway.operations.demo_inspection import platforms, point_feeds
    from gateway.operations.rehearsal import known_requesters, named_port
    from gateway.plugin_loader import load_plugins

    feeds = declared_feeds(settings)
    secrets = known_requesters(feeds, settings.secret)
    plugins = load_plugins(settings.disabled_plugins)
    with ExitStack() as stack:
        urls = {}
        for name in platforms(settings.directory):
            platform = plugins.sandbox(name).open(settings.directory / "sandboxes" / name, secrets)
            urls[name] = _served(stack, platform, named_port(feeds, name))
        point_feeds(settings.directory, urls)
        yield urls


def _served(stack: ExitStack, platform: WSGIApplication, port: int) -> str:
    from gateway.sandbox_host import serve

    try:
        return stack.enter_context(serve(platform, port)).url
    except StartError:
        return stack.enter_context(serve(platform)).url
