"""A workbook of either kind: its visible sheets, and the cells of one as text, row by row from the top."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from gateway.errors import SourceError
from gateway.transport.files import readable
from gateway.transport.workbooks import biff, sheet_xml
from gateway.transport.workbooks.compound_file import CompoundFile
from gateway.transport.workbooks.faults import OTHER_KIND, PASSWORD, TOO_LARGE, UNNAMED_CELLS, UNREADABLE
from gateway.transport.workbooks.kind import Kind, recognise
from gateway.transport.workbooks.odd_cells import OddCell, Oddity, serial_date
from gateway.transport.workbooks.package import Package

MOST_CELLS = 32_000_000  # of the rectangle around all filled cells, which the reader holds in memory
_LONG_NUMBER = r"^-?[0-9]{16,}"
# How fastexcel writes days and times: a day at midnight, and a time of no day.
_MIDNIGHT, _NO_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", r"^1899-12-3[01] ([0-9:.]+)$"
# A number 0 that is formatted as a date, as Excel shows it: no day that there ever was.
_DAY_NAUGHT, _SHOWN_NAUGHT = r"^1899-12-31$", "1900-01-00"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a sheet as text: row 0 of `cells` is its row 1, and column 0 its column `first_column`."""

    name: str
    cells: pl.DataFrame
    first_column: int
    odd: Sequence[OddCell]


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
            found = sheet_xml.scan(xml, self._package.chinese_date_styles(), self._package.padded_styles())
        except sheet_xml.UnnamedCell as error:
            raise SourceError(UNNAMED_CELLS, path=self._path.name, sheet=name) from error
        del xml
        first = min(found.columns, default=0)
        if found.last_row * (max(found.columns, default=0) - first + 1) > MOST_CELLS:
            raise SourceError(TOO_LARGE, path=self._path.name, limit=f"{MOST_CELLS:,} cells")
        cells = _tidy(_load(_reader(self._path), name, "string"), found.odd)
        first = _first_column(found, cells.width)
        cells = _padded(_dated(cells, found.dates, first, self._package.since_1904()), found.padded, first)
        return Sheet(name, cells, first, found.odd)


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
        found = biff.read_cells(
            self._stream, self._records[name], self._contents.date_styles, self._contents.padded_styles
        )
        first = min(found.columns, default=0)
        cells = _load(self._reader, name, "string")
        odd = [*found.odd, *_lost_digits(cells, _load(self._reader, name, "boolean"), first)]
        odd.sort(key=lambda cell: (cell.row, cell.column))
        cells = _dated(_tidy(cells, odd), found.dates, first, self._contents.since_1904)
        return Sheet(name, _padded(cells, found.padded, first), first, odd)


def _reader(path: Path) -> Any:
    import fastexcel

    # Given a path, it would believe the extension.
    return fastexcel.read_excel(path.read_bytes())


def _load(reader: Any, name: str, dtype: str) -> pl.DataFrame:
    sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=dtype)
    cells: pl.DataFrame = sheet.to_polars() if sheet.width else pl.DataFrame()
    cells.columns = [f"c{at}" for at in range(cells.width)]
    return cells


def _tidy(cells: pl.DataFrame, odd: Sequence[OddCell]) -> pl.DataFrame:
    """Days without their midnight and times without a day, as Excel shows them; an empty cell is ""."""
    if not cells.width:
        return cells
    dated = pl.all().str.replace(_MIDNIGHT, "$1").str.replace(_NO_DAY, "$1").str.replace(_DAY_NAUGHT, _SHOWN_NAUGHT)
    cells = cells.select(pl.all().fill_null("")).select(dated)
    # A last row of nothing but cells that were never calculated is no row to fastexcel.
    missing = max((cell.row for cell in odd), default=0) - cells.height
    return pl.concat([cells, _blank(cells, missing)]) if missing > 0 else cells


def _blank(cells: pl.DataFrame, height: int) -> pl.DataFrame:
    return pl.DataFrame({name: [""] * height for name in cells.columns})


def _first_column(found: sheet_xml.Found, width: int) -> int:
    """Where fastexcel begins: to it, a column of nothing but cells that were never calculated is empty."""
    uncalculated = {cell.column for cell in found.odd if cell.oddity is Oddity.NOT_CALCULATED}
    columns = sorted(found.columns)
    while columns and columns[-1] - columns[0] + 1 > width and columns[0] in uncalculated:
        del columns[0]
    return columns[0] if columns else 0


def _dated(cells: pl.DataFrame, dates: Iterable[tuple[int, int]], first: int, since_1904: bool) -> pl.DataFrame:
    for column, rows in _by_column(cells, dates, first).items():
        texts = cells.to_series(column)
        days = [serial_date(each, since_1904=since_1904) for each in texts.gather(rows)]
        cells = cells.with_columns(texts.scatter(rows, days))
    return cells


def _padded(cells: pl.DataFrame, padded: Mapping[int, Iterable[tuple[int, int]]], first: int) -> pl.DataFrame:
    for digits, places in padded.items():
        for column, rows in _by_column(cells, places, first).items():
            texts = cells.to_series(column)
            shown = [each.zfill(digits) if each.isdecimal() else each for each in texts.gather(rows)]
            cells = cells.with_columns(texts.scatter(rows, shown))
    return cells


def _by_column(cells: pl.DataFrame, places: Iterable[tuple[int, int]], first: int) -> dict[int, list[int]]:
    """The rows of some cells, counted from 0, by their column in the frame."""
    rows_of: dict[int, list[int]] = {}
    for row, column in places:
        if row <= cells.height and 0 <= column - first < cells.width:
            rows_of.setdefault(column - first, []).append(row - 1)
    return rows_of


def _lost_digits(cells: pl.DataFrame, numbers: pl.DataFrame, first: int) -> Iterator[OddCell]:
    """Numbers of more digits than a number holds; of texts, nothing can be read as yes or no."""
    for at, (texts, is_number) in enumerate(zip(cells, numbers, strict=True)):
        for row in (texts.str.contains(_LONG_NUMBER) & is_number.is_not_null()).fill_null(False).arg_true():
            yield OddCell(row + 1, at + first, Oddity.DIGITS_LOST, texts[row])


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
