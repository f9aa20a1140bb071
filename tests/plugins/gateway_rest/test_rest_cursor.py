"""Incremental reading: what is new is asked for, late rows too, and reading goes on only behind what was read whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Batch, Memory, ResumingSource
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_rest.cursor import Cursor, time_of
from tests.plugins.gateway_rest.vendor import Asked, Vendor, opened, served

TIMES = {"field": "at", "ask": "since", "look_back": "1 hour"}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NUMBERS = {"field": "at", "ask": "since", "look_back": "10"}
PAGE = {"type": "page", "page": "p", "page_size_name": "n", "page_size": "2"}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor(lambda _: {"rows": []})) as vendor:
        yield vendor


def row(code: str, at: str | None) -> dict[str, str | None]:
    return {"code": code, "at": at}


def holds(vendor: Vendor, *rows: Any) -> None:
    """A vendor that gives the rows from `since` on, in pages, in its own order."""

    def answer(asked: Asked) -> Any:
        found = [row for row in rows if (row["at"] or "~") >= asked.query.get("since", "")]
        size = int(asked.query["n"])
        start = (int(asked.query["p"]) - 1) * size
        return {"rows": found[start : start + size], "total": len(found)}

    vendor.answer = answer


def resuming(vendor: Vendor, cursor: Any = TIMES, **options: Any) -> ResumingSource:
    usual = {"pagination": PAGE, "total": "total", "columns": ["code", "at"]}
    source = opened(vendor, cursor=cursor, **{**usual, **options})
    assert isinstance(source, ResumingSource)
    return source


def codes(batches: list[Batch]) -> list[str]:
    return [code for batch in batches for code in batch.rows["code"]]


def cursors(batches: list[Batch]) -> list[str | None]:
    return [batch.cursor["at"] if batch.cursor else None for batch in batches]


def since(vendor: Vendor) -> list[str | None]:
    return [each.query.get("since") for each in vendor.asked if each.query["p"] == "1"]


class TestRestCursorContract(SourceContract):
    @pytest.fixture
    def source(self, vendor: Vendor) -> ResumingSource:
        holds(vendor, row("a", "2026-01-02"), row("b", None), row("c", "2026-01-01"), row("d", "soon"))
        return resuming(vendor)

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {1: ("a", "2026-01-02"), 2: None, 3: ("c", "2026-01-01"), 4: None}

    @pytest.fixture
    def empty_source(self, vendor: Vendor) -> ResumingSource:
        holds(vendor)
        return resuming(vendor)


# --------------------------------------------------------------------------------------------- where reading goes on


def test_the_last_batch_alone_says_where_reading_goes_on(vendor: Vendor) -> None:
    """The platform's order is not known: rows older than those of the first page may come on the last."""
    rows = [row("a", "2026-03-01 10:00:00"), row("b", "2026-01-01 00:00:00"), row("c", "2026-02-01 00:00:00")]
    holds(vendor, *rows)
    batches = list(resuming(vendor).resume(Memory()))
    assert (codes(batches), cursors(batches)) == (["a", "b", "c"], [None, "2026-03-01 10:00:00"])


def test_the_next_run_asks_from_there_less_the_look_back(vendor: Vendor) -> None:
    holds(
        vendor, row("old", "2026-03-01 08:59:59"), row("late", "2026-03-01 09:30:00"), row("b", "2026-03-01 10:00:00")
    )
    batches = list(resuming(vendor).resume(Memory(cursor={"at": "2026-03-01 10:00:00"})))
    assert (since(vendor), codes(batches)) == (["2026-03-01 09:00:00"], ["late", "b"])
    assert cursors(batches) == ["2026-03-01 10:00:00"]


def test_rows_of_the_same_moment_that_come_later_are_read(vendor: Vendor) -> None:
    holds(vendor, row("a", "2026-03-01 10:00:00"))
    (first,) = resuming(vendor).resume(Memory())
    holds(vendor, row("a", "2026-03-01 10:00:00"), row("b", "2026-03-01 10:00:00"))
    batches = list(resuming(vendor, {**TIMES, "look_back": "0 seconds"}).resume(Memory(cursor=first.cursor)))
    assert codes(batches) == ["a", "b"]


def test_without_news_reading_stays_where_it_was(vendor: Vendor) -> None:
    holds(vendor)
    before = {"at": "2026-03-01T10:00:00Z"}
    assert [batch.cursor for batch in resuming(vendor).resume(Memory(cursor=before))] == [before]


