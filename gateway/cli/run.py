"""`gateway run`: feeds are executed one after the other; what one cannot do does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import declared_feeds, opened_to_work, settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.cli.wrong_calls import whole_number
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Runner
    from gateway.cli.deployment import Feeds
    from gateway.pipeline.reading import Asked
    from gateway.pipeline.run_report import RunReport

HELP = both(
    "运行数据流：读取来源并入库，或把新版本报送出去。\n\n"
    "退出码：0 全部正常；3 有退回、挂起、被拒或结果未知；1 有数据流失败；2 命令或配置有误。",
    "Run feeds: read sources into the exchange, or send new versions out.\n\n"
    "Exit code: 0 all went well; 3 something was rejected, held, refused or of unknown outcome; 1 a feed failed; "
    "2 the call or the configuration is wrong.",
)
WHICH = Message(
    "cli.run.which_feeds",
    zh="请写明要运行的数据流，或用 --all 运行全部；现有：{known}",
    en="name the feeds to run, or run all of them by --all; there are: {known}",
)
NAMES_AND_ALL = Message(
    "cli.run.names_and_all",
    zh="--all 已包括全部数据流，不能同时写数据流名称（{names}）；请去掉其中之一",
    en="--all means every feed, so no names ({names}) may stand beside it; leave out one of the two",
)
ONE_FEED = Message(
    "cli.run.one_feed",
    zh="{option} 只针对一个汇入数据流，这里写了 {names}；请只写那一个数据流的名称",
    en="{option} speaks of one inbound feed, and here stand {names}; name that one feed alone",
)
LIMIT_WITHDRAWS_NOTHING = Message(
    "cli.run.limit_withdraws_nothing",
    zh="--limit 只读取一部分，不作任何撤回，不能与 --accept-withdrawals 同时使用；请去掉其中之一",
    en="--limit reads a part only and withdraws nothing, so --accept-withdrawals cannot stand beside it; leave out one "
    "of the two",
)
NO_SINCE = Message(
    "cli.run.no_since",
    zh="--since 的值为空；请写明从哪个值起读取，例如 --since 2026-01-01",
    en="--since is empty; say from which value to read, as in --since 2026-01-01",
)
UNDER_WAY = Message("cli.run.under_way", zh="正在运行 {feed}……", en="running {feed} …")

FAILED, WITH_ISSUES = 1, 3


def command(
    context: typer.Context,
    feeds: Annotated[
        list[str] | None,
        typer.Argument(metavar="FEED…", help=both("数据流的名称", "the names of feeds"), show_default=False),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help=both("运行全部数据流，先汇入后报送", "run every feed, inbound before outbound"),
            show_default=False,
        ),
    ] = False,
    accept_withdrawals: Annotated[
        bool,
        typer.Option(
            "--accept-withdrawals",
            help=both(
                "已核实：来源中不再出现的记录可以撤回，不论多少",
                "verified: records that vanished from the source may be withdrawn, however many",
            ),
            show_default=False,
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar=both("值", "VALUE"),
            help=both(
                "从这个值起读取，不从保存的读取位置起；已保存的读取位置不变",
                "read from this value instead of the stored position; a stored position stays as it is",
            ),
            show_default=False,
        ),
    ] = None,
    reset: Annotated[
        bool,
        typer.Option(
            "--reset",
            help=both(
                "忘记读取位置和已读文件，从头读取",
                "forget the position and the files that were read, and read from the beginning",
            ),
            show_default=False,
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            parser=whole_number("--limit", 1, 1_000_000_000),
            help=both("最多读取 N 行，不作撤回", "read at most N rows and withdraw nothing"),
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
) -> int:
    """Run the feeds and report on each."""
    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    declared = declared_feeds(settings)
    names = chosen(declared, feeds or [], every=every)
    asked = asked_of(declared, names, since=since, reset=reset, limit=limit, accept_withdrawals=accept_withdrawals)
    with opened_to_work(settings) as gateway:
        runners = [gateway.runner(name) for name in names]
        reports = [
            report
            for runner in runners
            for report in run_all(terminal, runner, asked, accept_withdrawals=accept_withdrawals)
        ]
        if as_json:
            terminal.json([report.as_row() for report in reports])
        else:
            from gateway.cli.report_tables import show_reports

            show_reports(terminal, gateway, reports)
    return exit_code(reports)


def chosen(declared: Feeds, names: Sequence[str], *, every: bool) -> list[str]:
    """The feeds to run, in their order; StartError for a name that is not there, or for none."""
    from gateway.pipeline.feeds import feed_named

    if every and names:
        raise StartError(NAMES_AND_ALL, names=", ".join(names))
    if not every and not names:
        raise StartError(WHICH, known=", ".join(declared))
    for name in names:
        feed_named(declared, name)
    if not every:
        return list(dict.fromkeys(names))
    return sorted(declared, key=lambda name: declared[name].direction != "inbound")


def asked_of(
    declared: Feeds,
    names: Sequence[str],
    *,
    since: str | None,
    reset: bool,
    limit: int | None,
    accept_withdrawals: bool,
) -> Asked:
    """What is asked of the one feed's reading; StartError where it cannot be asked together, or of these feeds."""
    from gateway.pipeline.reading import Asked

    given = {"--since": since is not None, "--reset": reset, "--limit": limit is not None}
    for option in (name for name, is_given in given.items() if is_given):
        if len(names) != 1 or declared[names[0]].direction != "inbound":
            raise StartError(ONE_FEED, option=option, names=", ".join(names))
    if since is not None and not since.strip():
        raise StartError(NO_SINCE)
    if limit is not None and accept_withdrawals:
        raise StartError(LIMIT_WITHDRAWS_NOTHING)
    return Asked(since=since, reset=reset, limit=limit)


def run_all(
    terminal: Terminal, runner: Runner, asked: Asked | None = None, *, accept_withdrawals: bool = False
) -> Iterator[RunReport]:
    """Run one feed, again while something waits that its source takes one by one; once where a limit is asked."""
    from gateway.pipeline.consecutive import consecutive

    first = partial(run_one, terminal, runner, asked, accept_withdrawals=accept_withdrawals)
    return iter([first()]) if asked and asked.limit is not None else consecutive(runner, first)


def run_one(terminal: Terminal, runner: Runner, asked: Asked | None = None, *, accept_withdrawals: bool) -> RunReport:
    """Run one feed."""
    from gateway.pipeline.inbound import InboundRunner
    from gateway.pipeline.reading import AS_DECLARED

    with terminal.busy(UNDER_WAY, feed=runner.name):
        if isinstance(runner, InboundRunner):
            return runner.run(accept_withdrawals=accept_withdrawals, asked=asked or AS_DECLARED)
        return runner.run()


def exit_code(reports: Sequence[RunReport]) -> int:
    """1 where a run failed, else 3 where something needs a person, else 0."""
    if any(report.status == "failed" for report in reports):
        return FAILED
    counts = [report.counts for report in reports]
    doubtful = any(each.rejected or each.held or each.refused or each.unknown for each in counts)
    held_back = any(report.status == "held" for report in reports)
    return WITH_ISSUES if doubtful or held_back else 0
