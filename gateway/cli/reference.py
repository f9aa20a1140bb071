"""The reference page of the command line, made from the commands themselves: `python -m gateway.cli.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.cli.application import application
from gateway.cli.help_page import entries_of, usage

_HEAD = """# Command line

Made by `python -m gateway.cli.reference`; do not edit. Help and output are Chinese by default, English with
`GATEWAY_LANG=en`. `--dir` may also stand before the command, as in `gateway --dir D runs`.

Exit codes: 0 all went well; 1 a run failed, or what a command looked for is not there or not right; 2 the call or the
configuration is wrong, and nothing was done; 3 (`run`) something was rejected, held, refused or of unknown outcome,
(`map test`) something came out otherwise than its golden pair says; 130 stopped by Ctrl+C. An error is one sentence on
stderr; `GATEWAY_TRACEBACK=1` shows where an internal one arose.
"""


def reference() -> str:
    """The page."""
    group = application("en")
    context = typer.Context(group, info_name="gateway")
    sections = [_section(each) for each in _contexts(group, context)]
    return "\n".join([_HEAD, *sections])


def _contexts(group: Any, above: Any) -> Iterator[Any]:
    """The context of every command, those inside groups included."""
    for name, command in group.commands.items():
        context = typer.Context(command, info_name=name, parent=above)
        if isinstance(command, TyperGroup):
            yield from _contexts(command, context)
        else:
            yield context


def _section(context: Any) -> str:
    command = context.command
    lines = [f"## {context.command_path}", "", f"    {usage(command, context, 'en')}", "", command.help, ""]
    return "\n".join([*lines, *_entries(command)])


def _entries(command: Any) -> Iterator[str]:
    entries = [entry for _, listed in entries_of(command, "en") for entry in listed if entry[0] != "-h, --help"]
    if entries:
        yield from ("| | |", "|---|---|")
    for name, said in entries:
        yield f"| {_code(name)} | {said} |"
    if entries:
        yield ""


def _code(name: str) -> str:
    return f"<code>{name.replace('|', '&#124;')}</code>" if "|" in name else f"`{name}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
