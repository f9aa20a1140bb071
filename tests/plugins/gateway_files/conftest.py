"""CSV files and workbooks written for a test and read back whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from gateway.interfaces import Batch, Surroundings
from gateway_files.csv_source import CsvOptions, CsvSource
from gateway_files.workbook_source import WorkbookOptions, WorkbookSource


@dataclass(frozen=True)
class ReadBack:
    """What a source gave: rows by line, faults as (line, code), lines left out, and the batches themselves."""

    batches: list[Batch]

    @property
    def columns(self) -> list[str]:
        return self.batches[0].rows.columns[1:]

    @property
    def rows(self) -> dict[int, tuple[str, ...]]:
        return {row: tuple(cells) for batch in self.batches for row, *cells in batch.rows.rows()}

    @property
    def faults(self) -> list[tuple[int, str]]:
        return [(fault.row, fault.message.code) for batch in self.batches for fault in batch.faults]

    @property
    def texts(self) -> list[str]:
        return [fault.text for batch in self.batches for fault in batch.faults]

    @property
    def sentences(self) -> list[str]:
        return [fault.message.text("en", fault.values) for batch in self.batches for fault in batch.faults]

    @property
    def left_out(self) -> list[tuple[int, str]]:
        return [(line.row, line.message.code) for batch in self.batches for line in batch.left_out]


def source_of(directory: Path, path: str = "a.csv", **options: Any) -> CsvSource:
    return CsvSource(CsvOptions(path=path, **options), Surroundings(directory, str))


@pytest.fixture
def open_csv(tmp_path: Path) -> Callable[..., CsvSource]:
    """A source over `a.csv` with that content."""

    def opened(content: bytes, **options: Any) -> CsvSource:
        (tmp_path / "a.csv").write_bytes(content)
        return source_of(tmp_path, **options)

    return opened


@pytest.fixture
def read_csv(open_csv: Callable[..., CsvSource]) -> Callable[..., ReadBack]:
    """What the source reads from `a.csv` with that content."""

    def read(content: bytes | str, **options: Any) -> ReadBack:
        raw = content.encode() if isinstance(content, str) else content
        return ReadBack(list(open_csv(raw, **options).read()))

    return read


Rows = Sequence[Sequence[Any]]


def write_xlsx(
    path: Path, sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), merged: Sequence[str] = ()
) -> None:
    """Write an .xlsx: texts as texts, numbers as numbers, `(formula, result)` as a formula, None as no cell.

    `merged` are cells of each sheet, as A2:A4.
    """
    with xlsxwriter.Workbook(str(path)) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for area in merged:
                sheet.merge_range(area, "")
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(at, column, cell)
                    elif isinstance(cell, tuple):
                        sheet.write_formula(at, column, cell[0], None, cell[1])
                    elif cell is not None:
                        sheet.write(at, column, cell)


def write_xls(path: Path, sheets: Mapping[str, Rows], *, hidden: Sequence[str] = ()) -> None:
    """Write an .xls; a number of an error, as 42 for #N/A, is written as `(error,)`."""
    workbook = xlwt.Workbook(encoding="utf-8")
    for name, rows in sheets.items():
        sheet = workbook.add_sheet(name)
        sheet.visibility = int(name in hidden)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, tuple):
                    sheet.row(at).set_cell_error(column, *cell)
                elif cell is not None:
                    sheet.write(at, column, cell)
    workbook.save(str(path))


def workbook_source(directory: Path, path: str = "a.xlsx", **options: Any) -> WorkbookSource:
    return WorkbookSource(WorkbookOptions(path=path, **options), Surroundings(directory, str))


@pytest.fixture
def read_rows(tmp_path: Path) -> Callable[..., ReadBack]:
    """What the source reads from the one sheet of `a.xlsx` that holds these rows."""

    def read(rows: Rows, merged: Sequence[str] = (), **options: Any) -> ReadBack:
        write_xlsx(tmp_path / "a.xlsx", {"名单": rows}, merged=merged)
        return ReadBack(list(workbook_source(tmp_path, **options).read()))

    return read
