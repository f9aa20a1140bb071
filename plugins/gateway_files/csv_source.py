"""CSV files as a source: one file, or several of the same columns, read in name order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field

from gateway.errors import SourceError
from gateway.interfaces import Batch, Options, Surroundings
from gateway.messages import Message
from gateway.transport import text_files
from gateway.transport.files import find_files, place_of, unchanged
from gateway.transport.text_encoding import Encoding
from gateway.transport.text_files import TextBlock, TextFile
from gateway_files import csv_header, csv_odd_lines, csv_row
from gateway_files.csv_block import BlockReader
from gateway_files.csv_header import Header, read_header

COLUMNS_DIFFER = Message(
    "csv.columns_differ",
    zh="文件“{place}”的列与“{first}”不同：缺少 {missing}；多出 {extra}；同一来源的文件列名和顺序必须一致",
    en="the columns of the file {place!r} differ from those of {first!r}: missing {missing}; extra {extra}; "
    "the files of one source need the same columns in the same order",
)
MESSAGES = (
    *text_files.MESSAGES,
    *csv_header.MESSAGES,
    *csv_row.MESSAGES,
    *csv_odd_lines.MESSAGES,
    COLUMNS_DIFFER,
)


_ROWS_A_BATCH = 60_000


class CsvOptions(Options):
    """Where the files are and how they are written; `path` may be a pattern, relative to the deployment's directory."""

    path: str = Field(min_length=1)
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"
    separator: Literal["auto", ",", ";", "tab", "|"] = "auto"
    quote: Literal['"', "'", "none"] = '"'


@dataclass(frozen=True, slots=True)
class _CsvFile:
    place: str
    text: TextFile
    header: Header


class CsvSource:
    """Reads CSV files; rows that cannot be split are set aside as faults, and those after them go on."""

    def __init__(self, options: CsvOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._directory = surroundings.directory

    def check(self) -> None:
        """Raise SourceError unless every file is there, in a known encoding, with the same usable header."""
        self._recognise(self._paths())

    def read(self) -> Iterator[Batch]:
        """Read the files one after the other."""
        paths = self._paths()
        with ExitStack() as stack:
            for path in paths:
                stack.enter_context(unchanged(path))
            for file in self._recognise(paths):
                yield from _gathered(_read_file(file))

    def _paths(self) -> list[Path]:
        return find_files(self._directory, self._options.path)

    def _recognise(self, paths: list[Path]) -> list[_CsvFile]:
        files = [self._recognise_one(path) for path in paths]
        for file in files:
            _refuse_other_columns(files[0], file)
        return files

    def _recognise_one(self, path: Path) -> _CsvFile:
        options = self._options
        place = place_of(path, self._directory)
        text = TextFile.recognise(path, None if options.encoding == "auto" else Encoding(options.encoding))
        separator = {"auto": None, "tab": "\t"}.get(options.separator, options.separator)
        quote = "" if options.quote == "none" else options.quote
        return _CsvFile(place, text, read_header(text, place, separator, quote))


def _read_file(file: _CsvFile) -> Iterator[Batch]:
    reader = BlockReader(file.place, file.text.encoding, file.header)
    yield reader.before_rows()
    rest: TextBlock | None = None
    for block in file.text.blocks(file.header.rows_from):
        batch, rest = reader.read(rest.followed_by(block) if rest else block, is_last=False)
        yield batch
    if rest:
        yield reader.read(rest, is_last=True)[0]


def _gathered(parts: Iterable[Batch]) -> Iterator[Batch]:
    """Larger batches of the same rows, each column in one piece, as everything after the reader wants them."""
    waiting: list[Batch] = []
    for part in parts:
        waiting.append(part)
        if sum(len(each.rows) + len(each.faults) + len(each.left_out) for each in waiting) >= _ROWS_A_BATCH:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: Sequence[Batch]) -> Batch:
    return Batch(
        parts[0].place,
        pl.concat([part.rows for part in parts], rechunk=True),
        [fault for part in parts for fault in part.faults],
        [line for part in parts for line in part.left_out],
    )


def _refuse_other_columns(first: _CsvFile, file: _CsvFile) -> None:
    expected, found = first.header.columns, file.header.columns
    if expected != found:
        missing = "、".join(each for each in expected if each not in found) or "-"
        extra = "、".join(each for each in found if each not in expected) or "-"
        raise SourceError(COLUMNS_DIFFER, place=file.place, first=first.place, missing=missing, extra=extra)
