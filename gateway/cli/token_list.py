"""`gateway token list`: which tokens are in force."""

from __future__ import annotations

import typer

from gateway.cli.deployment import settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message

HELP = both("列出有效的推送令牌。", "List the tokens that are in force.")
HEADINGS = (both("编号", "number"), both("部门", "department"), both("发放时间", "issued"))
NONE = Message("cli.token.none", zh="没有发放过推送令牌", en="no token was issued")


def command(context: typer.Context, as_json: AsJson = False, directory: Directory = None) -> None:
    """List tokens."""
    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    from gateway.cli.tables import plain_table
    from gateway.cli.times import iso_time, shown_time
    from gateway.service.push.tokens import Tokens

    issued = Tokens(settings.secrets_dir).issued()
    if as_json:
        rows = [
            {"number": each.name, "department": each.department, "issued": iso_time(each.issued_at)} for each in issued
        ]
        terminal.json(rows)
        return
    if not issued:
        terminal.say(NONE)
        return
    table = plain_table()
    for heading in HEADINGS:
        table.add_column(terminal.word(heading), overflow="fold")
    for each in issued:
        table.add_row(each.name, each.department, shown_time(each.issued_at))
    terminal.show(table)
