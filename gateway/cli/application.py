"""The commands together, and what becomes of whatever goes wrong: one sentence, one exit code, no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

from gateway.cli.options import Directory
from gateway.cli.terminal import Terminal
from gateway.cli.worded_commands import WordedCommand, WordedGroup, put_into
from gateway.cli.words import both, language_of
from gateway.cli.wrong_calls import wrong_call
from gateway.errors import GatewayError, StartError
from gateway.messages import Language, Message

HELP = both(
    "双随机监管数据网关：把名录、结果和信用记录在部门、省平台和国家公示之间逐条、可核对地传送。",
    "The double-random gateway: moves registries, results and credit records between departments, provincial "
    "platforms and national publication, with evidence for every record.",
)
CRASHED = Message(
    "cli.crashed",
    zh="程序内部错误（{kind}）：{reason}；请把这条信息报告给维护者；设置 {variable}=1 可显示详情",
    en="an internal error ({kind}): {reason}; report this to the maintainers; {variable}=1 shows the details",
)
STOPPED = Message("cli.stopped", zh="已中止", en="stopped")

TRACEBACK_VARIABLE = "GATEWAY_TRACEBACK"
FAILED, WRONG_CALL, STOPPED_CODE = 1, 2, 130

# Each is the module of its name in this folder, with a HELP and a `command`.
_COMMANDS = (
    "demo",
    "init",
    "check",
    "preview",
    "run",
    "confirm-registries",
    "merge",
    "serve",
    "runs",
    "issues",
    "trace",
    "template",
    "discover",
    "sandbox",
    "plugins",
)
# The commands of a group are modules named after both.
_GROUPS = {
    "map": (both("字段映射。", "Field maps."), ("test",)),
    "targets": (
        both(
            "从登记数据中提出检查对象名录，由人确认；用于没有名录的部门。",
            "Propose a list of targets from the register and confirm it, for a department without one.",
        ),
        ("propose", "confirm"),
    ),
    "token": (
        both("部门推送数据用的令牌。", "Tokens with which departments push records."),
        ("issue", "list", "revoke"),
    ),
}


def application(language: Language, asked: str | None = None) -> Any:
    """Every command, or only the one (or the group) that is asked for, with its help in one language."""
    app = typer.Typer(
        name="gateway",
        cls=WordedGroup,
        help=HELP,
        add_completion=False,
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_before_the_command)
    for name in _named(_COMMANDS, asked):
        _add(app, name, import_module(f"gateway.cli.{name.replace('-', '_')}"))
    for name in _named(_GROUPS, asked):
        said, commands = _GROUPS[name]
        group = typer.Typer(cls=WordedGroup, help=said, invoke_without_command=True)
        group.callback()(_help_alone)
        for each in commands:
            _add(group, each, import_module(f"gateway.cli.{name}_{each}"))
        app.add_typer(group, name=name)
    command = typer.main.get_command(app)
    put_into(command, language)
    return command


def _named(names: Iterable[str], asked: str | None) -> list[str]:
    return [name for name in names if asked in {None, name}]


def _asked(arguments: Sequence[str]) -> str | None:
    """The command or group that is named first; the others need not even be imported then."""
    first = arguments[0] if arguments else None
    return first if first in {*_COMMANDS, *_GROUPS} else None


def _add(app: typer.Typer, name: str, module: ModuleType) -> None:
    app.command(name, cls=WordedCommand, help=module.HELP)(module.command)


def run_command(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run what the arguments ask for and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    terminal = Terminal(language_of(environ))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character must not end a run
    try:
        code = application(terminal.language, _asked(arguments))(
            args=arguments,
            prog_name="gateway",
            standalone_mode=False,
            obj=terminal,
        )
    except typer.TyperException as error:
        terminal.fail(wrong_call(error))
        return WRONG_CALL
    except GatewayError as error:
        terminal.fail(error)
        return WRONG_CALL if isinstance(error, StartError) else FAILED
    except typer.Abort:
        return STOPPED_CODE
    except Exception as error:
        if environ.get(TRACEBACK_VARIABLE):
            raise
        values = {"kind": type(error).__name__, "reason": error, "variable": TRACEBACK_VARIABLE}
        terminal.fail(GatewayError(CRASHED, **values))
        return FAILED
    if code == STOPPED_CODE:
        terminal.note(STOPPED)
    return int(code or 0)


def _before_the_command(context: typer.Context, directory: Directory = None) -> None:
    terminal: Terminal = context.obj
    terminal.directory = Path(directory) if directory else None
    _help_alone(context)


def _help_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
