"""The words of a schedule: what is accepted can be read again, what is refused says why in both languages."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import StartError
from gateway.pipeline.feeds import InboundFeed, OutboundFeed, load_feeds
from gateway.pipeline.schedule import DAYS, MINUTES_A_DAY
from gateway.pipeline.schedule_words import read_schedule

TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda time: "{}:{:02}".format(*time))
PHRASES = st.one_of(
    st.integers(1, MINUTES_A_DAY).filter(lambda minutes: MINUTES_A_DAY % minutes == 0).map("every {} minutes".format),
    st.sampled_from([1, 2, 3, 4, 6, 8, 12, 24]).map("every {} hours".format),
    st.sampled_from(["every minute", "every hour"]),
    st.tuples(st.sampled_from(["daily", *DAYS]), TIMES).map(" ".join),
    st.tuples(
        st.integers(0, 59).map(str),
        st.sampled_from(["*", "*/2", "8-18", "8-18/3", "0,12"]),
        st.just("*"),
        st.sampled_from(["*", "1-6", "12"]),
        st.sampled_from(["*", "mon", "mon-fri", "monday,friday", "sat-sun", "fri-mon"]),
    ).map(" ".join),
)


@given(PHRASES, st.sampled_from([str, str.upper, str.title, lambda text: f"  {text.replace(' ', '   ')} "]))
def test_every_accepted_phrase_can_be_read_again(phrase: str, written: object) -> None:
    assert callable(written)
    schedule = read_schedule(written(phrase))
    assert read_schedule(schedule.text) == schedule


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("every 1 minutes", "every minute"),
        ("Every 15 Minutes", "every 15 minutes"),
        ("daily 2:00", "daily 02:00"),
        ("MONDAY 02:00", "monday 02:00"),
        ("0  2 * *  MON-FRI", "0 2 * * mon-fri"),
    ],
)
def test_a_phrase_is_kept_in_one_spelling(said: str, text: str) -> None:
    assert read_schedule(said).text == text


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", "no_form"),
        ("weekly", "no_form"),
        ("workdays 02:00", "no_form"),
        ("every 15 seconds", "no_form"),
        ("every 15 minutes please", "no_form"),
        ("every ５ minutes", "no_form"),
        ("0 2 * *", "no_form"),
        ("0 0 2 * * mon", "no_form"),
        ("every 0 minutes", "uneven"),
        ("every 7 minutes", "uneven"),
        ("every 5 hours", "uneven"),
        ("every 2880 minutes", "uneven"),
        ("daily 24:00", "no_time"),
        ("daily 02:60", "no_time"),
        ("daily 2", "no_time"),
        ("0 2 * * 1", "day_number"),
        ("0 2 * * 0-6", "day_number"),
        ("0 2 * * mon,7", "day_number"),
        ("0 2 * * mon-fri/2", "day_number"),
        ("0 2 * * mo", "no_field"),
        ("0 2 * * mon-wed-fri", "no_field"),
        ("60 2 * * *", "no_field"),
        ("0 24 * * *", "no_field"),
        ("0 2 0 * *", "no_field"),
        ("0 2 * 13 *", "no_field"),
        ("0 2 * jan *", "no_field"),
        ("10-5 2 * * *", "no_field"),
        ("*/0 2 * * *", "no_field"),
        ("5/10 2 * * *", "no_field"),
        ("0,, 2 * * *", "no_field"),
        ("0 2 L * *", "no_field"),
        ("0 2 1 * mon", "both_days"),
        ("0 2 30 2 *", "never"),
        ("0 2 31 4,6 *", "never"),
    ],
)
def test_what_is_refused_says_why(said: str, code: str) -> None:
    with pytest.raises(StartError) as refused:
        read_schedule(said)
    assert refused.value.message.code == f"schedule.{code}"


@given(st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused(said: str) -> None:
    with suppress(StartError):
        schedule = read_schedule(said)
        assert read_schedule(schedule.text) == schedule


# --------------------------------------------------------------------------------------------- in the declarations

INBOUND = {
    "direction": "inbound",
    "dataset": "departments",
    "department": "370400",
    "source": {"type": "csv", "path": "a.csv"},
    "map": "a/b",
}
OUTBOUND = {
    "direction": "outbound",
    "dataset": "departments",
    "profile": "shandong/platform/2023-01",
    "destination": {"name": "a", "type": "rest"},
}


def declared(folder: Path, **feeds: object) -> dict[str, InboundFeed | OutboundFeed]:
    (folder / "feeds.yml").write_text(json.dumps(feeds), encoding="utf-8")
    return load_feeds(folder)


def refusal(folder: Path, **feeds: object) -> StartError:
    with pytest.raises(StartError) as refused:
        declared(folder, **feeds)
    return refused.value


def test_a_feed_says_when_it_runs_and_what_it_comes_after(tmp_path: Path) -> None:
    feeds = declared(
        tmp_path, i={**INBOUND, "schedule": "daily 02:00"}, o={**OUTBOUND, "after": ["i"], "schedule": "every hour"}
    )
    outbound = feeds["o"]
    assert isinstance(outbound, OutboundFeed)
    assert (feeds["i"].schedule, outbound.schedule, outbound.after) == ("daily 02:00", "every hour", ("i",))


def test_a_wrong_schedule_says_where_it_stands_why_it_is_wrong_and_what_is_allowed(tmp_path: Path) -> None:
    refused = refusal(tmp_path, i={**INBOUND, "schedule": "0 2 * * 1"})
    assert refused.text("zh") == (
        "feeds.yml 中数据流“i”的 schedule“0 2 * * 1”不可用：星期不能写成数字（1），各系统的算法不同；请写 mon、tue、"
        "wed、thu、fri、sat、sun，如 mon-fri；可以写 every 15 minutes、every 2 hours、daily 02:00、monday 02:00，"
        "或星期用英文名的五段 cron，如 30 2 * * mon-fri；均为北京时间"
    )
    assert refused.text("en") == (
        "the schedule '0 2 * * 1' of feed 'i' in feeds.yml is not usable: week days are not written as numbers (1), "
        "which systems count differently; write mon, tue, wed, thu, fri, sat, sun, as in mon-fri; write every 15 "
        "minutes, every 2 hours, daily 02:00, monday 02:00, or five cron fields with the names of week days, as in "
        "30 2 * * mon-fri; all in the time of China"
    )


@pytest.mark.parametrize("name", ["missing", "o"])
def test_a_feed_comes_only_after_inbound_feeds_that_there_are(tmp_path: Path, name: str) -> None:
    refused = refusal(tmp_path, i=INBOUND, o={**OUTBOUND, "after": [name]})
    assert refused.text("zh") == f"数据流“o”的 after 写了“{name}”，但没有这个名称的 inbound 数据流；现有：i"


def test_an_inbound_feed_comes_after_nothing(tmp_path: Path) -> None:
    assert refusal(tmp_path, i=INBOUND, j={**INBOUND, "after": ["i"]}).message.code == "feed.invalid"
