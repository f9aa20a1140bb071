"""Steps between texts and dates or times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

MapOne = Any

DATE = pl.Date()
TIME = pl.Datetime("us", "UTC")
SHANGHAI = "[{time: {formats: ['%Y-%m-%d %H:%M:%S'], zone: Asia/Shanghai}}]"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("%Y-%m-%d", "1997-01-09"),
        ("%Y-%m-%d", "1997-1-9"),
        ("%Y%m%d", "19970109"),
        ("%Y/%m/%d", "1997/1/09"),
        ("%Y年%m月%d日", "1997年1月9日"),
        ("%Y.%m.%d", "1997.01.09"),
        ("%Y-%m-%d %H:%M:%S", "1997-01-09 23:59:59"),
        ("%d %m %Y", "9 1 1997"),
    ],
)
def test_a_date_is_read_as_written(map_one: MapOne, written: str, text: str) -> None:
    found = map_one(f"[{{date: '{written}'}}]", [text], DATE)
    assert (found.values, found.found) == ([date(1997, 1, 9)], [])


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("%Y-%m-%d", "1999-02-30"),
        ("%Y-%m-%d", "97-01-09"),
        ("%Y-%m-%d", "0000-01-01"),
        ("%Y-%m-%d", "+1997-01-09"),
        ("%Y-%m-%d", " 1997-01-09"),
        ("%Y-%m-%d", "1997-01-09x"),
        ("%Y-%m-%d", "1997/01/09"),
        ("%Y-%m-%d", "10000-01-01"),
        ("%Y.%m.%d", "1997x01x09"),
        ("%Y%m%d", "199719"),
        ("%Y%m%d", "1997101"),
        ("%Y-%m-%d %H:%M:%S", "1997-01-09 12:30:60"),
        ("%Y%m%d%H%M%S", "19970109123060"),
        ("%Y%m%d%H%M%S", "1997010912305"),
    ],
)
def test_a_date_is_not_guessed(map_one: MapOne, written: str, text: str) -> None:
    found = map_one(f"[{{date: ['{written}']}}]", [text], DATE)
    assert (found.values, found.found) == ([None], [(0, "rejected", "map.date", text)])


def test_the_first_format_that_fits_is_taken(map_one: MapOne) -> None:
    found = map_one("[{date: ['%Y-%m-%d', '%Y%m%d']}]", ["19970109", "1997-01-09", "9.1.97"], DATE)
    assert found.values == [date(1997, 1, 9), date(1997, 1, 9), None]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("%y-%m-%d", "%y is not known"),
        ("%Y-%m", "%Y, %m or %d is missing"),
        ("%Y-%m-%d %z", "a date has no %z"),
        ("%Y-%m-%d%", "% is not known"),
        ("%Y-%m-%d %Y", "a directive stands twice"),
    ],
)
def test_a_format_outside_the_closed_set_is_refused(refusal: Any, written: str, what: str) -> None:
    assert f"the format {written!r} cannot be used: {what}" in refusal(
        f"{{from: a, steps: [{{date: '{written}'}}]}}", DATE
    )


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (("%d/%m/%Y", "%m/%d/%Y"), "11/10/2010"),
        (("%Y-%m-%d", "%Y%m%d", "%Y-%d-%m"), "2010-10-11"),
        (("%Y%m%d", "%Y%d%m"), "20101011"),
        (("%Y-%m-%d %H:%M", "%Y-%m-%d %M:%H"), "2010-10-11 09:08"),
    ],
)
def test_formats_that_read_one_text_differently_are_refused(refusal: Any, formats: tuple[str, ...], text: str) -> None:
    said = ", ".join(f"'{each}'" for each in formats)
    assert f"read one text, as {text!r}, as different" in refusal(f"{{from: a, steps: [{{date: [{said}]}}]}}", DATE)
    zoned = f"{{from: a, steps: [{{time: {{formats: [{said}], zone: Asia/Shanghai}}}}]}}"
    assert f"read one text, as {text!r}, as different" in refusal(zoned, TIME)


def test_formats_that_no_text_of_these_days_fits_both_stand_together(map_one: MapOne) -> None:
    formats = "['%Y-%m-%d', '%Y%m%d', '%d%m%Y', '%d-%m-%Y', '%Y年%m月%d日', '%Y-%m-%d %H:%M', '%Y-%m-%d %H:%M:%S']"
    texts = ["1997-1-9", "19970109", "09011997", "9-1-1997", "1997年1月9日", "1997-01-09 08:00", "1997-01-09 08:00:59"]
    assert map_one(f"[{{date: {formats}}}]", texts, DATE).values == [date(1997, 1, 9)] * len(texts)


def test_a_second_60_is_no_time(map_one: MapOne) -> None:
    assert map_one(SHANGHAI, ["2016-12-31 12:30:60"], TIME).found == [
        (0, "rejected", "map.time", "2016-12-31 12:30:60")
    ]


def test_a_time_of_a_zone_becomes_utc(map_one: MapOne) -> None:
    found = map_one(SHANGHAI, ["2026-05-31 08:30:00", "1950-1-1 0:0:0", None], TIME)
    assert found.values[0] == datetime(2026, 5, 31, 0, 30, tzinfo=UTC)
    assert found.values[1:] == [datetime(1949, 12, 31, 16, tzinfo=UTC), None]


def test_a_time_that_says_its_offset_needs_no_zone(map_one: MapOne) -> None:
    found = map_one("[{time: {formats: ['%Y-%m-%dT%H:%M:%S%.f%z']}}]", ["2026-05-31T08:30:00.5+08:00"], TIME)
    assert found.values == [datetime(2026, 5, 31, 0, 30, 0, 500_000, tzinfo=UTC)]


@pytest.mark.parametrize("text", ["1986-05-04 02:30:00", "1986-09-14 01:30:00"])
def test_an_hour_that_summer_time_left_out_or_repeated_is_rejected(map_one: MapOne, text: str) -> None:
    assert map_one(SHANGHAI, [text], TIME).found == [(0, "rejected", "map.time", text)]


@pytest.mark.parametrize("zone", ["", ", zone: Asia/Qingdao"])
def test_a_time_needs_a_zone_that_exists(refusal: Any, zone: str) -> None:
    assert "a time needs its zone" in refusal(
        f"{{from: a, steps: [{{time: {{formats: ['%Y-%m-%d %H:%M']{zone}}}}}]}}", TIME
    )


def test_a_date_is_written_by_a_pattern(map_one: MapOne) -> None:
    assert map_one("[{format: '%Y%m%d'}]", [date(1997, 1, 9), None], source=DATE).values == ["19970109", None]


def test_a_date_is_written_plainly_without_one(map_one: MapOne) -> None:
    assert map_one("[format]", [date(1997, 1, 9)], source=DATE).values == ["1997-01-09"]


def test_a_time_is_written_in_a_zone(map_one: MapOne) -> None:
    steps = "[{format: {pattern: '%Y-%m-%d %H:%M:%S', zone: Asia/Shanghai}}]"
    assert map_one(steps, [datetime(2026, 5, 31, tzinfo=UTC)], source=TIME).values == ["2026-05-31 08:00:00"]


def test_a_time_is_not_written_without_a_zone(refusal: Any) -> None:
    assert "a time needs its zone" in refusal("{from: a, steps: [format]}", a=TIME)


def test_a_number_is_written_plainly(map_one: MapOne) -> None:
    assert map_one("[format]", [7, None], source=pl.Int64()).values == ["7", None]


def test_a_number_has_no_parts_of_a_date(refusal: Any) -> None:
    assert "Int64 has no parts of a date" in refusal("{from: a, steps: [{format: '%Y'}]}", a=pl.Int64())
