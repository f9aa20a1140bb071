"""The help of a command as text in one language.

typer's own help shortens Chinese, which has no spaces to break at, and cannot be put into another language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from typer.core import TyperArgument, TyperGroup, TyperOption

from gateway.cli.words import both, pick
from gateway.cli.wrapping import wrapped
from gateway.messages import Language

USAGE = both("用法：", "usage: ")
ARGUMENTS, OPTIONS, COMMANDS = both("参数", "arguments"), both("选项", "options"), both("命令", "commands")
SOME_OPTIONS = both("[选项]", "[options]")
A_COMMAND = both("命令 …", "command …")
SHOWS_HELP = both("显示帮助", "show this help")

_WIDEST_NAME = 28


def help_page(command: Any, context: Any, language: Language, width: int) -> str:
    """The whole page of a command or of the group of all commands."""
    blocks = [usage(command, context, language)]
    blocks += ["\n".join(wrapped(paragraph, width)) for paragraph in command.help.split("\n\n")]
    for title, entries in entries_of(command, language):
        blocks.append("\n".join([pick(title, language), *_listed(entries, width)]))
    return "\n\n".join(blocks)


def entries_of(command: Any, language: Language) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The arguments, options and subcommands of a command, each with what is said of it; empty parts are left out."""
    arguments = [(_argument(each), str(each.help)) for each in command.params if isinstance(each, TyperArgument)]
    options = [(_option(each), str(each.help)) for each in command.params if isinstance(each, TyperOption)]
    options.append(("-h, --help", pick(SHOWS_HELP, language)))
    commands = list(command.commands.items()) if isinstance(command, TyperGroup) else []
    for title, entries in (
        (ARGUMENTS, arguments),
        (OPTIONS, options),
        (COMMANDS, [(name, str(each.help).split("\n\n")[0]) for name, each in commands]),
    ):
        if entries:
            yield title, entries


def usage(command: Any, context: Any, language: Language) -> str:
    """The line that says how a command is written."""
    parts = [context.command_path, pick(SOME_OPTIONS, language)]
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    parts += [_argument(each) if each.required else f"[{_argument(each)}]" for each in arguments]
    if isinstance(command, TyperGroup):
        parts.append(pick(A_COMMAND, language))
    return pick(USAGE, language) + " ".join(parts)


def _argument(argument: TyperArgument) -> str:
    return str(argument.metavar or argument.name)


def _option(option: TyperOption) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return f"{names} {option.metavar}" if option.metavar else names


def _listed(entries: Sequence[tuple[str, str]], width: int) -> Iterable[str]:
    from rich.cells import cell_len

    column = 4 + max((cell_len(name) for name, _ in entries if cell_len(name) <= _WIDEST_NAME), default=_WIDEST_NAME)
    for name, said in entries:
        lines = wrapped(said, width - column)
        if cell_len(name) > _WIDEST_NAME:
            yield f"  {name}"
        else:
            yield f"  {name}{' ' * (column - 2 - cell_len(name))}{lines.pop(0)}"
        yield from (" " * column + line for line in lines)
