"""`gateway token revoke`: a token that holds no longer."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.deployment import opened_to_work, settings_of
from gateway.cli.options import Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message

HELP = both("收回一个推送令牌，立即生效。", "Take a token back; it holds no longer from now on.")
REVOKED = Message(
    "cli.token.revoked",
    zh="已收回部门 {department} 的令牌（编号 {name}）",
    en="the token of {department} (number {name}) was taken back",
)


def command(
    context: typer.Context,
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER",
            help=both("令牌编号，见 gateway token list", "the token's number, see gateway token list"),
            show_default=False,
        ),
    ],
    directory: Directory = None,
) -> None:
    """Revoke a token."""
    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    from gateway.service.push.tokens import Tokens
    from gateway.state import event_log

    with opened_to_work(settings) as gateway, gateway.database.write() as connection:
        revoked = Tokens(settings.secrets_dir).revoke(number)
        event_log.append(connection, "token.revoked", {"token": number, "department": revoked.department})
    terminal.say(REVOKED, department=revoked.department, name=number)
