"""Values that stand in the SQL that the gateway writes: nothing in them is read as SQL."""

from __future__ import annotations

import re
from datetime import datetime

from gateway.errors import SourceError
from gateway.transport.sql.messages import WRONG_POSITION

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?[+-]\d\d(:?\d\d)?|Z)?|-?infinity")
_FINER = re.compile(r"(\.\d{6})\d+")  # than a microsecond


def is_number(value: str) -> bool:
    """Whether a text is a finite number."""
    return _NUMBER.fullmatch(value) is not None


def is_time(value: str) -> bool:
    """Whether a text is written as a date, or a date with its time."""
    return _TIME.fullmatch(value) is not None


def is_moment(value: str) -> bool:
    """Whether it is a time that a calendar has, too; an offset beyond a day is none."""
    if not is_time(value) or value.endswith("infinity"):
        return is_time(value)
    try:
        datetime.fromisoformat(_FINER.sub(r"\1", value.replace(" +", "+").replace(" -", "-")))
    except ValueError:
        return False
    return True


def of_number(value: str) -> str:
    """A number as it is written; raises SourceError where the value is none."""
    if not is_number(value):
        raise SourceError(WRONG_POSITION, value=value)
    return value


def of_time(value: str) -> str:
    """A date, or a date with its time; raises SourceError where the value is none."""
    if not is_time(value):
        raise SourceError(WRONG_POSITION, value=value)
    return f"'{value}'"


def of_text(value: str) -> str:
    """A text of standard SQL."""
    return "'" + value.replace("'", "''") + "'"
