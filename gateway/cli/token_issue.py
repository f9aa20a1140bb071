"""`gateway token issue`: a token with which a department's system may push records."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.deployment import declared_feeds, opened_to_work, settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import UnknownName
from gateway.messages import Message

HELP = both(
    "为一个部门发放推送令牌；令牌只显示这一次，网关只保存它的散列值。",
    "Issue a token to a department that pushes; it is shown this once, the gateway keeps only its hash.",
)
ISSUED = Message(
    "cli.token.issued",
    zh="部门 {department} 的令牌（编号 {name}）如下，只显示这一次；请妥善转交",
    en="the token of {department} (number {name}) is shown this once; hand it over with care",
)


def command(
    context: typer.Context,
    department: Annotated[
        str,
        typer.Argument(metavar="DEPARTMENT", help=both("部门编码", "the code of the department"), show_default=False),
    ],
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Issue a token."""
    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    from gateway.pipeline.pushed import is_pushed
    from gateway.service.push.tokens import Tokens
    from gateway.state import event_log
    from gateway.state.tables import now

    feeds = declared_feeds(settings).values()
    pushing = {each.department for each in feeds if is_pushed(each)}
    if department not in pushing:
        raise UnknownName("department that pushes", "有推送数据流的部门", department, pushing)
    with opened_to_work(settings) as gateway, gateway.database.write() as connection:
        token, issued = Tokens(settings.secrets_dir).issue(department, now())
        event_log.append(connection, "token.issued", {"token": issued.name, "department": department})
    if as_json:
        terminal.json({"token": token, "number": issued.name, "department": department})
    else:
        terminal.say(ISSUED, department=department, name=issued.name)
        terminal.lines(token)
