"""How far the rows of a run reach: the greatest value of the cursor, and the rows that have none."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, Memory, RowFault
from gateway.messages import Message
from gateway_rest.cursor import Cursor

NO_CURSOR = Message(
    "rest.row_without_cursor",
    zh="第 {row} 条的“{field}”为空，无法据此增量读取；请向平台方询问，或在 cursor 中写明 nulls: read",
    en="row {row} has no {field!r}, by which reading goes on; ask the platform's operators, or say nulls: read in the "
    "cursor",
)
WRONG_CURSOR = Message(
    "rest.row_wrong_cursor",
    zh="第 {row} 条的“{field}”是“{value}”，不是{kind_zh}，无法据此增量读取；请核对 cursor 的 look_back",
    en="row {row} has {value!r} as {field!r}, which is no {kind}, so reading cannot go on by it; check the look_back "
    "of the cursor",
)
WRONG_POINT = Message(
    "rest.wrong_point",
    zh="不能从“{value}”起读取：cursor 的“{field}”应为{kind_zh}；请改写 --since，或用 --reset 从头读取",
    en="reading cannot go on from {value!r}, since the cursor {field!r} is a {kind}; give another --since, or read "
    "from the beginning by --reset",
)

MESSAGES = (NO_CURSOR, WRONG_CURSOR, WRONG_POINT)

_KINDS_ZH = {"time": "时间", "number": "数字"}


def asked_from(cursor: Cursor, memory: Memory) -> str | None:
    """From which value the platform is asked: as an operator says, or from the last value less the look-back.

    Without either from the start that is declared, or None for everything; raises SourceError for what is no value.
    """
    known = (memory.cursor or {}).get(cursor.field)
    for value in (memory.since, known):
        if value is not None and cursor.order(value) is None:
            kind, kind_zh = cursor.kind, _KINDS_ZH[cursor.kind]
            raise SourceError(WRONG_POINT, value=value, field=cursor.field, kind=kind, kind_zh=kind_zh)
    if memory.since is not None:
        return memory.since
    return cursor.before(known) if known is not None else cursor.start


class Tide:
    """Rises with the rows of a run; a row dated in the future is read, and does not carry it."""

    def __init__(self, cursor: Cursor, memory: Memory, now: dt.datetime) -> None:
        self._cursor = cursor
        self._now = now
        self._highest = (memory.cursor or {}).get(cursor.field) if memory.since is None else None

    @property
    def cursor(self) -> Mapping[str, str] | None:
        """Where reading goes on; None where nothing says it."""
        return {self._cursor.field: self._highest} if self._highest is not None else None

    def over(self, batch: Batch) -> Batch:
        """The batch without the rows whose value is refused, each of which is a fault."""
        texts = batch.rows[self._cursor.field].fill_null("").str.strip_chars()
        wrong = {position: why for position, text in enumerate(texts) if (why := self._taken(text))}
        if not wrong:
            return batch
        faults = [self._fault(why, batch.rows.row(position, named=True)) for position, why in wrong.items()]
        kept = batch.rows[[position for position in range(batch.rows.height) if position not in wrong]]
        return Batch(batch.place, kept, sorted([*batch.faults, *faults], key=lambda fault: fault.row))

    def _taken(self, text: str) -> Message | None:
        """What is wrong with a value; one that is right raises the tide."""
        if not text:
            return NO_CURSOR if self._cursor.nulls == "refuse" else None
        order = self._cursor.order(text)
        if order is None:
            return WRONG_CURSOR
        highest = self._cursor.order(self._highest) if self._highest is not None else None
        if (highest is None or order > highest) and not self._cursor.is_ahead(text, self._now):
            self._highest = text
        return None

    def _fault(self, message: Message, row: dict[str, Any]) -> RowFault:
        number, cursor = row.pop(ROW), self._cursor
        values = {"row": number, "field": cursor.field}
        if message is WRONG_CURSOR:
            values |= {"value": row[cursor.field], "kind": cursor.kind, "kind_zh": _KINDS_ZH[cursor.kind]}
        return RowFault(number, message, values, json.dumps(row, ensure_ascii=False))
