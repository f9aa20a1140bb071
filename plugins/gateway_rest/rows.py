"""Rows of an answer into a batch: every cell as text, and what is no row set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from gateway.domain import exact_json
from gateway.interfaces import ROW, Batch, RowFault
from gateway.messages import Message

NO_OBJECT = Message(
    "rest.row_no_object",
    zh="第 {row} 条不是由数据项组成的记录；请向平台方询问",
    en="row {row} is no record of members; ask the platform's operators",
)
DOUBLED = Message(
    "rest.row_doubled_member",
    zh="第 {row} 条有重名的数据项，不知以哪个为准；请向平台方询问",
    en="row {row} names a member twice, and nobody knows which is meant; ask the platform's operators",
)
HALF_CHARACTER = Message(
    "rest.row_half_character",
    zh="第 {row} 条含有残缺的字符（半个代理对）；请向平台方询问",
    en="row {row} holds half a character (a lone surrogate); ask the platform's operators",
)
NO_NUMBER = Message(
    "rest.row_no_number",
    zh="第 {row} 条含有 NaN 或 Infinity，不是 JSON 的值；空值应写作 null，请向平台方询问",
    en="row {row} holds NaN or Infinity, which is no value of JSON; nothing is written as null, ask the platform's "
    "operators",
)

MESSAGES = (NO_OBJECT, DOUBLED, HALF_CHARACTER, NO_NUMBER)


def members(rows: Iterable[Any]) -> set[str]:
    """The names of all members of the rows."""
    return {name for row in rows if wrong(row) is None for name in row}


def batch(place: str, rows: Sequence[Any], columns: Sequence[str], before: int) -> Batch:
    """The rows that follow so many, with these columns."""
    numbered = [(number, row, wrong(row)) for number, row in enumerate(rows, start=before + 1)]
    whole = [(number, row) for number, row, fault in numbered if fault is None]
    cells = {name: [exact_json.cell(row.get(name)) for _, row in whole] for name in columns}
    frame = pl.DataFrame(
        {ROW: [number for number, _ in whole], **cells},
        schema={ROW: pl.Int64(), **dict.fromkeys(columns, pl.String())},
    )
    return Batch(place, frame, [_fault(number, fault, row) for number, row, fault in numbered if fault])


def wrong(row: Any) -> Message | None:
    """What keeps a row from being read."""
    if not isinstance(row, dict):
        return NO_OBJECT
    if isinstance(row, exact_json.Doubled):
        return DOUBLED
    if not exact_json.is_text(row):
        return HALF_CHARACTER
    return NO_NUMBER if exact_json.constant_in(row) else None


def _fault(number: int, message: Message, row: Any) -> RowFault:
    return RowFault(number, message, {"row": number}, exact_json.shown(row))
