"""A workbook of either kind: its visible sheets, and the cells of one as text, row by row from the top."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from gateway.errors import SourceError
from gateway.transport.files import readable
from gateway.transport.workbooks import biff, cells, sheet_xml
from gateway.transport.workbooks.compound_file import CompoundFile
from gateway.transport.workbooks.faults import OTHER_KIND, PASSWORD, TOO_LARGE, UNNAMED_CELLS, UNREADABLE
from gateway.transport.workbooks.kind import Kind, recognise
from gateway.transport.workbooks.odd_cells import Merge, OddCell, Oddity, StyledNumber
from gateway.transport.workbooks.package import Package

MOST_CELLS = 32_000_000  # of the rectangle around all filled cells, which the reader holds in memory


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a sheet as text: row 0 of `cells` is its row 1, and column 0 its column `first_column`."""

    name: str
    cells: pl.DataFrame
    first_column: int
    odd: Sequence[OddCell]
    merges: Sequence[Merge] = ()


class Workbook(Protocol):
    """An open workbook."""

    @property
    def visible(self) -> Sequence[str]:
        """The names of the worksheets that are shown, in their order."""

    @property
    def hidden(self) -> Sequence[str]:
        """The names of the others."""

    def read(self, name: str) -> Sheet:
        """Read a sheet whole; raises SourceError."""


@contextmanager
def open_workbook(path: Path) -> Iterator[Workbook]:
    """Open a workbook of either kind by its content; raises SourceError that says what is wrong with it."""
    kind = recognise(path)
    with ExitStack() as stack:
        with _damage(path):
            workbook = _Xls(path) if kind is Kind.XLS else _Xlsx(path, stack.enter_context(closing(Package(path))))
        yield workbook


class _Xlsx:
    def __init__(self, path: Path, package: Package) -> None:
        self._path, self._package = path, package
        self._parts = {part.name: part for part in package.sheets()}
        self.visible: Sequence[str] = [name for name, part in self._parts.items() if part.visible]
        self.hidden: Sequence[str] = [name for name, part in self._parts.items() if not part.visible]

    def read(self, name: str) -> Sheet:
        with _damage(self._path):
            return self._read(name)

    def _read(self, name: str) -> Sheet:
        xml = self._package.content(self._parts[name].path)
        try:
            found = sheet_xml.scan(xml, self._package.looked_at(), self._package.day_styles())
        except sheet_xml.UnnamedCell as error:
            raise SourceError(UNNAMED_CELLS, path=self._path.name, sheet=name) from error
        del xml
        first = min(found.columns, default=0)
        if found.last_row * (max(found.columns, default=0) - first + 1) > MOST_CELLS:
            raise SourceError(TOO_LARGE, path=self._path.name, limit=f"{MOST_CELLS:,} cells")
        reader = _reader(self._path)
        texts = cells.read_texts(reader, name)
        first = _first_column(found, texts.width)
        since_1904, odd = self._package.since_1904(), [*found.odd]
        if found.has_fractions:
            texts = cells.exact_numbers(texts, reader, name)
        if found.has_days:
            texts, no_days = cells.whole_days(texts, reader, name, first, since_1904=since_1904)
            odd += _unstyled(no_days, found.styled)
        return _sheet(name, texts, first, odd, found.styled, found.merges, since_1904=since_1904)


class _Xls:
    def __init__(self, path: Path) -> None:
        self._path = path
        with readable(path.name):
            file = CompoundFile(path.read_bytes())
        if "EncryptedPackage" in file:
            raise SourceError(PASSWORD, path=path.name)
        stream = file.stream("Workbook", "Book")
        if stream is None:
            zh, en = "其他 Office 文件（如 .doc、.ppt）", "another kind of Office file (.doc, .ppt)"
            raise SourceError(OTHER_KIND, path=path.name, kind_zh=zh, kind=en)
        self._stream, self._contents = stream, biff.read_contents(stream)
        if self._contents.password:
            raise SourceError(PASSWORD, path=path.name)
        self._reader = _reader(path)
        self._records = dict(zip(self._reader.sheet_names, self._contents.sheets, strict=False))
        self.visible: Sequence[str] = [name for name, record in self._records.items() if record.visible]
        self.hidden: Sequence[str] = [name for name, record in self._records.items() if not record.visible]

    def read(self, name: str) -> Sheet:
        with _damage(self._path):
            return self._read(name)

    def _read(self, name: str) -> Sheet:
        found = biff.read_cells(self._stream, self._records[name], self._contents.looked_at)
        first, since_1904 = min(found.columns, default=0), self._contents.since_1904
        texts = cells.read_texts(self._reader, name)
        odd = [*found.odd, *cells.lost_digits(texts, self._reader, name, first)]
        texts = cells.exact_numbers(texts, self._reader, name)
        texts, no_days = cells.whole_days(texts, self._reader, name, first, since_1904=since_1904)
        odd += _unstyled(no_days, found.styled)
        return _sheet(name, texts, first, odd, found.styled, found.merges, since_1904=since_1904)


def _sheet(
    name: str,
    texts: pl.DataFrame,
    first: int,
    odd: Sequence[OddCell],
    styled: Sequence[StyledNumber],
    merges: Sequence[Merge],
    *,
    since_1904: bool,
) -> Sheet:
    within = [each for each in merges if each.first_row <= texts.height]
    if sum(each.size_within(texts.height, first + texts.width) for each in within) > MOST_CELLS:
        raise ValueError("merged cells overlap")  # each cell belongs to one merge at most
    texts, shown_otherwise = cells.as_shown(texts, styled, first, since_1904=since_1904)
    every = [*odd, *shown_otherwise, *cells.shortened_texts(texts, first)]
    every.sort(key=lambda cell: (cell.row, cell.column))
    return Sheet(name, cells.down_to(texts, every), first, every, within)


def _unstyled(odd: Sequence[OddCell], styled: Sequence[StyledNumber]) -> list[OddCell]:
    """Those whose formats need no look of their own: a span of 36 hours is shown, though it is no day."""
    looked_at = {(cell.row, cell.column) for cell in styled}
    return [cell for cell in odd if (cell.row, cell.column) not in looked_at]


def _reader(path: Path) -> Any:
    import fastexcel

    # Given a path, it would believe the extension.
    return fastexcel.read_excel(path.read_bytes())


def _first_column(found: sheet_xml.Found, width: int) -> int:
    """Where fastexcel begins: to it, a column of nothing but cells that were never calculated is empty."""
    uncalculated = {cell.column for cell in found.odd if cell.oddity is Oddity.NOT_CALCULATED}
    columns = sorted(found.columns)
    while columns and columns[-1] - columns[0] + 1 > width and columns[0] in uncalculated:
        del columns[0]
    return columns[0] if columns else 0


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Word what the libraries say of a damaged file, a panic of theirs included, as a SourceError."""
    try:
        yield
    except SourceError:
        raise
    except BaseException as error:
        panicked = type(error).__name__ == "PanicException"  # no Exception, and of no module that can be imported
        damaged = isinstance(error, (ValueError, KeyError, IndexError, struct.error))
        if panicked or damaged or type(error).__module__.endswith("fastexcel"):
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise SourceError(UNREADABLE, path=path.name, reason=reason) from error
        raise
