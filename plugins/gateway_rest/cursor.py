"""Incremental reading: the greatest value of one member of the rows, from which the next run asks on.

A value is a time or a whole or decimal number, and is kept as the platform wrote it; what is asked is written in the
same way, so that the platform understands it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from gateway.errors import OptionError
from gateway.messages import Message
from gateway_rest.words import Declared, Text

NO_LOOK_BACK = Message(
    "rest.no_look_back",
    zh="须写 1 hour、0 seconds 这样的时长；游标是数字时，只写数字",
    en="a time such as 1 hour or 0 seconds, or a number where the member holds numbers, is expected",
)
NO_START = Message(
    "rest.no_start",
    zh="start 的“{start}”不是{kind_zh}；look_back 写的是{kind_zh}，两者须一致",
    en="start {start!r} is no {kind}; look_back is a {kind}, and both must be the same",
)

MESSAGES = (NO_LOOK_BACK, NO_START)

# What a time without a zone is taken for; there is no summer time.
CHINA = dt.timezone(dt.timedelta(hours=8))
_NUMBER = re.compile(r"-?\d{1,38}(\.\d{1,18})?", re.ASCII)
_LOOK_BACK = re.compile(r"(\d{1,9}) (second|minute|hour|day|week)s?", re.ASCII)
_TIME = re.compile(
    r"(?P<year>\d{4})(?P<dash>[-/.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"(?:(?P<gap>[T ]?)(?P<hour>\d\d)(?P<colon>:?)(?P<minute>\d\d)"
    r"(?:(?P=colon)(?P<second>\d\d)(?P<fraction>[.,]\d{1,9})?)?(?P<zone> ?Z| ?[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)

_START = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def _look_back(text: str) -> str:
    if not (_LOOK_BACK.fullmatch(text) or _NUMBER.fullmatch(text)) or text.startswith("-"):
        raise OptionError(NO_LOOK_BACK)
    return text


class Cursor(Declared):
    """Which member of a row says how new it is, and which member of the question asks for rows from there on.

    `look_back` is asked for once more, because of rows that come late; it also says whether the member holds times or
    numbers. `start` is asked for by the first run, everything without it. A row without a value is refused or read.
    """

    field: Text
    ask: Text
    look_back: Annotated[str, AfterValidator(_look_back)]
    start: Text | None = None
    nulls: Literal["refuse", "read"] = "refuse"

    @model_validator(mode="after")
    def _start_is_a_value(self) -> Cursor:
        if self.start is not None and self.order(self.start) is None:
            kind_zh = "数字" if self.kind == "number" else "时间"
            raise OptionError(NO_START, start=self.start, kind=self.kind, kind_zh=kind_zh)
        return self

    @property
    def kind(self) -> str:
        """What the values are."""
        return "number" if _NUMBER.fullmatch(self.look_back) else "time"

    def order(self, text: str) -> Decimal | None:
        """What a value is compared by; None where it is none."""
        if self.kind == "number":
            return Decimal(text) if _NUMBER.fullmatch(text) else None
        moment = time_of(text)
        return Decimal((moment - _START) // _MICROSECOND) if moment else None

    def before(self, text: str) -> str:
        """The value that is asked for where a value was the greatest: the look-back before it."""
        if self.kind == "number":
            return f"{Decimal(text) - Decimal(self.look_back):f}"
        return moved(text, lambda moment: moment - self._ago)

    def is_ahead(self, text: str, now: dt.datetime) -> bool:
        """Whether a value is a time that has not come yet: one row dated 9999 must not hide all that come after."""
        return self.kind == "time" and (time_of(text) or now) > now

    @property
    def _ago(self) -> dt.timedelta:
        number, unit = self.look_back.split()
        return dt.timedelta(**{f"{unit.removesuffix('s')}s": int(number)})


def time_of(text: str) -> dt.datetime | None:
    """The moment that a text names; one without a zone is China's; a fraction is read to the microsecond."""
    found = _TIME.fullmatch(text)
    try:
        return _moment(found) if found else None
    except ValueError:  # no such day
        return None


def moved(text: str, move: Callable[[dt.datetime], dt.datetime]) -> str:
    """A time that lies elsewhere, in the zone and the way of writing of the first; the same where there is no such."""
    found = _TIME.fullmatch(text)
    if not found:
        return text
    said = _moment(found)
    try:
        moment = move(said).astimezone(said.tzinfo)
    except OverflowError:
        return text
    return _written(found.groupdict(), moment)


def _moment(found: re.Match[str]) -> dt.datetime:
    said = found.groupdict()
    fraction = (said["fraction"] or ".0")[1:7].ljust(6, "0")
    year, month, day = (int(said[part]) for part in ("year", "month", "day"))
    hour, minute, second = (int(said[part] or 0) for part in ("hour", "minute", "second"))
    return dt.datetime(year, month, day, hour, minute, second, int(fraction), _zone(said["zone"]))


def _zone(said: str | None) -> dt.tzinfo:
    if said is None:
        return CHINA
    digits = re.sub(r"\D", "", said).ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-offset if "-" in said else offset)


def _written(said: dict[str, Any], moment: dt.datetime) -> str:
    dash, colon = said["dash"], said["colon"]
    text = moment.strftime(f"%Y{dash}%m{dash}%d").rjust(8 + 2 * len(dash), "0")
    if said["hour"] is not None:
        text += moment.strftime(f"{said['gap']}%H{colon}%M")
    if said["second"] is not None:
        text += moment.strftime(f"{colon}%S")
    if fraction := said["fraction"]:
        text += fraction[0] + f"{moment.microsecond:06}".ljust(9, "0")[: len(fraction) - 1]
    return text + (said["zone"] or "")
