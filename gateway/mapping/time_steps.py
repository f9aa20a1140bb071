"""Steps between texts and dates or times: only closed, unambiguous formats, so that no century or month is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import permutations
from typing import ClassVar

import polars as pl
from pydantic import Field, field_validator, model_validator

from gateway.domain.findings import Outcome
from gateway.mapping.map_errors import Wrong
from gateway.mapping.step import Fault, Step
from gateway.messages import Message

NO_DATE = Message(
    "map.date",
    zh="“{column}”的值“{value}”不是存在的日期，或不是约定的写法（{formats}）；请更正{field}",
    en="{column} {value!r} is no date that exists, or is not written as {formats}; correct {field}",
)
NO_TIME = Message(
    "map.time",
    zh="“{column}”的值“{value}”不是存在且无歧义的时间，或不是约定的写法（{formats}）；请更正{field}",
    en="{column} {value!r} is no time that exists once, or is not written as {formats}; correct {field}",
)
BAD_FORMAT = Message(
    "map.bad_format",
    zh="{file} 的 {where}：日期时间格式“{format}”不可用：{what}；可用的有 %Y %m %d %H %M %S %.f %z，年月日须齐全",
    en="{file}, {where}: the format {format!r} cannot be used: {what}; there are %Y %m %d %H %M %S %.f %z, "
    "and year, month and day are needed",
)
AMBIGUOUS = Message(
    "map.ambiguous_formats",
    zh="{file} 的 {where}：格式“{format}”和“{other}”会把同一个值读成不同的日期或时间（如“{text}”）；"
    "请只留来源实际使用的一种",
    en="{file}, {where}: the formats {format!r} and {other!r} read one text, as {text!r}, as different dates or times; "
    "leave the one that the source writes",
)
NO_ZONE = Message(
    "map.no_zone",
    zh="{file} 的 {where}：时间须写明时区 zone（如 Asia/Shanghai），“{zone}”不是",
    en="{file}, {where}: a time needs its zone, as in Asia/Shanghai, and {zone!r} is none",
)

# What each directive matches. Polars itself would take 97-01-01 for the year 97 and 1997101 for 1997-10-01.
# Second 60, which polars makes the next minute of, is none: whether a leap second is meant cannot be known.
_SHAPES = {
    "%Y": "[1-9][0-9]{3}",
    "%.f": r"(?:\.[0-9]{1,9})?",
    "%z": "[+-][0-9]{2}:?[0-9]{2}",
} | dict.fromkeys(("%m", "%d", "%H", "%M"), "[0-9]{1,2}")
_SHAPES["%S"] = "(?:[0-5][0-9]|[0-9])"
_PACKED = {"%S": "[0-5][0-9]"} | dict.fromkeys(("%m", "%d", "%H", "%M"), "[0-9]{2}")
# A time of which no part but the year can be told from another by its size; another reading of it in a year that is
# not of these days is no reading that anybody means.
_ALIKE = pl.Series([datetime(2010, 10, 11, 9, 8, 12)])  # noqa: DTZ001 - of no zone
_THESE_DAYS = range(1800, 2200)
_DIRECTIVE = re.compile(r"%\.?[A-Za-z%]?")


class Date(Step):
    """A text to a date, by the first format that fits."""

    name = "date"
    words = Message("step.date", zh="读作日期：{formats}", en="read as a date: {formats}")
    argument = "formats"
    fault = Fault(NO_DATE, Outcome.REJECTED)

    formats: tuple[str, ...] = Field(min_length=1)

    @field_validator("formats", mode="before")
    @classmethod
    def _one_or_more(cls, said: object) -> object:
        return (said,) if isinstance(said, str) else said

    @field_validator("formats")
    @classmethod
    def _known(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for each in formats:
            shape(each)
            if "%z" in each:
                raise Wrong(BAD_FORMAT, format=each, what="a date has no %z")
        _assert_distinct(formats)
        return formats

    def _work(self, before: pl.Expr) -> pl.Expr:
        return pl.coalesce(
            pl.when(before.str.contains(shape(each))).then(before.str.to_date(each, strict=False))
            for each in self.formats
        )


class Time(Step):
    """A text to a time in UTC, by the first format that fits; `zone` is the zone of texts that do not say theirs."""

    name = "time"
    words = Message("step.time", zh="读作时间（{zone}）：{formats}", en="read as a time in {zone}: {formats}")
    fault = Fault(NO_TIME, Outcome.REJECTED)

    formats: tuple[str, ...] = Field(min_length=1)
    zone: str = ""

    @model_validator(mode="after")
    def _known(self) -> Time:
        for each in self.formats:
            shape(each)
        _assert_distinct(self.formats)
        if self.zone or any("%z" not in each for each in self.formats):
            known_zone(self.zone)
        return self

    def _work(self, before: pl.Expr) -> pl.Expr:
        return pl.coalesce(
            pl.when(before.str.contains(shape(each))).then(self._read(before, each)) for each in self.formats
        )

    def _read(self, before: pl.Expr, written: str) -> pl.Expr:
        time = before.str.to_datetime(written, time_unit="us", strict=False)
        if "%z" in written:
            return time
        # An hour that the change of clocks left out or repeated (1986 to 1991) is no time that can be known.
        local = time.dt.replace_time_zone(self.zone, ambiguous="null", non_existent="null")
        return local.dt.convert_time_zone("UTC")


class Format(Step):
    """A date, a time or a number to a text: by a pattern, or plainly (a date as 2026-05-31)."""

    name = "format"
    words = Message("step.format", zh="写成文字 {pattern} {zone}", en="written as text {pattern} {zone}")
    argument = "pattern"
    takes: ClassVar = (pl.Date, pl.Datetime, pl.Int64, pl.Boolean)

    pattern: str = ""
    zone: str = ""

    @model_validator(mode="after")
    def _known(self) -> Format:
        if self.pattern:
            shape(self.pattern, whole=False)
        if self.zone:
            known_zone(self.zone)
        return self

    def work(self, before: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Work by the type of the column."""
        if isinstance(dtype, pl.Datetime):
            known_zone(self.zone)
            return before.dt.convert_time_zone(self.zone).dt.to_string(self.pattern or "%Y-%m-%dT%H:%M:%S%z")
        if isinstance(dtype, pl.Date):
            return before.dt.to_string(self.pattern or "%Y-%m-%d")
        if self.pattern:
            raise Wrong(BAD_FORMAT, format=self.pattern, what=f"{dtype} has no parts of a date")
        return before.cast(pl.String)


