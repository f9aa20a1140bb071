"""Numbers that a spreadsheet shortened when it saved a CSV file: 3.70102E+17 was a code of eighteen digits.

Seen in every column, whatever its field is; how other programs shorten is seen in text fields (`gateway.checking`).
"""

from __future__ import annotations

import polars as pl

from gateway.interfaces import Batch, RowFault
from gateway.messages import Message

DIGITS_LOST = Message(
    "csv.digits_lost",
    zh="“{column}”的值 {value} 是电子表格另存时缩写的数字，其余数字已丢失；请将该列设为文本格式后重新填写、导出",
    en="{column} holds {value}, a number that a spreadsheet shortened when it was saved, its other digits are lost: "
    "format the column as text, enter it again and export",
)
MESSAGES = (DIGITS_LOST,)

_SHORTENED = r"^-?[0-9](?:\.[0-9]{1,14})?E\+[0-9]{2,3}$"
_SHOWN = 4000  # characters of a row


def may_hold_shortened(text: bytes) -> bool:
    """Whether it is worth looking for such numbers; the lone sign is found ten times as fast as both."""
    return b"+" in text and b"E+" in text


def without_shortened(batch: Batch, separator: str) -> Batch:
    """The batch with its rows of shortened numbers set aside."""
    columns = batch.rows.columns[1:]
    shortened = batch.rows.select(pl.any_horizontal(pl.col(columns).str.contains(_SHORTENED))).to_series()
    if not shortened.any():
        return batch
    faults = [_fault(row, columns, cells, separator) for row, *cells in batch.rows.filter(shortened).rows()]
    every = sorted([*batch.faults, *faults], key=lambda fault: fault.row)
    return Batch(batch.place, batch.rows.filter(~shortened), every, batch.left_out)


def _fault(row: int, columns: list[str], cells: list[str], separator: str) -> RowFault:
    found = pl.Series(cells, dtype=pl.String).str.contains(_SHORTENED).arg_true()[0]
    values = {"column": columns[found], "value": cells[found]}
    return RowFault(row, DIGITS_LOST, values, separator.join(cells)[:_SHOWN])
