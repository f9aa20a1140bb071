"""Issues as a person reads them: where, what became of the row, and the sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from gateway.cli.labels import OUTCOME_STYLE
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message
from gateway.operations.issue_sentences import OUTCOMES, issue_sentence

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.state.issue_list import ListedIssue

AT_ROW = Message("cli.issue.at_row", zh="{place} 第 {row} 行", en="{place} row {row}")
OF_ALL = Message("cli.issue.of_all", zh="整个来源", en="the source as a whole")
SETTLED = both("（已解决）", " (settled)")
OF_RECORD = Message("cli.issue.of_record", zh="记录 {record_key}", en="record {record_key}")


def show_issues(terminal: Terminal, gateway: Gateway, issues: Iterable[ListedIssue], indent: int = 0) -> None:
    """Show each issue in its place and words."""
    for issue in issues:
        head = Text.assemble(
            " " * indent,
            (outcome_word(terminal, issue.outcome), OUTCOME_STYLE.get(issue.outcome, "")),
            "  ",
            (place_of(terminal, issue), "bold"),
            (terminal.word(SETTLED) if issue.status == "closed" else "", "green"),
        )
        terminal.show(head)
        sentence = issue_sentence(issue, gateway.messages, gateway.datasets, terminal.language)
        terminal.lines(sentence, indent=indent + 2)


def outcome_word(terminal: Terminal, outcome: str) -> str:
    """An outcome in a word."""
    message = OUTCOMES.get(outcome)
    return terminal.text(message) if message else outcome


def place_of(terminal: Terminal, issue: ListedIssue) -> str:
    """Where a person finds what an issue is about."""
    if issue.row is not None:
        return terminal.text(AT_ROW, place=issue.place, row=issue.row)
    if issue.record_key:
        return terminal.text(OF_RECORD, record_key=issue.record_key)
    return issue.place or terminal.text(OF_ALL)
