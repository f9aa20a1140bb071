"""Merged cells below a header: the value of the first is seen in each, and written in none of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import polars as pl

from gateway.transport.workbooks import Merge, OddCell
from gateway_files.workbook_layout import WHITE, Layout


@dataclass(frozen=True, slots=True)
class Covered:
    """A cell within merged cells; `row` counts from 1, `column` is its place in the frame.

    `text` is what it takes from the first of them, None where that is in doubt; `origin` is that first cell where it
    cannot be taken itself.
    """

    row: int
    column: int
    merge: Merge
    text: str | None = None
    origin: OddCell | None = None


class MergedCells:
    """The covered cells of a sheet in columns that have a name; `filled_down` are columns that take the first value."""

    def __init__(self, layout: Layout, filled_down: Collection[int]) -> None:
        self._layout, self._filled_down = layout, frozenset(filled_down)
        self._odd = {(cell.row, cell.column): cell for cell in layout.sheet.odd}
        self._covered = [cell for merge in layout.sheet.merges for cell in self._cells(merge)]

    def filled_down(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The cells with those that take a value."""
        values: dict[int, tuple[list[int], list[str]]] = {}
        for cell in self._covered:
            if cell.text is not None:
                rows, texts = values.setdefault(cell.column, ([], []))
                rows.append(cell.row - 1)
                texts.append(cell.text)
        return cells.with_columns(cells.to_series(at).scatter(*each) for at, each in values.items())

    def in_doubt(self) -> Iterator[Covered]:
        """Those whose value is not known."""
        return (cell for cell in self._covered if cell.text is None)

    def _cells(self, merge: Merge) -> Iterator[Covered]:
        sheet, names = self._layout.sheet, self._layout.names
        left, right = (at - sheet.first_column for at in (merge.first_column, merge.last_column))
        if merge.first_row > sheet.cells.height or not 0 <= left < len(names):
            return
        origin = self._odd.get((merge.first_row, merge.first_column))
        text = sheet.cells.item(merge.first_row - 1, left)
        if not origin and not text.strip(WHITE):
            return
        taken = text if merge.first_row > self._layout.row and not origin and left in self._filled_down else None
        for row in range(max(merge.first_row, self._layout.row + 1), min(merge.last_row, sheet.cells.height) + 1):
            for column in range(left, min(right + 1, len(names))):
                if names[column] and (row, column) != (merge.first_row, left):
                    beneath = sheet.cells.item(row - 1, column)
                    if origin or beneath != text or column != left:
                        down = column == left and not beneath.strip(WHITE)
                        yield Covered(row, column, merge, taken if down else None, origin if down else None)
