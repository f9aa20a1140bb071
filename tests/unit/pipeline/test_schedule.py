"""Planned times: the same whoever reckons them, none left out, none between two neighbours."""

from __future__ import annotations

import datetime as dt

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.schedule import CHINA
from gateway.pipeline.schedule_words import read_schedule

MOMENTS = st.builds(
    lambda seconds, zone: dt.datetime(2020, 1, 1, tzinfo=zone) + dt.timedelta(seconds=seconds),
    st.integers(0, 10 * 365 * 24 * 60 * 60) | st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: minutes * 60),
    st.sampled_from([dt.UTC, CHINA]),
)
PHRASES = st.sampled_from(
    [
        "every minute",
        "every 15 minutes",
        "every 90 minutes",
        "every 2 hours",
        "daily 02:00",
        "monday 23:59",
        "sunday 00:00",
        "0 2 * * mon-fri",
        "*/7 8-18 1,15 * *",
        "30 4 31 1-12/2 *",
        "0 0 29 2 *",
        "59 23 * * fri-mon",
    ]
)


def china(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("words", "moment", "last", "coming"),
    [
        ("every 15 minutes", "2026-03-02 10:07", "2026-03-02 10:00", "2026-03-02 10:15"),
        ("every 15 minutes", "2026-03-02 10:15", "2026-03-02 10:15", "2026-03-02 10:30"),
        ("every 2 hours", "2026-03-02 23:59:59", "2026-03-02 22:00", "2026-03-03 00:00"),
        ("daily 02:00", "2026-03-02 01:59:59", "2026-03-01 02:00", "2026-03-02 02:00"),
        ("monday 02:00", "2026-03-02 02:00", "2026-03-02 02:00", "2026-03-09 02:00"),
        ("30 2 * * mon-fri", "2026-03-07 12:00", "2026-03-06 02:30", "2026-03-09 02:30"),
        ("0 0 29 2 *", "2026-03-02 00:00", "2024-02-29 00:00", "2028-02-29 00:00"),
    ],
)
def test_the_times_around_a_moment(words: str, moment: str, last: str, coming: str) -> None:
    schedule = read_schedule(words)
    assert schedule.last_until(china(moment)) == china(last)
    assert schedule.next_after(china(moment)) == china(coming)


def test_a_time_is_meant_in_china_whatever_the_zone_of_the_clock() -> None:
    moment = dt.datetime(2026, 3, 1, 17, 59, tzinfo=dt.UTC)
    assert read_schedule("daily 02:00").next_after(moment) == dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)


@given(PHRASES, MOMENTS)
def test_the_last_time_and_the_next_are_neighbours(words: str, moment: dt.datetime) -> None:
    schedule = read_schedule(words)
    last, coming = schedule.last_until(moment), schedule.next_after(moment)
    assert last is not None
    assert coming is not None
    assert last <= moment < coming
    assert (schedule.next_after(last), schedule.last_until(coming)) == (coming, coming)
    assert schedule.last_until(coming - dt.timedelta(microseconds=1)) == last


FIELDS = st.tuples(
    *(
        st.one_of(
            st.just("*"),
            st.integers(least, most).map(str),
            st.integers(2, 5).map(lambda step: f"*/{step}"),
            st.tuples(st.integers(least, most), st.integers(least, most)).map(
                lambda ends: "{}-{}".format(*sorted(ends))
            ),
        )
        for least, most in ((0, 59), (0, 23), (1, 28), (1, 12))
    )
)


@given(FIELDS, MOMENTS)
def test_cron_lines_mean_what_apscheduler_takes_them_for(fields: tuple[str, ...], moment: dt.datetime) -> None:
    minute, hour, day, month = fields
    oracle = CronTrigger(minute=minute, hour=hour, day=day, month=month, timezone=CHINA)
    strictly_after = moment.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    assert read_schedule(f"{' '.join(fields)} *").next_after(moment) == oracle.get_next_fire_time(None, strictly_after)


@given(st.lists(st.sampled_from(["mon", "tue", "wed-fri", "sat", "sun"]), min_size=1, unique=True), MOMENTS)
def test_days_of_the_week_are_those_of_apscheduler(names: list[str], moment: dt.datetime) -> None:
    days = ",".join(names)
    oracle = CronTrigger(minute=30, hour=2, day_of_week=days, timezone=CHINA)
    strictly_after = moment.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
    assert read_schedule(f"30 2 * * {days}").next_after(moment) == oracle.get_next_fire_time(None, strictly_after)
