"""`gateway serve`: feeds are run by their schedules until somebody stops the service."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import opened_to_work, settings_of
from gateway.cli.options import Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.cli.wrong_calls import whole_number

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.service.log import Log
    from gateway.service.pace import Clock, Pace
    from gateway.service.service import Stopping

HELP = both(
    "长期运行：按各数据流的 schedule 和 after 运行，直到收到停止信号。\n\n"
    "同一数据库上可启动多个，只有一个执行，其余待命，前者停止后自动接管。日志为 JSON，写到标准错误。",
    "Run feeds by their `schedule` and `after` until told to stop.\n\n"
    "Several may be started on one database: one of them runs the feeds, the others take over when it stops. The log "
    "is JSON on stderr.",
)

LOOPBACK = "127.0.0.1"
_STOPS = (signal.SIGTERM, signal.SIGINT)


def command(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            parser=whole_number("--port", 0, 65_535),
            help=both(
                "监控页面 /metrics 和 /health 的端口，0 为任选空闲端口；缺省为设置项 monitoring_port",
                "the port of /metrics and /health, 0 for any free one; by default the setting monitoring_port",
            ),
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar=both("地址", "ADDRESS"),
            help=both(
                f"监控页面的地址；缺省为 {LOOPBACK}", f"the address of the monitoring pages; {LOOPBACK} by default"
            ),
            show_default=False,
        ),
    ] = LOOPBACK,
    allow_network: Annotated[
        bool,
        typer.Option(
            "--allow-network",
            help=both(
                "允许从别的机器读取监控页面（没有登录和加密）",
                "let other machines read the monitoring pages, which have neither login nor encryption",
            ),
            show_default=False,
        ),
    ] = False,
    directory: Directory = None,
) -> None:
    """Serve until told to stop."""
    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    from gateway.service.log import json_log, take_in
    from gateway.service.pace import Pace
    from gateway.state.tables import now

    log = json_log(sys.stderr)
    take_in(log)
    with stopped_by_signals() as stopping, opened_to_work(settings) as gateway:
        at = host, settings.monitoring_port if port is None else port
        pace = Pace(inbound_at_once=settings.workers)
        serve(gateway, at, log, stopping, clock=now, pace=pace, allow_network=allow_network)


def serve(
    gateway: Gateway,
    at: tuple[str, int],
    log: Log,
    stopping: Stopping,
    *,
    clock: Clock,
    pace: Pace,
    allow_network: bool = False,
) -> None:
    """Serve a deployment, and end this process here where a run would not come to its end in time."""
    from gateway.app import desk_of, door_of, service_of
    from gateway.service import monitoring
    from gateway.service.push import server

    service = service_of(gateway, log, stopping, clock, pace)
    watched = service.reporting
    with ExitStack() as open_:
        url = open_.enter_context(monitoring.served(*at, watched.metrics, watched.health, allow_network=allow_network))
        log.info("service.listening", url=url, scheduled=len(service.feeds.scheduled))
        if door := door_of(gateway.settings, pace):
            log.info(
                "push.listening", url=open_.enter_context(server.served(door, desk_of(gateway, service, pace), log))
            )
        left = service.run()
    log.info("service.stopped", handed_back=left)
    if left:  # their threads would be waited for; what they have begun is taken up as after any other end
        sys.stderr.flush()
        os._exit(0)


@contextmanager
def stopped_by_signals() -> Iterator[Stopping]:
    """What tells the service to stop while the block runs: SIGTERM or Ctrl+C, and once more not to wait."""
    from gateway.service.service import Stopping

    stopping = Stopping()
    # Events lock, and a signal's handler may run while they do; this queue is made to be written by one.
    heard: SimpleQueue[int | None] = SimpleQueue()
    before = {each: signal.signal(each, lambda number, _frame: heard.put(number)) for each in _STOPS}
    threading.Thread(target=_ask, args=(heard, stopping), name="signals", daemon=True).start()
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        heard.put(None)


def _ask(heard: SimpleQueue[int | None], stopping: Stopping) -> None:
    while heard.get() is not None:
        stopping.ask()
