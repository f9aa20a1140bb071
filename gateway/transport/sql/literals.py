"""Values that stand in the SQL that the gateway writes: nothing in them is read as SQL."""

from __future__ import annotations

import re

from gateway.errors import SourceError
from gateway.transport.sql.messages import WRONG_POSITION

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?[+-]\d\d(:?\d\d)?|Z)?|-?infinity")


def is_number(value: str) -> bool:
    """Whether a text is a finite number."""
    return _NUMBER.fullmatch(value) is not None


def of_number(value: str) -> str:
    """A number as it is written; raises SourceError where the value is none."""
    if not is_number(value):
        raise SourceError(WRONG_POSITION, value=value)
    return value


def of_time(value: str) -> str:
    """A date, or a date with its time; raises SourceError where the value is none."""
    if not _TIME.fullmatch(value):
        raise SourceError(WRONG_POSITION, value=value)
    return f"'{value}'"


def of_text(value: str) -> str:
    """A text of standard SQL."""
    return "'" + value.replace("'", "''") + "'"
