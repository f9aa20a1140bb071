"""Help is there for everything, in both languages, and quickly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperArgument, TyperOption

from gateway.cli.application import application
from gateway.cli.reference import reference
from gateway.cli.words import both, pick

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"
COMMANDS = [
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
]
GROUPS = {"map": ["test"], "targets": ["propose", "confirm"], "token": ["issue", "list", "revoke"]}
CALLS = [
    [],
    *([name] for name in COMMANDS),
    *([group] for group in GROUPS),
    *([group, name] for group, names in GROUPS.items() for name in names),
]


def _worded(language: Any) -> Iterator[tuple[str, str]]:
    """Every text of the help, and where it stands."""
    for name, command in _commands("gateway", application(language)):
        yield name, command.help
        for parameter in command.params:
            if isinstance(parameter, (TyperOption, TyperArgument)):
                yield f"{name} {parameter.name}", parameter.help or ""


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for inner, each in getattr(command, "commands", {}).items():
        yield from _commands(f"{name} {inner}", each)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_the_commands_are_those_of_the_issue() -> None:
    commands = application("zh").commands
    assert list(commands) == [*COMMANDS, *GROUPS]
    assert {group: list(commands[group].commands) for group in GROUPS} == GROUPS


def test_every_command_and_parameter_is_explained_in_chinese() -> None:
    assert [where for where, text in _worded("zh") if not _is_chinese(text)] == []


def test_every_command_and_parameter_is_explained_in_english() -> None:
    assert [where for where, text in _worded("en") if not text or _is_chinese(text)] == []


@pytest.mark.parametrize("words", CALLS, ids=" ".join)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_help_page_fits_its_terminal(call: Any, words: list[str], language: str) -> None:
    from rich.cells import cell_len

    said = call(*words, "--help", language=language)
    assert (said.code, said.err) == (0, "")
    assert [line for line in said.out.splitlines() if cell_len(line) > 80] == []


def test_without_a_command_the_help_is_shown(call: Any) -> None:
    assert call().out == call("--help").out


def test_the_short_help_lists_what_each_command_does(call: Any) -> None:
    listed = [line.split() for line in call("--help").out.splitlines()]
    assert ["trace", "追溯一条记录的一生：来源的行、每个版本、问题、回执。"] in listed


def test_both_holds_both() -> None:
    assert [pick(both("部门", "department"), "zh"), pick(both("部门", "department"), "en"), pick("N", "en")] == [
        "部门",
        "department",
        "N",
    ]


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m gateway.cli.reference > docs/reference/cli.md"
    )


def test_help_loads_neither_frames_nor_databases() -> None:
    code = (
        "import sys; from gateway.cli.application import run_command; run_command(['run', '--help']);"
        "print([name for name in ('polars', 'sqlalchemy', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"
