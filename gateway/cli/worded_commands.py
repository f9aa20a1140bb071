"""typer's commands with help in one language, and unknown ones refused with their nearest names."""

from __future__ import annotations

import shutil
from typing import Any

from typer.core import TyperCommand, TyperGroup

from gateway.cli.help_page import help_page
from gateway.cli.words import pick
from gateway.errors import UnknownName
from gateway.messages import Language

_WIDEST_PAGE = 100


class WordedCommand(TyperCommand):
    """A command whose help reads in one language."""

    language: Language = "zh"

    def get_help(self, ctx: Any) -> str:
        """Give the help page."""
        return help_page(self, ctx, self.language, _width())


class WordedGroup(TyperGroup):
    """All commands together."""

    language: Language = "zh"

    def get_help(self, ctx: Any) -> str:
        """Give the help page."""
        return help_page(self, ctx, self.language, _width())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give the command of that name, or raise UnknownName; an option in its place is typer's to refuse."""
        if cmd_name not in self.commands and not cmd_name.startswith("-"):
            raise UnknownName("command", "命令", cmd_name, self.commands)
        return super().get_command(ctx, cmd_name)


def put_into(command: Any, language: Language) -> None:
    """Put a command, its parameters and its subcommands into one language."""
    command.language = language
    command.help = pick(command.help or "", language)
    for parameter in command.params:
        parameter.help = pick(parameter.help or "", language)
        parameter.metavar = pick(parameter.metavar or "", language)
    if isinstance(command, TyperGroup):
        for subcommand in command.commands.values():
            put_into(subcommand, language)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, _WIDEST_PAGE)
