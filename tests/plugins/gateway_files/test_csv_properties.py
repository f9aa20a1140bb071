"""What holds for every table: nothing lost, nothing changed, exactly the planted faults, whatever the block size."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, LeftOut, RowFault, Surroundings
from gateway.messages import Message
from gateway.transport import text_files
from gateway_files.csv_source import MESSAGES, CsvOptions, CsvSource

LINE_END = re.compile("\r\n|\r|\n")
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030"])
BLOCK_SIZES = st.sampled_from([1, 7, 64, 1 << 20])
SEPARATORS = {",": ",", ";": ";", "tab": "\t", "|": "|"}
# The same cases every time: a case never seen before must not fail somebody else's commit.
ordinary = settings(
    max_examples=250, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

anything = st.text(
    st.one_of(st.sampled_from("\",;|\t\r\n' \0中文１"), st.characters(exclude_categories=["Cs"])), max_size=8
)
plain = st.text(st.sampled_from("abc 中文字符０\0'\t"), min_size=1, max_size=6).filter(str.strip)


@contextmanager
def blocks_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_files, "_BLOCK", size)
        yield


def read(content: bytes, **options: Any) -> list[Batch]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "a.csv").write_bytes(content)
        return list(CsvSource(CsvOptions(path="a.csv", **options), Surroundings(Path(folder), str)).read())


def rows_of(batches: Sequence[Batch]) -> dict[int, tuple[str, ...]]:
    return {row: tuple(cells) for batch in batches for row, *cells in batch.rows.rows()}


def said_of(batches: Sequence[Batch]) -> list[tuple[int, str, str]]:
    """Faults and lines left out."""
    apart: list[RowFault | LeftOut] = []
    for batch in batches:
        apart += [*batch.faults, *batch.left_out]
    return [(each.row, each.message.code, each.text) for each in apart]


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str], least_columns: int = 1) -> list[list[str]]:
    """A header and some rows."""
    count = draw(st.integers(least_columns, 7))
    names = anything.filter(lambda name: name.strip() and name != ROW and name[0] != "\ufeff")
    header = draw(st.lists(names, min_size=count, max_size=count, unique=True))
    return [header, *draw(st.lists(st.lists(cells, min_size=count, max_size=count), max_size=12))]


def telling(row: Sequence[str]) -> bool:
    """Whether no cell holds lines that would be whole rows of their own: such a quote counts as lost."""
    return len(row) < 5 or not any(LINE_END.search(cell) and re.search("[,;|\t]", cell) for cell in row)


def written(row: Sequence[str], **dialect: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerow(row)
    return text.getvalue()


@ordinary
@given(
    table=tables(anything),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    separator=st.sampled_from(sorted(SEPARATORS)),
    encoding=ENCODINGS,
    size=BLOCK_SIZES,
    ended=st.booleans(),
)
def test_what_the_csv_module_writes_is_read_back_as_it_was(
    table: list[list[str]], quoting: int, end: str, separator: str, encoding: str, size: int, ended: bool
) -> None:
    assume(all(map(telling, table)))
    if any(LINE_END.search(cell) for row in table for cell in row):
        quoting = csv.QUOTE_ALL  # Python 3.11 leaves a return unquoted where lines end in a line feed
    text, expected = "", {}
    for row in table:
        expected[len(LINE_END.findall(text)) + 1] = tuple(row)
        text += written(row, quoting=quoting, lineterminator=end, delimiter=SEPARATORS[separator])
    expected.pop(1)
    if not ended:
        text = text.removesuffix(end)
    with blocks_of(size):
        batches = read(text.encode(encoding), separator=separator, encoding=encoding.removesuffix("-sig"))
    assert batches[0].rows.columns[1:] == table[0]
    assert rows_of(batches) == expected
    assert said_of(batches) == []


def extra_cell(row: list[str], line: str) -> str:
    return line + ",x"


def missing_cell(row: list[str], line: str) -> str:
    return ",".join(row[:-1])


def open_quote(row: list[str], line: str) -> str:
    return ",".join([*row[:-1], '"' + row[-1]])


def stray_quote(row: list[str], line: str) -> str:
    return ",".join(['"' + row[0] + '"x', *row[1:]])


def bad_byte(row: list[str], line: str) -> str:
    return ",".join([row[0] + "\udcff", *row[1:]])


PLANTED: dict[str | None, Callable[[list[str], str], str]] = {
    None: lambda row, line: line,
    "csv.too_many_cells": extra_cell,
    "csv.too_few_cells": missing_cell,
    "csv.unclosed_quote": open_quote,
    "csv.text_after_quote": stray_quote,
    "file.undecodable": bad_byte,
    "csv.blank_line": lambda row, line: " ",
}


@ordinary
@given(
    table=tables(plain, least_columns=2),
    kinds=st.lists(st.sampled_from(list(PLANTED)), min_size=12, max_size=12),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=ENCODINGS,
    size=BLOCK_SIZES,
)
def test_exactly_the_planted_rows_are_faulty(
    table: list[list[str]], kinds: list[str | None], quoting: int, end: str, encoding: str, size: int
) -> None:
    header, *rows = table
    assume(kinds[: len(rows)].count("file.undecodable") * 2 <= len(rows))
    content = written(header, quoting=csv.QUOTE_ALL, lineterminator=end).encode(encoding)
    line_number = len(LINE_END.findall(content.decode(encoding))) + 1
    good, planted = {}, []
    for number, (row, kind) in enumerate(zip(rows, kinds, strict=False), line_number):
        line = PLANTED[kind](row, written(row, quoting=quoting, lineterminator=""))
        body = b"\xff".join(part.encode(encoding.removesuffix("-sig")) for part in line.split("\udcff"))
        content += body + end.encode()
        if kind:
            planted.append((number, kind))
        else:
            good[number] = tuple(row)
    with blocks_of(size):
        batches = read(content, separator=",", encoding=encoding.removesuffix("-sig"))
    assert rows_of(batches) == good
    assert sorted((row, code) for row, code, _ in said_of(batches)) == planted


@ordinary
@given(
    pieces=st.lists(
        st.sampled_from([b"a", b",", b",", b'"', b'"', b'""', b"\n", b"\r\n", b"\r", b"\0", "中".encode()])
    ),
    header=st.sampled_from([b"a", b"a,b", b"a,b,c", b'a,"b\nb"', b"a,b,c,d,e"]),
    size=BLOCK_SIZES,
)
def test_every_line_has_one_place_however_the_file_is_cut(pieces: list[bytes], header: bytes, size: int) -> None:
    content = header + b"\n" + b"".join(pieces)
    whole = read(content, separator=",")
    with blocks_of(size):
        cut = read(content, separator=",")
    # A batch tells its faults and what it leaves out apart, and what is cut otherwise makes other batches.
    assert (rows_of(cut), sorted(said_of(cut))) == (rows_of(whole), sorted(said_of(whole)))
    lines = [1 + sum(len(LINE_END.findall(cell)) for cell in row) for row in rows_of(whole).values()]
    lines += [1 + len(LINE_END.findall(text)) for _, _, text in said_of(whole)]
    assert sum(lines) == len(content.splitlines()) - len(header.splitlines())


@ordinary
@given(content=st.binary(max_size=60), size=BLOCK_SIZES)
def test_any_bytes_are_read_or_refused(content: bytes, size: int) -> None:
    refusals: list[Message] = []
    batches: list[Batch] = []
    with blocks_of(size):
        try:
            batches = read(content)
        except SourceError as error:
            refusals.append(error.message)
    numbers = [*rows_of(batches), *(row for row, _, _ in said_of(batches))]
    assert len(numbers) == len(set(numbers))
    assert set(refusals) <= set(MESSAGES)
