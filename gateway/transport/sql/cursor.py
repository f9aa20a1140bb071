"""Which rows are new: those from a position of a column on, a little before the last one for what comes late."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Literal

from gateway.errors import SourceError
from gateway.transport.sql.dialect import Column
from gateway.transport.sql.literals import is_number
from gateway.transport.sql.messages import WRONG_LOOK_BACK

# How times are written, in columns of times and in those of text.
_FORMS = (
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)
# A time, digits finer than a microsecond, and a zone.
_PARTS = re.compile(
    r"(?P<time>[\d/-]+(?:[ T][\d:]+(?:\.\d{1,6})?)?)\d*(?P<zone> ?[+-]\d\d(?::?\d\d)?|Z)?",
    flags=re.ASCII,
)
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
        parts = _PARTS.fullmatch(position)
        for form in _FORMS:
            if parts and (moment := _read(parts["time"], form)):
                return _earlier(moment, by, form) + (parts["zone"] or "")
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
    """The greatest of some positions; those of text are ordered by their database alone, so the last one counts."""
    known = [position for position in positions if position is not None and _is_ordered(column, position)]
    if not known:
        return None
    return max(known, key=_order(column)) if column.content != "text" else known[-1]


def nearest_of(column: Column, position: str | None, limit: str | None) -> str | None:
    """A position, but none beyond a limit."""
    if position is None or limit is None:
        return position
    return min(position, limit, key=_order(column))


def _is_ordered(column: Column, position: str) -> bool:
    """What PostgreSQL calls NaN is greater than every number, and would be the last position for ever."""
    return not column.is_number or is_number(position)


def _order(column: Column) -> Callable[[str], Decimal | str]:
    """ISO times of one zone are in order as text, whatever the digits of their seconds."""
    return Decimal if column.is_number else str


def _read(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is kept as it was written
    except ValueError:
        return None
    return moment if "%f" in form or moment.strftime(form) == text else None


def _earlier(moment: datetime, by: timedelta, form: str) -> str:
    try:
        return max(moment - by, _EARLIEST).strftime(form)
    except OverflowError:
        return _EARLIEST.strftime(form)
