"""`gateway trace`: a record's whole life, from the row of its source to the receipt of each destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.trace import Traced

HELP = both(
    "追溯一条记录的一生：来源的行、每个版本、问题、回执。\n\n找不到时退出码为 1。",
    "Trace a record's whole life: source rows, versions, issues, receipts.\n\nExit code 1 where nothing is found.",
)
NOTHING = Message(
    "cli.trace.nothing",
    zh="没有以“{key}”开头的记录，也没有指向这个值的问题；请核对标识，统一社会信用代码为 18 位",
    en="no record starts with {key!r}, and no issue points at that value; check it, a USCC has 18 characters",
)
TOO_MANY = Message(
    "cli.trace.too_many",
    zh="有 {count} 条以上记录以“{key}”开头，请写得更长一些，例如：",
    en="{count} records or more start with {key!r}; write more of the key, as in:",
)
ONLY_ISSUES = Message(
    "cli.trace.only_issues",
    zh="没有以“{key}”开头的记录；指向这个值的问题有：",
    en="no record starts with {key!r}; these issues point at that value:",
)
NOT_FOUND = 1
_WHOLE_LIVES = 20
_LISTED = 20


def command(
    context: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            metavar=both("标识", "KEY"),
            help=both("统一社会信用代码、记录标识，或其开头", "a USCC, a record key, or the start of one"),
        ),
    ],
    as_json: AsJson = False,
    directory: Directory = None,
) -> int:
    """Trace a record."""
    terminal: Terminal = context.obj
    with opened_to_look(terminal, directory) as gateway:
        from gateway.operations.trace import trace

        traced = trace(gateway.database, gateway.datasets, key.strip(), _WHOLE_LIVES)
        if as_json:
            _print_json(terminal, gateway, traced)
        else:
            _show(terminal, gateway, traced, key)
    return 0 if traced.lives or traced.keys or traced.issues else NOT_FOUND


def _print_json(terminal: Terminal, gateway: Gateway, traced: Traced) -> None:
    from gateway.cli.issue_rows import issue_row
    from gateway.cli.life_rows import life_row

    lives = [life_row(life, gateway, terminal.language) for life in traced.lives]
    keys = [{"dataset": dataset, "record_key": key} for dataset, key in traced.keys]
    issues = [issue_row(issue, gateway, terminal.language) for issue in traced.issues]
    terminal.json(lives or keys or [{"dataset": None, "record_key": None, "issues": [each]} for each in issues])


def _show(terminal: Terminal, gateway: Gateway, traced: Traced, key: str) -> None:
    from gateway.cli.issue_lines import show_issues
    from gateway.cli.life_lines import show_life

    if traced.keys:
        terminal.say(TOO_MANY, count=len(traced.keys), key=key)
        terminal.show("\n".join(f"  {record_key}" for _, record_key in traced.keys[:_LISTED]))
    elif traced.issues:
        terminal.say(ONLY_ISSUES, key=key)
        show_issues(terminal, gateway, traced.issues, indent=2)
    elif not traced.lives:
        terminal.note(NOTHING, key=key)
    for life in traced.lives:
        show_life(terminal, gateway, life)
