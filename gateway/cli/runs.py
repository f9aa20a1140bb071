"""`gateway runs`: what ran, when, and with what result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.feed_names import refuse_unknown_feed
from gateway.cli.labels import COUNTS, LAWS
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.times import iso_time, shown_time
from gateway.cli.words import both
from gateway.cli.wrong_calls import whole_number
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.state.run_list import ListedRun

HELP = both("列出最近的运行，最新的在前。", "List the last runs, the newest first.")
NONE_YET = Message(
    "cli.runs.none", zh="还没有运行记录；用 gateway run --all 运行数据流", en="nothing ran yet; run gateway run --all"
)
RUN, FEED, RESULT = both("运行", "run"), both("数据流", "feed"), both("结果", "result")
STARTED, TOOK, STATE = both("开始", "started"), both("用时", "took"), both("状态", "status")
_AT_MOST = 20
_NAME_WIDTH = 24


def command(
    context: typer.Context,
    feed: Annotated[
        str | None,
        typer.Option("--feed", metavar=both("数据流", "FEED"), help=both("只看这个数据流", "only this feed")),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            metavar="N",
            parser=whole_number("--limit", 1, 10_000),
            help=both("最多列出多少次（缺省 20）", "how many at most (20 by default)"),
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """List runs."""
    terminal: Terminal = context.obj
    with opened_to_look(terminal, directory) as gateway:
        from gateway.state.run_list import list_runs

        if feed:
            refuse_unknown_feed(gateway, feed)
        with gateway.database.read() as connection:
            listed = list_runs(connection, feed=feed, at_most=limit or _AT_MOST)
        if as_json:
            terminal.json([_row(terminal, gateway, run) for run in listed])
        elif listed:
            _show(terminal, gateway, listed)
        else:
            terminal.say(NONE_YET)


def _row(terminal: Terminal, gateway: Gateway, run: ListedRun) -> dict[str, Any]:
    return {
        "run": run.id,
        "feed": run.feed,
        "direction": run.direction,
        "dataset": run.dataset,
        "status": run.status,
        "stage": run.stage,
        "started_at": iso_time(run.started_at),
        "finished_at": iso_time(run.finished_at),
        "counts": dict(run.counts),
        "places": list(run.places),
        "failure": _failure(terminal, gateway, run),
    }


def _failure(terminal: Terminal, gateway: Gateway, run: ListedRun) -> dict[str, str] | None:
    from gateway.operations.issue_sentences import failure_sentence

    if not run.failure:
        return None
    sentence = failure_sentence(run.failure, gateway.messages, terminal.language)
    return {"code": run.failure["code"], "sentence": sentence}


def _show(terminal: Terminal, gateway: Gateway, listed: Sequence[ListedRun]) -> None:
    from gateway.cli.report_tables import status_text
    from gateway.cli.tables import plain_table

    table = plain_table()
    table.add_column(terminal.word(RUN), no_wrap=True, justify="right")
    table.add_column(
        terminal.word(FEED), overflow="fold", min_width=min(_NAME_WIDTH, max(len(run.feed) for run in listed))
    )
    for heading in (STARTED, TOOK, STATE):
        table.add_column(terminal.word(heading), no_wrap=True)
    table.add_column(terminal.word(RESULT), overflow="fold")
    for run in listed:
        failure = _failure(terminal, gateway, run)
        table.add_row(
            str(run.id),
            run.feed,
            shown_time(run.started_at)[5:16],
            _took(run),
            status_text(terminal, run.status),
            failure["sentence"] if failure else _counts(terminal, run),
        )
    terminal.show(table)


def _took(run: ListedRun) -> str:
    return f"{(run.finished_at - run.started_at).total_seconds():.1f} s" if run.finished_at else "-"


def _counts(terminal: Terminal, run: ListedRun) -> str:
    whole, parts = LAWS[run.direction]
    words = COUNTS[run.direction]
    shown = [name for name in (whole, *parts) if name == whole or run.counts.get(name)]
    return (
        " ".join(f"{terminal.word(words[name])}\u00a0{run.counts.get(name, 0)}" for name in shown) if run.counts else ""
    )
