"""The version that a source gives its rows: what it says of old and new, told for certain or not at all.

A version is a number (``12``, ``9.5``) or a time by year, month and day, with or without its offset to UTC. It is kept
as the source wrote it. Two of them are compared as times where both are times of the same sort, else as numbers where
both are numbers; 8 or 14 digits that are a day or a second that exists are both. Nothing is told of any other two.
"""

from __future__ import annotations

import polars as pl

from gateway.messages import Message

UNREADABLE_VERSION = Message(
    "version.unreadable",
    zh="“{column}”的值“{value}”作为版本看不出新旧，本行挂起；允许的写法是不带正负号的数（如 12、9.5）"
    "或年月日时间（如 2024/9/30 8:05、2024-09-30T08:05:00+08:00、20240930）；请更正，"
    "或由管理员在字段映射中用 time 步骤把它读成时间",
    en="{column} {value!r} does not tell as a version which row is newer, and the row is held; it may be a number "
    "without a sign (12, 9.5) or a time by year, month and day (2024/9/30 8:05, 2024-09-30T08:05:00+08:00, 20240930); "
    "correct it, or have the field map make a time of it by the time step",
)
OTHER_VERSION = Message(
    "version.other_kind",
    zh="本行的版本“{version}”与标识“{value}”已存记录的版本“{held_version}”不是同一类（数、不带时区的时间、带时区的时间"
    "三类之间不能比较），无从判断哪个较新；本行挂起，请由管理员在字段映射中用 time 步骤把版本读成同一类，"
    "或去掉 record_version 运行一次，以来源现在的内容为准",
    en="the version {version!r} of this row and {held_version!r} of the record {value!r} are of different kinds "
    "(numbers, times without an offset and times with one do not compare), so nothing tells which is newer; the row "
    "is held, have the field map make versions of one kind by the time step, or run once without record_version to "
    "take what the source says now",
)


def _day(after_year: str, after_month: str, end: str, nought: str = "0?") -> str:
    """The pattern of a day that exists."""
    year, leap_year = "[0-9]{4}", "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
    days = (
        (year, f"(?:{nought}[13578]|1[02])", f"(?:{nought}[1-9]|[12][0-9]|3[01])"),
        (year, f"(?:{nought}[469]|11)", f"(?:{nought}[1-9]|[12][0-9]|30)"),
        (year, f"{nought}2", f"(?:{nought}[1-9]|1[0-9]|2[0-8])"),
        (leap_year, f"{nought}2", "29"),
    )
    return "(?:" + "|".join(after_year.join((y, after_month.join((m, d)))) for y, m, d in days) + ")" + end


_PARTED_DAY = "(?:" + "|".join((*(_day(sign, sign, "") for sign in ("-", "/", r"\.")), _day("年", "月", "日"))) + ")"
_CLOCK = r"(?:T| +)(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9](?::[0-5]?[0-9](?:\.[0-9]{1,9})?)?"
_COMPACT = _day("", "", "", "0") + "(?:(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?"
_OFFSET = " ?(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_LOCAL = rf"{_PARTED_DAY}(?:{_CLOCK})?|{_COMPACT}"
_UNIVERSAL = rf"{_PARTED_DAY}{_CLOCK}{_OFFSET}"

# As many characters of one of these are in order as they stand.
_SORTED = rf"\A(?:[0-9]+|{_day('-', '-', '', '0')}(?: (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?)\z"

# What stands between the parts was looked at before; what a time does not say is 0.
_PARTS = (
    r"([0-9]{4})\D?([0-9]{1,2})\D?([0-9]{1,2})日?[T ]*"
    r"([0-9]{0,2}):?([0-9]{0,2}):?([0-9]{0,2})\.?([0-9]{0,9}) ?([+-]?)([0-9]{0,2}):?([0-9]{0,2})"
)


