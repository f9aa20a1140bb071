"""A position less its look-back, in the form in which its column is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SourceError
from gateway.transport.sql.cursor import LookBack
from gateway.transport.sql.dialect import Column

TIME, TEXT, NUMBER = Column("c", "time"), Column("c", "text"), Column("c", "number")


@pytest.mark.parametrize(
    ("position", "by", "before"),
    [
        ("2024-03-01 00:00:01", timedelta(seconds=2), "2024-02-29 23:59:59"),
        ("2024-02-29 08:30:00.25", timedelta(seconds=1), "2024-02-29 08:29:59.250000"),
        ("2024-02-29 08:30:00.1234567", timedelta(seconds=1), "2024-02-29 08:29:59.123456"),
        ("2024-03-01 02:30:00+08", timedelta(hours=3), "2024-02-29 23:30:00+08"),
        ("2024-03-01 02:30:00.5 +08:00", timedelta(hours=3), "2024-02-29 23:30:00.500000 +08:00"),
        ("2024-03-01T02:30:00Z", timedelta(hours=3), "2024-02-29T23:30:00Z"),
        ("2024-03-01", timedelta(days=1), "2024-02-29"),
        ("2024-03-01", timedelta(hours=1), "2024-02-29"),
        ("20240301", timedelta(days=1), "20240229"),
        ("20240301000000", timedelta(seconds=1), "20240229235959"),
        ("2024/03/01", timedelta(days=1), "2024/02/29"),
        ("2024-03-01 00:00", timedelta(minutes=1), "2024-02-29 23:59"),
        ("1000-01-01", timedelta(days=9), "1000-01-01"),
    ],
)
def test_a_time_is_written_as_before(position: str, by: timedelta, before: str) -> None:
    assert LookBack(by).before(TIME, position) == before
    assert LookBack(by).before(TEXT, position) == before


@pytest.mark.parametrize("position", ["0000-00-00 00:00:00", "infinity", "-infinity"])
def test_a_time_that_no_calendar_has_stays_where_it_is(position: str) -> None:
    assert LookBack(timedelta(days=1)).before(TIME, position) == position


@pytest.mark.parametrize("position", ["", "9", "2024-2-9", "二〇二四年", "2024-02-30"])
def test_a_text_that_is_no_time_is_refused(position: str) -> None:
    with pytest.raises(SourceError) as error:
        LookBack(timedelta(days=1)).before(TEXT, position)
    assert error.value.message.code == "sql.wrong_look_back"


@given(st.integers(-(10**30), 10**30), st.integers(0, 10**18))
def test_a_number_is_exact(position: int, by: int) -> None:
    assert LookBack(by).before(NUMBER, str(position)) == str(position - by)


def test_a_decimal_keeps_its_digits() -> None:
    assert LookBack(1).before(NUMBER, "999999999999999999999999.999999") == "999999999999999999999998.999999"
