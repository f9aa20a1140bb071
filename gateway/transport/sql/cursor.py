"""Which rows are new: those from a position of a column on, a little before the last one for what comes late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Literal

from gateway.errors import SourceError
from gateway.transport.sql import time_texts
from gateway.transport.sql.dialect import Column
from gateway.transport.sql.literals import is_number, is_time
from gateway.transport.sql.messages import WRONG_LOOK_BACK

_EARLIEST = datetime(1000, 1, 1)  # noqa: DTZ001 - of no zone; years of fewer digits are not written alike everywhere
_EXACT = Context(prec=100)


@dataclass(frozen=True, slots=True)
class LookBack:
    """How far before the last position reading starts: a number, or a time."""

    by: int | timedelta

    def before(self, column: Column, position: str) -> str:
        """The position that far earlier; raises SourceError where such a step does not fit the column."""
        self.require_fits(column)
        if isinstance(self.by, int):
            return format(_EXACT.subtract(Decimal(position), self.by), "f")
        return self._by_time(column, position, self.by)

    def require_fits(self, column: Column) -> None:
        """Raise SourceError where a number is to be taken from times or texts, or a time from numbers."""
        if column.is_number != isinstance(self.by, int):
            raise SourceError(WRONG_LOOK_BACK, column=column.name, value=self.by)

    def _by_time(self, column: Column, position: str, by: timedelta) -> str:
        if found := time_texts.read(position):
            return _earlier(found.moment, by, found.form) + found.zone
        if column.content == "time":
            return position  # a zero date or an infinite one: nothing is earlier
        raise SourceError(WRONG_LOOK_BACK, column=column.name, value=f"{by} - {position}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The column that says what is new, and what is done about rows that it does not order."""

    column: str
    look_back: LookBack | None = None
    nulls: Literal["refuse", "read"] = "refuse"
    start: str | None = None
    safety: int = 0  # seconds

    def lowest(self, column: Column, position: str | None, since: str | None) -> str | None:
        """From which value on is read; None: from the first."""
        if since is not None:
            return since
        if position is None or self.look_back is None:
            return self.start if position is None else position
        return self.look_back.before(column, position)


def furthest(column: Column, *positions: str | None) -> str | None:
    """The greatest of some positions; texts and the like are ordered by their database alone, so the last counts."""
    known = [position for position in positions if position is not None and _is_ordered(column, position)]
    if not known:
        return None
    return known[-1] if column.content in {"text", "other"} else max(known, key=_order(column))


def reached(column: Column, values: Sequence[str], limit: str | None, now: datetime) -> str | None:
    """The greatest of some values in their database's order that can be a position: none of the future.

    `limit` is the database's clock as text of the column; texts that are times are held against `now`, which is aware.
    """
    for value in reversed(values):
        if column.content == "time" and limit is not None and not (is_time(value) and value <= limit):
            continue
        if column.content == "text" and time_texts.is_ahead(value, now):
            continue
        if _is_ordered(column, value):
            return value
    return None


def _is_ordered(column: Column, position: str) -> bool:
    """What PostgreSQL calls NaN is greater than every number, and would be the last position for ever."""
    return not column.is_number or is_number(position)


def _order(column: Column) -> Callable[[str], Decimal | str]:
    """ISO times of one zone are in order as text, whatever the digits of their seconds."""
    return Decimal if column.is_number else str


def _earlier(moment: datetime, by: timedelta, form: str) -> str:
    try:
        return max(moment - by, _EARLIEST).strftime(form)
    except OverflowError:
        return _EARLIEST.strftime(form)
