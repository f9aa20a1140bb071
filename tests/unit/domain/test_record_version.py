"""Versions of source rows: what tells old from new, and what does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.record_version import order, ranked, unreadable


def compared(one: str | None, other: str | None) -> int | None:
    """-1, 0, 1 or None, the same whichever of the two is asked about."""
    there, back = order(pl.Series([one, other], dtype=pl.String), pl.Series([other, one], dtype=pl.String)).to_list()
    assert back == (None if there is None else -there)
    return there


def readable(*versions: str) -> list[bool]:
    return pl.DataFrame({"v": versions}).select(~unreadable(pl.col("v"))).to_series().to_list()


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9", "10"),
        ("007", "8"),
        ("9" * 20, "1" + "0" * 20),
        ("9.5", "10.0"),
        ("9.5", "9.51"),
        ("0.05", "0.5"),
        ("9", "9.1"),
        ("0" * 63 + "9", "10"),
        ("2024/9/30 8:00", "2024/10/1 8:00"),
        ("2024-09-30 9:05", "2024-09-30 10:05"),
        ("2024年9月30日", "2024年10月1日"),
        ("2024.9.30", "2024.10.1 00:00:00"),
        ("2024-9-30", "2024-09-30 00:00:00.1"),
        ("2024-09-30 08:00:00.123", "2024-09-30 08:00:00.123000001"),
        ("2024-09-30", "20241001"),
        ("20240930", "2024-10-01"),
        ("2024-09-30 08:00:00", "20240930080001"),
        ("20240930080000", "20241001"),
        ("20240930235960", "20241001000000"),
        ("99999999", "100000000"),
        ("2024-09-30T08:00:00Z", "2024-09-30T08:00:00.5Z"),
        ("2024-09-30T08:00:00+08:00", "2024-09-30T01:00:00Z"),
        ("2024-09-30 08:00:00+08", "2024-09-30 08:00:00 +0730"),
        ("2024-09-30T08:00:00+08:00", "2024-09-29T20:00:01-04:00"),
        (" 9 ", "10\u3000"),
    ],
)
def test_the_older_of_two_versions_is_known(older: str, newer: str) -> None:
    assert compared(older, newer) == -1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7", "7"),
        ("7", "007.0"),
        ("2024-9-1", "2024/09/01 00:00:00"),
        ("20240901", "2024-09-01"),
        ("2024-09-30T08:00:00+08:00", "2024-09-30 00:00Z"),
        ("v9", "v9"),
    ],
)
def test_the_same_version_in_other_words_is_the_same(one: str, other: str) -> None:
    assert compared(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9", "2024-09-30"),
        ("1727683200", "2024-09-30 08:00:00"),
        ("9.5", "20240930080000Z"),
        ("2024-09-30 08:00:00", "2024-09-30T08:00:00+08:00"),
        ("v9", "v10"),
        ("9", "v10"),
        ("9", None),
        (None, None),
    ],
)
def test_nothing_is_told_of_versions_that_do_not_compare(one: str | None, other: str | None) -> None:
    assert compared(one, other) is None


@pytest.mark.parametrize(
    "version",
    [
        "v9",
        "-5",
        "+5",
        "1e5",
        "1,000",
        ".5",
        "5.",
        "１０",
        "٣",
        "Sep 30 2024",
        "30/9/2024",
        "24-9-30",
        "2024-09",
        "2024-09-30 24:00:00",
        "2024-09-30 08:00:60",
        "2024-09-30 8",
        "2024-09-30 08:00:00 CST",
        "2024-09-30 8:00 PM",
        "2024-09-30+08:00",
        "9\n10",
    ],
)
def test_what_is_neither_a_number_nor_a_usual_time_tells_nothing(version: str) -> None:
    assert readable(version) == [False]


def exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def test_only_days_that_exist_are_days() -> None:
    years = (1600, 1900, 2000, 2023, 2024)
    written = [f"{year}-{month:02}-{day:02}" for year in years for month in range(14) for day in range(33)]
    there = [exists(text) for text in written]
    assert readable(*written) == there
    assert readable(*(text.replace("-", "/") for text in written)) == there
    # Eight digits are a day where there is such a day, and a mere number where there is none.
    compact = pl.Series([text.replace("-", "") for text in written])
    assert order(compact, pl.Series(["1500-01-01"] * len(written))).is_not_null().to_list() == there


MOMENTS = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1)).map(lambda each: each.replace(microsecond=0))  # noqa: DTZ001 - of no zone
LOCAL = ("{0:%Y-%m-%d %H:%M:%S}", "{0.year}/{0.month}/{0.day} {0.hour}:{0.minute}:{0.second}", "{0:%Y%m%d%H%M%S}")


@given(MOMENTS, st.integers(-100_000, 100_000), st.sampled_from(LOCAL), st.sampled_from(LOCAL))
def test_times_compare_however_they_are_written(one: datetime, apart: int, this: str, that: str) -> None:
    other = one + timedelta(seconds=apart)
    assert compared(this.format(one), that.format(other)) == (one > other) - (one < other)


@given(MOMENTS, st.integers(-100_000, 100_000), st.integers(-14, 14), st.integers(-14, 14))
def test_times_with_offsets_compare_as_the_moments_they_are(one: datetime, apart: int, here: int, there: int) -> None:
    first, second = one.replace(tzinfo=UTC), (one + timedelta(seconds=apart)).replace(tzinfo=UTC)
    written = [each.astimezone(timezone(timedelta(hours=hours))) for each, hours in ((first, here), (second, there))]
    assert compared(*(each.isoformat() for each in written)) == (first > second) - (first < second)


NUMBERS = st.decimals(0, 10**20, allow_nan=False, allow_infinity=False, places=3)


@given(NUMBERS, NUMBERS)
def test_numbers_compare_as_numbers(one: Decimal, other: Decimal) -> None:
    assert compared(f"{one:f}", f"{other:f}") == (one > other) - (one < other)


def test_a_group_is_put_in_order_only_where_all_of_it_compares() -> None:
    groups = {"times": ["2024-9-1", None, "20241001"], "mixed": ["9", "2024-9-1", "10"], "numbers": ["9", "10", "9.5"]}
    frame = pl.DataFrame([(name, each) for name, versions in groups.items() for each in versions], orient="row")
    frame = frame.rename({"column_0": "group", "column_1": "version"})
    rank = frame.with_columns(ranked(frame["version"], frame.select("group")).alias("rank"))
    orders = {name: rank.filter(pl.col("group") == name)["rank"].rank("dense").to_list() for name in groups}
    assert orders == {"times": [1, None, 2], "mixed": [None, None, None], "numbers": [1, 3, 2]}
