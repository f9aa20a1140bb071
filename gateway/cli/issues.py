"""`gateway issues`: what a person must look at, listed, filtered, or written into a workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.feed_names import refuse_unknown_feed
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.cli.wrong_calls import one_of, whole_number
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.state.issue_list import IssueFilter, ListedIssue

HELP = both(
    "列出或导出需要处理的问题：哪一行、为什么、怎么办。\n\n"
    "导出的 Excel 每个数据流一张表，带原因和原始各列，可直接退还部门更正。",
    "List or export what needs looking at: which row, why, and what to do.\n\n"
    "The exported workbook has a sheet a feed with the reason and every original cell, to hand back to the department.",
)
OUTCOMES = ("rejected", "held", "refused", "unknown", "reported", "note")
TO_ACT_ON = tuple(outcome for outcome in OUTCOMES if outcome != "note")

_AT_MOST = 20

NOTHING = Message("cli.issues.nothing", zh="没有符合条件的问题", en="there is no such issue")
NO_RUN = Message(
    "cli.issues.no_run",
    zh="没有运行 {run}；用 gateway runs 查看各次运行",
    en="there is no run {run}; see gateway runs",
)
COUNTED = Message("cli.issues.counted", zh="{feed}：{counts}", en="{feed}: {counts}")
MORE = Message(
    "cli.issues.more",
    zh="以上是前 {shown} 条，共 {total} 条；用 --limit 多列一些，或用 --export 文件.xlsx 导出全部",
    en="these are the first {shown} of {total}; list more by --limit, or export all by --export FILE.xlsx",
)
NOTES_TOO = Message(
    "cli.issues.notes",
    zh="另有 {notes} 条提示（已自动规整的值、略过的行）：--outcome note",
    en="there are also {notes} notes (values put right, rows left out): --outcome note",
)
EXPORTED = Message("cli.issues.exported", zh="已导出 {count} 条问题到 {file}", en="{count} issues exported to {file}")
NOT_A_WORKBOOK = Message(
    "cli.issues.not_a_workbook",
    zh="导出文件“{file}”应以 .xlsx 结尾",
    en="the file to export to, {file!r}, must end in .xlsx",
)
NOT_WRITABLE = Message(
    "cli.issues.not_writable",
    zh="无法写入文件“{file}”：{why}；请检查目录和权限，或关闭正在打开它的程序",
    en="the file {file!r} cannot be written: {why}; check the folder and its rights, or close it elsewhere",
)


def command(
    context: typer.Context,
    feed: Annotated[
        str | None,
        typer.Option("--feed", metavar=both("数据流", "FEED"), help=both("只看这个数据流", "only this feed")),
    ] = None,
    run: Annotated[
        int | None,
        typer.Option(
            "--run",
            metavar="N",
            parser=whole_number("--run", 1, 10**18 - 1),
            help=both("只看这次运行遇到的", "only those that this run met"),
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            "--outcome",
            metavar="|".join(OUTCOMES),
            parser=one_of("--outcome", *OUTCOMES),
            help=both(
                "只看这种结果：退回、挂起、被拒、结果未知、报告、提示；缺省为提示以外的全部",
                "only this outcome; by default all but notes",
            ),
        ),
    ] = None,
    closed: Annotated[
        bool,
        typer.Option("--closed", help=both("也列出已解决的", "list settled ones too"), show_default=False),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            parser=whole_number("--limit", 1, 1_000_000),
            help=both("最多列出多少条（缺省 20；--json 缺省为全部）", "how many at most (20; all with --json)"),
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar=both("文件.xlsx", "FILE.xlsx"),
            help=both("把符合条件的全部问题写成 Excel", "write all of them into a workbook"),
        ),
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """List or export issues."""
    terminal: Terminal = context.obj
    with opened_to_look(terminal, directory) as gateway:
        from gateway.state.issue_list import IssueFilter

        if feed:
            refuse_unknown_feed(gateway, feed)
        if run:
            _refuse_unknown_run(gateway, run)
        outcomes = (outcome,) if outcome else TO_ACT_ON
        status = None if closed or run else "open"  # who asks for a run wants what it met, settled since or not
        wanted = IssueFilter(feed=feed, run=run, outcomes=outcomes, status=status)
        if export:
            _export(terminal, gateway, wanted, export)
        elif as_json:
            terminal.json([_row(terminal, gateway, issue) for issue in _read(gateway, wanted, limit)])
        else:
            _show(terminal, gateway, wanted, limit or _AT_MOST)


def _refuse_unknown_run(gateway: Gateway, run: int) -> None:
    from gateway.state.run_list import runs_numbered

    with gateway.database.read() as connection:
        if not runs_numbered(connection, [run]):
            raise StartError(NO_RUN, run=run)


def _show(terminal: Terminal, gateway: Gateway, wanted: IssueFilter, limit: int) -> None:
    from gateway.cli.issue_lines import outcome_word, show_issues

    counts = _counts(gateway, wanted)
    for feed in dict.fromkeys(feed for feed, _ in counts):
        said = [f"{outcome_word(terminal, outcome)} {count}" for (of, outcome), count in counts.items() if of == feed]
        terminal.say(COUNTED, style="bold", feed=feed, counts="  ".join(said))
    if counts:
        terminal.show("")
    issues = _read(gateway, wanted, limit)
    show_issues(terminal, gateway, issues)
    _show_the_rest(terminal, gateway, wanted, len(issues), sum(counts.values()))


def _show_the_rest(terminal: Terminal, gateway: Gateway, wanted: IssueFilter, shown: int, total: int) -> None:
    from dataclasses import replace

    if not total:
        terminal.say(NOTHING)
    elif total > shown:
        terminal.say(MORE, style="dim", shown=shown, total=total)
    notes = sum(_counts(gateway, replace(wanted, outcomes=("note",))).values())
    if notes and "note" not in wanted.outcomes:
        terminal.say(NOTES_TOO, style="dim", notes=notes)


def _counts(gateway: Gateway, wanted: IssueFilter) -> Mapping[tuple[str, str], int]:
    from gateway.state.issue_list import count_issues

    with gateway.database.read() as connection:
        return Counter(count_issues(connection, wanted))


def _read(gateway: Gateway, wanted: IssueFilter, at_most: int | None) -> list[ListedIssue]:
    from gateway.state.issue_list import read_issues

    with gateway.database.read() as connection:
        return list(read_issues(connection, wanted, at_most))


def _row(terminal: Terminal, gateway: Gateway, issue: ListedIssue) -> dict[str, Any]:
    from gateway.cli.issue_rows import issue_row

    return issue_row(issue, gateway, terminal.language)


def _export(terminal: Terminal, gateway: Gateway, wanted: IssueFilter, file: Path) -> None:
    from gateway.operations.issue_export import Reader, export_issues

    if file.suffix.lower() != ".xlsx":
        raise StartError(NOT_A_WORKBOOK, file=str(file))
    reader = Reader(gateway.messages, gateway.datasets, terminal.language)
    try:
        count = export_issues(gateway.database, wanted, reader, file)
    except OSError as error:
        raise StartError(NOT_WRITABLE, file=str(file), why=error) from error
    terminal.say(EXPORTED, count=count, file=str(file))
