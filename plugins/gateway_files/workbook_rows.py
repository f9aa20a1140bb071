"""The rows of one sheet as batches: records, faults with the name of their cell, and rows left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

import polars as pl

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, LeftOut, RowFault
from gateway.messages import Message
from gateway.transport.workbooks import OddCell, Oddity
from gateway.transport.workbooks.odd_cells import column_letters
from gateway_files.workbook_layout import WHITE, Layout
from gateway_files.workbook_merges import Covered, MergedCells

ERROR_CELL = Message(
    "workbook.error_cell",
    zh="单元格 {cell}（“{column}”）是公式错误 {shown}；请更正公式，或改填数值",
    en="the cell {cell} ({column!r}) holds the error {shown}; correct its formula, or write the value instead",
)
NOT_CALCULATED = Message(
    "workbook.not_calculated",
    zh="单元格 {cell}（“{column}”）的公式没有计算结果；请在 Excel 或 WPS 中打开，重新计算并保存",
    en="the formula of the cell {cell} ({column!r}) was never calculated; open it in Excel or WPS and save it again",
)
DIGITS_LOST = Message(
    "workbook.digits_lost",
    zh="单元格 {cell}（“{column}”）以数字存放（{shown}），超过 15 位的数字已丢失；请将该列设为文本格式后重新填写",
    en="the cell {cell} ({column!r}) is stored as a number ({shown}), digits beyond the 15th are lost: format the "
    "column as text and enter it again",
)
SHORTENED = Message(
    "workbook.shortened_number",
    zh="单元格 {cell}（“{column}”）的文本 {shown} 是缩写过的数字，其余数字已丢失；请重新填写完整的号码",
    en="the cell {cell} ({column!r}) holds the text {shown}, a number that was shortened, its other digits are lost: "
    "enter the whole number again",
)
NO_DAY = Message(
    "workbook.no_day",
    zh="单元格 {cell}（“{column}”）设为日期格式，其数字 {shown} 却不是日期（Excel 显示 ####）；请改填日期，或改格式",
    en="the cell {cell} ({column!r}) is formatted as a date, but its number {shown} is none (Excel shows ####): enter "
    "a date, or format it as General",
)
SHOWN_OTHERWISE = Message(
    "workbook.shown_otherwise",
    zh="单元格 {cell}（“{column}”）的数字是 {shown}，其格式却使它显示为别的内容；请改为常规格式，核对后再提供",
    en="the cell {cell} ({column!r}) holds the number {shown}, but its format shows something else: format it as "
    "General and see what it should be",
)
MERGED = Message(
    "workbook.merged_cell",
    zh="单元格 {cell}（“{column}”）在合并单元格 {merge} 之内，它的值只写在首格；请取消合并、逐格填写，"
    "逐行合并的也可在数据流的 fill_down 中写明该列",
    en="the cell {cell} ({column!r}) lies within the merged cells {merge}, whose value stands in the first alone: "
    "unmerge them and fill in each, or name the column in the feed's `fill_down` where rows are merged",
)
NO_HEADING = Message(
    "workbook.no_heading",
    zh="单元格 {cell} 有内容“{shown}”，但该列没有表头；请补上列名，或删除该内容",
    en="the cell {cell} holds {shown!r}, but its column has no heading; name the column, or remove the content",
)
NO_COLUMN = Message(
    "workbook.no_fill_down_column",
    zh="“{place}”的表头中没有 fill_down 所写的列“{name}”；最接近的是：{nearest}",
    en="the header of {place!r} has no column {name!r}, which `fill_down` names; the nearest are: {nearest}",
)
MESSAGES = (ERROR_CELL, NOT_CALCULATED, DIGITS_LOST, SHORTENED, NO_DAY, SHOWN_OTHERWISE, MERGED, NO_HEADING, NO_COLUMN)

_ODD = {
    Oddity.ERROR: ERROR_CELL,
    Oddity.NOT_CALCULATED: NOT_CALCULATED,
    Oddity.DIGITS_LOST: DIGITS_LOST,
    Oddity.SHORTENED: SHORTENED,
    Oddity.NO_DAY: NO_DAY,
    Oddity.SHOWN_OTHERWISE: SHOWN_OTHERWISE,
}
_ROWS_A_BATCH = 60_000
_SHOWN, _SHOWN_CELL = 4000, 200  # characters of a row and of a cell


class SheetRows:
    """Reads the rows below a header; `left_out` says which are none of them."""

    def __init__(self, layout: Layout, place: str, fill_down: Sequence[str], left_out: Mapping[int, Message]) -> None:
        self._layout, self._place, self._left_out = layout, place, left_out
        self._columns = {f"c{at}": name for at, name in enumerate(layout.names) if name}
        self._letters = {f"c{at}": column_letters(at + layout.sheet.first_column) for at in range(len(layout.names))}
        filled_down = [int(self._column_of(name)[1:]) for name in fill_down]
        self._merged = MergedCells(layout, filled_down)

    def batches(self) -> Iterator[Batch]:
        """All rows in batches; one at least, so that the columns are known."""
        rows = self._rows()
        faults = self._faults(rows)
        good = rows.filter(~pl.col(ROW).is_in(list(faults))) if faults else rows
        good = good.select(ROW, *self._columns)
        good.columns = [ROW, *self._columns.values()]
        last = self._layout.sheet.cells.height
        for start in range(1, max(last, 1) + 1, _ROWS_A_BATCH):
            end = start + _ROWS_A_BATCH
            yield Batch(
                self._place,
                good.filter((pl.col(ROW) >= start) & (pl.col(ROW) < end)),
                [fault for row, fault in faults.items() if start <= row < end],
                [self._line(row, why) for row, why in self._left_out.items() if start <= row < end],
            )

    def _rows(self) -> pl.DataFrame:
        first = self._layout.row + 1
        below = self._merged.filled_down(self._layout.sheet.cells).slice(self._layout.row)
        rows = below.insert_column(0, pl.int_range(first, first + below.height, eager=True, dtype=pl.Int64).alias(ROW))
        return rows.filter(~pl.col(ROW).is_in(list(self._left_out)))

    def _faults(self, rows: pl.DataFrame) -> Mapping[int, RowFault]:
        """By row, the first cell of each that cannot be taken."""
        sheet = self._layout.sheet
        kept = set(rows[ROW]) if sheet.odd or sheet.merges else set()
        found: dict[int, RowFault] = {}
        for cell in sheet.odd:
            if cell.row in kept:
                found.setdefault(cell.row, self._odd(cell, cell.row))
        for covered in self._merged.in_doubt():
            if covered.row in kept:
                found.setdefault(covered.row, self._in_doubt(covered))
        for column in self._letters.keys() - self._columns.keys():
            for row, text in rows.filter(pl.col(column).str.strip_chars(WHITE) != "").select(ROW, column).rows():
                name = f"{self._letters[column]}{row}"
                found.setdefault(row, self._fault(row, NO_HEADING, cell=name, shown=text[:_SHOWN_CELL]))
        return dict(sorted(found.items()))

    def _in_doubt(self, covered: Covered) -> RowFault:
        if covered.origin:
            return self._odd(covered.origin, covered.row)
        column = self._columns[f"c{covered.column}"]
        name = f"{self._letters[f'c{covered.column}']}{covered.row}"
        return self._fault(covered.row, MERGED, cell=name, column=column, merge=covered.merge.name)

    def _odd(self, cell: OddCell, row: int) -> RowFault:
        heading = self._columns.get(self._name(cell), "")
        return self._fault(row, _ODD[cell.oddity], cell=cell.name, column=heading, shown=cell.shown)

    def _fault(self, row: int, message: Message, **values: str) -> RowFault:
        return RowFault(row, message, values, self._text(row))

    def _line(self, row: int, message: Message) -> LeftOut:
        return LeftOut(row, message, self._text(row))

    def _text(self, row: int) -> str:
        cells = self._layout.sheet.cells
        return " | ".join(cell for cell in cells.row(row - 1) if cell)[:_SHOWN] if row <= cells.height else ""

    def _name(self, cell: OddCell) -> str:
        return f"c{cell.column - self._layout.sheet.first_column}"

    def _column_of(self, name: str) -> str:
        known = {heading: column for column, heading in self._columns.items()}
        if name not in known:
            nearest = get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
            raise SourceError(NO_COLUMN, place=self._place, name=name, nearest="、".join(nearest) or "-")
        return known[name]
