"""A faulty input, and what must become of each of its rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.companies import uscc

HEADER = ("代码", "名称", "成立日期", "注册资本", "证号")
_numbers = itertools.count(5000)


@dataclass(frozen=True)
class Found:
    """What becomes of a row: where it ends; by which message, at which column and value; or its canonical cells."""

    outcome: str
    code: str = ""
    column: str = ""
    value: str | None = None
    cells: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """An input file, how a feed reads it, and what it must come to: an outcome a row, or one refusal."""

    name: str
    write: Callable[[Path], None]
    rows: Mapping[int, Found | Sequence[Found]] = field(default_factory=dict)
    refused: str = ""  # the code of the message with which the whole file is refused
    words: tuple[str, ...] = ()  # what its sentence must say
    source: Mapping[str, Any] = field(default_factory=dict)
    map: str = "corpus/targets"
    sheet: str = ""  # what the place says after the file's name
    reported: str = ""  # an issue of the run as a whole

    @property
    def declaration(self) -> dict[str, Any]:
        """The source as its feed declares it."""
        kinds = {"csv": "csv", "tsv": "csv", "xlsx": "workbook", "xls": "workbook", "xml": "xml"}
        return {"type": kinds.get(self.name.rpartition(".")[2], "json"), "path": self.name, **self.source}

    @property
    def place(self) -> str:
        """Where its rows are said to stand."""
        return f"{self.name}›{self.sheet}" if self.sheet else self.name


def code() -> str:
    """The code of a company that no other row has."""
    return uscc(next(_numbers))


def accepted(identifier: str, name: str, **cells: str | int) -> Found:
    """The row is stored, with exactly these canonical values."""
    return Found("accepted", cells={"identifier": identifier, "name": name, **cells})


def rejected(message: str, column: str = "", value: str | None = None) -> Found:
    """The row itself must change."""
    return Found("rejected", message, column, value)


def held(message: str, column: str = "", value: str | None = None) -> Found:
    """The row waits for something else."""
    return Found("held", message, column, value)


def note(message: str, column: str = "", value: str | None = None) -> Found:
    """The row goes on, and something is said of it."""
    return Found("note", message, column, value)


def left_out(message: str) -> Found:
    """The row is no record."""
    return Found("left_out", message)


def saved(content: str | bytes, encoding: str = "utf-8") -> Callable[[Path], None]:
    """What writes that content."""
    raw = content if isinstance(content, bytes) else content.encode(encoding)
    return lambda path: void(path.write_bytes(raw))


def void(_: object) -> None:
    """Forget an answer."""


def between(
    name: str,
    line: str | bytes,
    found: Found | Sequence[Found],
    *,
    encoding: str = "utf-8",
    end: str = "\n",
    **more: Any,
) -> Case:
    """A file of comma-separated lines whose third line is the one in question, between two good ones."""
    before, after = code(), code()
    codec = encoding.removesuffix("-sig")
    head = f"{','.join(HEADER)}{end}{before},前公司,,,{end}".encode(encoding)
    raw = line if isinstance(line, bytes) else line.encode(codec)
    tail = f"{end}{after},后公司,,,{end}".encode(codec)
    rows = {2: accepted(before, "前公司"), 3: found, 4: accepted(after, "后公司")}
    return Case(name, saved(head + raw + tail), rows, **more)


def refusal(name: str, content: str | bytes, message: str, *words: str, encoding: str = "utf-8", **more: Any) -> Case:
    """A file that is refused as a whole."""
    return Case(name, saved(content, encoding), refused=message, words=words, **more)