def test_reading_does_not_go_back_where_the_newest_row_is_gone(vendor: Vendor) -> None:
    holds(vendor, row("a", "2026-03-01 09:30:00"))
    batches = list(resuming(vendor).resume(Memory(cursor={"at": "2026-03-01 10:00:00"})))
    assert cursors(batches) == ["2026-03-01 10:00:00"]


@pytest.mark.parametrize(("start", "asked"), [(None, None), ("2020-01-01", "2020-01-01")])
def test_the_first_run_asks_for_everything_or_from_the_start(
    vendor: Vendor, start: str | None, asked: str | None
) -> None:
    holds(vendor, row("a", "2026-03-01"))
    cursor = {**TIMES, **({"start": start} if start else {})}
    assert cursors(list(resuming(vendor, cursor).resume(Memory()))) == ["2026-03-01"]
    assert since(vendor) == [asked]


def test_a_cursor_of_another_member_is_none(vendor: Vendor) -> None:
    holds(vendor)
    list(resuming(vendor).resume(Memory(cursor={"changed": "2026-03-01"})))
    assert since(vendor) == [None]


def test_an_operator_may_ask_from_elsewhere_and_reading_goes_on_behind_what_was_read(vendor: Vendor) -> None:
    holds(vendor, row("a", "2025-06-01"), row("b", "2026-01-01"))
    memory = Memory(cursor={"at": "9999-12-31"}, since="2025-01-01")
    assert cursors(list(resuming(vendor).resume(memory))) == ["2026-01-01"]
    assert since(vendor) == ["2025-01-01"]


def test_numbers_are_compared_as_numbers(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"rows": [row("a", "9"), row("b", "10"), {"code": "c", "at": 100.5}], "total": 3}
    source = resuming(vendor, NUMBERS, pagination={**PAGE, "page_size": "5"})
    (batch,) = source.resume(Memory(cursor={"at": "99"}))
    assert (since(vendor), batch.cursor) == (["89"], {"at": "100.5"})


def test_times_of_several_zones_are_compared_as_moments(vendor: Vendor) -> None:
    """A time without a zone is China's."""
    texts = ["2026-03-01T10:00:00+08:00", "2026-03-01T02:30:00Z", "2026-03-01 10:15:00"]
    vendor.answer = lambda _: {"rows": [row(text, text) for text in texts], "total": 3}
    (batch,) = resuming(vendor, pagination={**PAGE, "page_size": "5"}).resume(Memory())
    assert batch.cursor == {"at": "2026-03-01T02:30:00Z"}


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_of_the_future_is_read_and_does_not_move_where_reading_goes_on(vendor: Vendor, order: int) -> None:
    holds(vendor, *[row("a", "9999-12-31 00:00:00"), row("b", "2026-03-01 00:00:00")][::order])
    batches = list(resuming(vendor).resume(Memory()))
    assert (sorted(codes(batches)), cursors(batches)) == (["a", "b"], ["2026-03-01 00:00:00"])


@pytest.mark.parametrize("before", [None, {"at": "2026-01-01 00:00:00"}])
def test_rows_of_the_future_alone_leave_it_where_it_was(vendor: Vendor, before: dict[str, str] | None) -> None:
    holds(vendor, row("a", "9999-12-31 00:00:00"))
    assert [batch.cursor for batch in resuming(vendor).resume(Memory(cursor=before))] == [before]


def test_a_row_may_come_twice_where_nothing_is_withdrawn(vendor: Vendor) -> None:
    """A list in the order of its changes grows while it is walked."""
    rows = [row(str(number), "2026-03-01 00:00:00") for number in range(3)]
    pages = [{"rows": rows[:2]}, {"rows": rows[1:]}, {"rows": []}, {"rows": rows[:2]}]
    vendor.instead = list(pages)
    assert codes(list(resuming(vendor, total=None).resume(Memory()))) == ["0", "1", "1", "2"]
    vendor.instead = list(pages)
    with pytest.raises(SourceError, match="a row stands on several of the pages 1, 2"):
        list(resuming(vendor, total=None).read())


def test_a_walk_that_breaks_off_says_no_place_to_go_on(vendor: Vendor) -> None:
    holds(vendor, *(row(str(number), f"2026-03-0{number}") for number in range(1, 6)))
    whole = vendor.answer
    vendor.answer = lambda asked: {"error": "x"} if asked.query["p"] == "3" else whole(asked)
    read: list[Batch] = []
    with pytest.raises(SourceError):
        read.extend(resuming(vendor).resume(Memory()))
    assert cursors(read) == [None] * len(read)


def test_settling_asks_nothing(vendor: Vendor) -> None:
    source = resuming(vendor)
    source.settle(stored=True)
    source.settle(stored=False)
    assert vendor.asked == []