def unreadable(version: pl.Expr) -> pl.Expr:
    """Whether a version tells nothing of old and new."""
    return ~version.str.contains(rf"\A\s*(?:{_NUMBER}|{_LOCAL}|{_UNIVERSAL})\s*\z")


def order(versions: pl.Series, others: pl.Series) -> pl.Series:
    """-1, 0 or 1 where a version is older than, the same as or newer than the one beside it; null where none tells."""
    differ = (versions != others).fill_null(value=False).arg_true()
    equal = pl.select(pl.when(versions == others).then(pl.lit(0, pl.Int8))).to_series()
    if differ.is_empty():  # most feeds have no versions, and most rows that of the run before
        return equal
    one, other = versions.gather(differ), others.gather(differ)
    alike = one.str.contains(_SORTED) & other.str.contains(_SORTED) & (one.str.len_bytes() == other.str.len_bytes())
    found = [_sign(one, other).set(~alike, None)]
    rest = (~alike).arg_true()
    if rest.len():
        pairs = zip(_readings(one.gather(rest)), _readings(other.gather(rest)), strict=True)
        told = pl.select(pl.coalesce(_sign(*pair) for pair in pairs)).to_series()
        found.append(pl.Series([None], dtype=pl.Int8).new_from_index(0, one.len()).scatter(rest, told))
    return equal.scatter(differ, pl.select(pl.coalesce(found)).to_series())


def ranked(versions: pl.Series, groups: pl.DataFrame) -> pl.Series:
    """A text that puts the versions of each group in order; null in a group of which two cannot be compared."""
    if versions.null_count() == versions.len():
        return versions
    readings = {f"reading {number}": each for number, each in enumerate(_readings(versions))}
    frame = groups.with_columns(versions.alias("version"), *(each.alias(name) for name, each in readings.items()))
    all_told = {
        name: (pl.col(name).is_not_null() | pl.col("version").is_null()).all().over(groups.columns) for name in readings
    }
    return frame.select(pl.coalesce(pl.when(told).then(name) for name, told in all_told.items())).to_series()


def _sign(one: pl.Series, other: pl.Series) -> pl.Series:
    return (one > other).cast(pl.Int8) - (one < other).cast(pl.Int8)


def _readings(versions: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Versions as times without an offset, with one, and as numbers: texts that compare, null where one is none."""
    text = pl.col("text")
    shapes = {"local": _LOCAL, "universal": _UNIVERSAL, "number": _NUMBER}
    told = pl.DataFrame({"text": versions.str.strip_chars()}).select(
        pl.when(text.str.contains(rf"\A(?:{shape})\z")).then(text).alias(name) for name, shape in shapes.items()
    )
    return _moments(told["local"]), _moments(told["universal"]), _sortable(told["number"])


def _moments(times: pl.Series) -> pl.Series:
    if times.null_count() == times.len():
        return times
    parts = times.str.extract_groups(_PARTS).struct.unnest()
    hours, minutes = (pl.col(name).cast(pl.Int64, strict=False).fill_null(0) for name in ("9", "10"))
    offset = pl.duration(hours=hours, minutes=minutes) * pl.when(pl.col("8") == "-").then(-1).otherwise(1)
    second = pl.concat_str("1", *(pl.col(str(number)).str.zfill(2) for number in range(2, 7)))
    utc = second.str.to_datetime("%Y%m%d%H%M%S", time_unit="us") - offset
    return parts.select(utc.dt.to_string("%Y%m%d%H%M%S") + pl.col("7").str.pad_end(9, "0")).to_series()


def _sortable(numbers: pl.Series) -> pl.Series:
    """How many digits each has before the point, then those, then those after it."""
    if numbers.null_count() == numbers.len():
        return numbers
    before = numbers.str.extract(r"\A0*([0-9]+)")
    after = numbers.str.extract(r"\.([0-9]*[1-9])").fill_null("")
    return before.str.len_bytes().cast(pl.String).str.zfill(4) + before + after