def shape(written: str, *, whole: bool = True) -> str:
    """The pattern that a text in this format matches; raises Wrong for a format outside the closed set.

    One digit may stand for a month or a day only where a sign follows or precedes it: 1997-1-1, but not 199711.
    """
    parts = _DIRECTIVE.split(written)
    directives = _DIRECTIVE.findall(written)
    for each in directives:
        if each not in _SHAPES:
            raise Wrong(BAD_FORMAT, format=written, what=f"{each} is not known")
    if whole and not {"%Y", "%m", "%d"} <= set(directives):
        raise Wrong(BAD_FORMAT, format=written, what="%Y, %m or %d is missing")
    if len(set(directives)) < len(directives):
        raise Wrong(BAD_FORMAT, format=written, what="a directive stands twice")
    packed = any(not part for part, after in zip(parts[1:], directives[1:], strict=False) if after != "%.f")
    pattern = re.escape(parts[0])
    shapes = _SHAPES | _PACKED if packed else _SHAPES
    for directive, literal in zip(directives, parts[1:], strict=True):
        pattern += shapes[directive] + re.escape(literal)
    return rf"\A{pattern}\z"


def _assert_distinct(formats: Sequence[str]) -> None:
    """Raise Wrong for two formats of which one text can be written in both, and means something else in each."""
    for one, other in permutations(formats, 2):
        text = _ALIKE.dt.to_string(one.replace("%z", "+0800")).item()
        as_one, as_other = (_plainly(text, each) for each in (one, other))
        if as_other is not None and as_other.year in _THESE_DAYS and as_one != as_other:
            raise Wrong(AMBIGUOUS, format=one, other=other, text=text)


def _plainly(text: str, written: str) -> datetime | None:
    """What a text says in a format, its zone aside; None where it is not written so."""
    column = pl.col("text")
    told = pl.when(column.str.contains(shape(written))).then(column.str.to_datetime(written, strict=False))
    found: datetime | None = pl.DataFrame({"text": [text]}).select(told).item()
    return found


def known_zone(zone: str) -> None:
    """Raise Wrong for a text that names no time zone; polars brings its own table of them."""
    if not zone:
        raise Wrong(NO_ZONE, zone=zone)
    try:
        pl.Series([0]).cast(pl.Datetime("us")).dt.replace_time_zone(zone)
    except pl.exceptions.PolarsError as error:
        raise Wrong(NO_ZONE, zone=zone) from error
