"""Run reports as a person reads them: a table a direction, the law that the counts keep, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.text import Text

from gateway.cli.labels import COUNTS, DIRECTION, LAWS, STATUS, STATUS_STYLE
from gateway.cli.tables import plain_table
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.pipeline.run_report import RunReport

FEED, STATE, SECONDS = both("数据流", "feed"), both("状态", "status"), both("秒", "s")
TOTAL = both("合计", "total")
LAW = Message("cli.report.law", zh="守恒：{law}", en="adds up: {law}")
ATTENTION = Message("cli.report.attention", zh="{feed}：{what}", en="{feed}: {what}")
SEE_ISSUES = Message(
    "cli.report.see_issues",
    zh="查看退回、挂起和被拒的原因：gateway issues{where}",
    en="see why rows were rejected, held or refused: gateway issues{where}",
)
_OPTIONAL = ("withdrawn", "left_out")


def show_reports(terminal: Terminal, gateway: Gateway, reports: Sequence[RunReport]) -> None:
    """Show every report, inbound feeds before outbound ones."""
    for direction in DIRECTION:
        those = [report for report in reports if gateway.feeds[report.feed].direction == direction]
        if those:
            show_table(terminal, direction, those)
    show_attention(terminal, reports)


def show_table(terminal: Terminal, direction: str, reports: Sequence[RunReport]) -> None:
    """Show the reports of one direction and the law that they keep together."""
    counts = {report.feed: asdict(report.counts) for report in reports}
    total = {name: sum(each[name] for each in counts.values()) for name in COUNTS[direction]}
    shown = [name for name in COUNTS[direction] if name not in _OPTIONAL or total[name]]
    table = plain_table()
    table.title, table.title_justify = Text(terminal.word(DIRECTION[direction]), style="bold"), "left"
    table.add_column(terminal.word(FEED), overflow="fold")
    table.add_column(terminal.word(STATE), no_wrap=True)
    for name in shown:
        table.add_column(terminal.word(COUNTS[direction][name]), justify="right", no_wrap=True)
    table.add_column(terminal.word(SECONDS), justify="right", no_wrap=True)
    for report in reports:
        numbers = [_number(counts[report.feed][name], name) for name in shown]
        table.add_row(report.feed, status_text(terminal, report.status), *numbers, f"{report.seconds:.1f}")
    if len(reports) > 1:
        table.add_section()
        seconds = sum(report.seconds for report in reports)
        table.add_row(terminal.word(TOTAL), "", *(str(total[name]) for name in shown), f"{seconds:.1f}")
    terminal.show(table)
    terminal.say(LAW, law=law(terminal, direction, total))
    terminal.show("")


def law(terminal: Terminal, direction: str, counts: Mapping[str, int]) -> str:
    """The conservation law with its numbers, as in ``读入 300 = 接受 288 + 未变 0 + 退回 9 + 挂起 3``."""
    whole, parts = LAWS[direction]
    said = [f"{terminal.word(COUNTS[direction][name])} {counts[name]}" for name in (whole, *parts)]
    return f"{said[0]} = {' + '.join(said[1:])}"


def show_attention(terminal: Terminal, reports: Sequence[RunReport], *, with_hint: bool = True) -> None:
    """Say what ended runs, what they hold for a person, and where the reasons are."""
    for report in reports:
        for trouble in (*([report.error] if report.error else []), *report.notices):
            terminal.say(
                ATTENTION,
                style="red" if trouble is report.error else "yellow",
                feed=report.feed,
                what=trouble.text(terminal.language),
            )
    doubtful = [report for report in reports if _needs_looking_at(report)]
    if doubtful and with_hint:
        terminal.say(SEE_ISSUES, where=f" --run {doubtful[0].run}" if len(doubtful) == 1 else "")


def status_text(terminal: Terminal, status: str) -> Text:
    """A status in its colour."""
    return Text(terminal.word(STATUS.get(status, status)), style=STATUS_STYLE.get(status, ""))


def _needs_looking_at(report: RunReport) -> bool:
    counts = report.counts
    return bool(counts.rejected or counts.held or counts.refused or counts.unknown)


def _number(count: int, name: str) -> Text:
    wrong = count and name in {"rejected", "held", "refused", "unknown", "waiting"}
    return Text(str(count), style="yellow" if wrong else "" if count else "dim")