# ------------------------------------------------------------------------------------------------- rows without a value


def test_a_row_without_a_value_is_refused_or_read_as_declared(vendor: Vendor) -> None:
    holds(vendor, row("a", "2026-03-01"), row("b", None))
    (refusing,) = resuming(vendor).resume(Memory())
    (reading,) = resuming(vendor, {**TIMES, "nulls": "read"}).resume(Memory())
    assert (codes([refusing]), codes([reading])) == (["a"], ["a", "b"])
    assert [(fault.row, fault.message.code) for fault in refusing.faults] == [(2, "rest.row_without_cursor")]
    assert (list(reading.faults), reading.cursor) == ([], {"at": "2026-03-01"})


@pytest.mark.parametrize("nulls", ["refuse", "read"])
def test_a_value_that_is_no_time_is_a_fault_that_says_so(vendor: Vendor, nulls: str) -> None:
    holds(vendor, row("a", "2026-02-30"), row("b", "2026-03-01"))
    (batch,) = resuming(vendor, {**TIMES, "nulls": nulls}).resume(Memory())
    (fault,) = batch.faults
    assert fault.message.text("en", fault.values).startswith("row 1 has '2026-02-30' as 'at', which is no time")
    assert (fault.text, codes([batch]), batch.cursor) == (
        '{"code": "a", "at": "2026-02-30"}',
        ["b"],
        {"at": "2026-03-01"},
    )


@pytest.mark.parametrize(
    ("memory", "value"), [(Memory(since="yesterday"), "yesterday"), (Memory(cursor={"at": "17"}), "17")]
)
def test_a_place_to_go_on_that_is_no_value_is_refused(vendor: Vendor, memory: Memory, value: str) -> None:
    with pytest.raises(SourceError) as caught:
        list(resuming(vendor).resume(memory))
    assert (caught.value.message.code, caught.value.values["value"], vendor.asked) == ("rest.wrong_point", value, [])


# ---------------------------------------------------------------------------------------------------- ways of writing


@pytest.mark.parametrize(
    ("text", "look_back", "asked"),
    [
        ("2026-03-01 00:30:00", "1 hour", "2026-02-28 23:30:00"),
        ("2026-03-01T00:30:00.123456789+08:00", "1 hour", "2026-02-28T23:30:00.123456000+08:00"),
        ("2026-03-01T00:30:00.5Z", "30 minutes", "2026-03-01T00:00:00.5Z"),
        ("2026-03-01T00:30:00,250 -0330", "1 second", "2026-03-01T00:29:59,250 -0330"),
        ("2026/03/01 00:30", "1 day", "2026/02/28 00:30"),
        ("20260301003000", "2 days", "20260227003000"),
        ("20260301", "1 hour", "20260228"),
        ("2026.03.01", "1 week", "2026.02.22"),
        ("0001-01-01", "1 day", "0001-01-01"),
    ],
)
def test_what_is_asked_is_written_as_the_platform_writes(text: str, look_back: str, asked: str) -> None:
    assert Cursor(field="at", ask="since", look_back=look_back).before(text) == asked


@pytest.mark.parametrize(
    "text",
    ["", "2026-3-1", "2026-02-30", "2026-03-01 24:00:00", "2026-03/01", "26-03-01", "2026-03-01T1", "２０２６-03-01"],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_of(text) is None


@given(
    st.integers(-2_000_000_000, 7_000_000_000).map(lambda seconds: EPOCH + dt.timedelta(seconds=seconds)),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M:%S+08:00"]),
    st.integers(0, 100_000),
)
def test_the_look_back_is_exact(moment: dt.datetime, layout: str, seconds: int) -> None:
    text, cursor = moment.strftime(layout), Cursor(field="f", ask="a", look_back=f"{seconds} seconds")
    assert cursor.before(text) == (moment - dt.timedelta(seconds=seconds)).strftime(layout)


# ------------------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    "cursor",
    [
        {**TIMES, "look_back": "soon"},
        {**TIMES, "look_back": "-1"},
        {**TIMES, "look_back": "1 month"},
        {**TIMES, "start": "yesterday"},
        {**NUMBERS, "start": "2026-01-01"},
        {**TIMES, "nulls": "skip"},
        {**TIMES, "field": "elsewhere"},
        {**TIMES, "ask": "p"},
        {"field": "at", "ask": "since"},
    ],
    ids=str,
)
def test_a_cursor_that_makes_no_sense_is_refused(vendor: Vendor, cursor: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        resuming(vendor, cursor)
