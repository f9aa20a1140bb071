from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pipeline.compare import Action, Plan, compare
from gateway.pipeline.judge import JUDGED
from gateway.state.exchange import HELD


def judged(*rows: tuple[int | None, int, str | None, str]) -> pl.DataFrame:
    """Rows as (key, digest, version, verdict)."""
    return pl.DataFrame([(0, index, *row, None) for index, row in enumerate(rows)], schema=JUDGED, orient="row")


def held(*records: tuple[int, int, int, str | None, bool, bool]) -> pl.DataFrame:
    """Records as (id, key, digest, version, withdrawn, own)."""
    return pl.DataFrame(list(records), schema=HELD, orient="row")


def actions(plan: Plan) -> list[str]:
    return plan.rows["action"].cast(pl.String).to_list()


NOTHING = held()
VERSIONS = st.sampled_from([None, "1", "2", "2024-01-01", "20240102", "v1"])


def test_a_key_not_held_is_inserted() -> None:
    assert actions(compare(judged((1, 10, None, "accepted")), NOTHING, latest_decides=False, snapshot=True)) == [
        "insert"
    ]


@pytest.mark.parametrize(
    ("row", "record", "expected"),
    [
        ((1, 10, None, "accepted"), (7, 1, 10, None, False, True), "same"),
        ((1, 11, None, "accepted"), (7, 1, 10, None, False, True), "change"),
        ((1, 10, None, "accepted"), (7, 1, 10, None, True, True), "change"),
        ((1, 11, "2", "accepted"), (7, 1, 10, "3", False, True), "older"),
        ((1, 11, "3", "accepted"), (7, 1, 10, "2", False, True), "change"),
        ((1, 10, "3", "accepted"), (7, 1, 10, "2", False, True), "confirm"),
        ((1, 10, "3", "accepted"), (7, 1, 10, None, False, True), "confirm"),
        ((1, 10, "2", "accepted"), (7, 1, 10, "2", False, True), "same"),
        ((1, 11, None, "accepted"), (7, 1, 10, None, False, False), "foreign"),
        ((1, 11, None, "held"), (7, 1, 10, None, False, True), "held"),
        ((1, 11, None, "rejected"), (7, 1, 10, None, False, True), "rejected"),
        ((1, 11, "2024-1-9", "accepted"), (7, 1, 10, "2024-1-10", False, True), "older"),
        ((1, 11, "2024-1-10", "accepted"), (7, 1, 10, "2024-1-9", False, True), "change"),
        ((1, 11, "2024-01-09", "accepted"), (7, 1, 10, "2024/1/9", False, True), "change"),
        ((1, 10, "2024-01-09", "accepted"), (7, 1, 10, "2024/1/9", False, True), "same"),
        ((1, 11, "2024-1-10", "accepted"), (7, 1, 10, "9", False, True), "incomparable"),
        ((1, 11, "9", "accepted"), (7, 1, 10, "v9", False, True), "incomparable"),
        ((1, 10, "2024-1-10", "accepted"), (7, 1, 10, "9", False, True), "confirm"),
        ((1, 11, "2", "accepted"), (7, 1, 10, "3", True, True), "change"),
        ((1, 11, "2024-1-10", "accepted"), (7, 1, 10, "9", True, True), "change"),
    ],
)
def test_a_row_meets_the_record_held(row: tuple, record: tuple, expected: str) -> None:
    assert actions(compare(judged(row), held(record), latest_decides=False, snapshot=True)) == [expected]


def test_of_a_list_of_changes_an_older_row_does_not_bring_a_withdrawn_record_back() -> None:
    rows, record = judged((1, 11, "2", "accepted")), held((7, 1, 10, "3", True, True))
    assert actions(compare(rows, record, latest_decides=False, snapshot=False)) == ["older"]


def test_every_row_of_a_doubled_key_is_held() -> None:
    plan = compare(
        judged((1, 10, None, "accepted"), (2, 20, None, "accepted"), (1, 11, None, "accepted")),
        NOTHING,
        latest_decides=False,
        snapshot=True,
    )
    assert actions(plan) == ["doubled", "insert", "doubled"]


def test_a_rejected_row_still_claims_its_key() -> None:
    plan = compare(
        judged((1, 10, None, "accepted"), (1, 11, None, "rejected")), NOTHING, latest_decides=False, snapshot=True
    )
    assert actions(plan) == ["doubled", "rejected"]


def test_rows_without_a_key_do_not_double_each_other() -> None:
    plan = compare(
        judged((None, 10, None, "rejected"), (None, 10, None, "rejected")), NOTHING, latest_decides=False, snapshot=True
    )
    assert actions(plan) == ["rejected", "rejected"]


def test_the_latest_version_decides_where_the_feed_says_so() -> None:
    rows = judged((1, 10, "2", "accepted"), (1, 11, "3", "accepted"), (1, 12, None, "accepted"))
    assert actions(compare(rows, NOTHING, latest_decides=True, snapshot=True)) == ["older", "insert", "older"]


def test_equal_latest_versions_decide_nothing() -> None:
    rows = judged((1, 10, "3", "accepted"), (1, 11, "3", "accepted"))
    assert actions(compare(rows, NOTHING, latest_decides=True, snapshot=True)) == ["doubled", "doubled"]


def test_the_latest_of_versions_that_are_written_in_several_ways_decides() -> None:
    rows = judged((1, 10, "2024-9-1", "accepted"), (1, 11, "20241001", "accepted"), (1, 12, "2024/9/30", "accepted"))
    assert actions(compare(rows, NOTHING, latest_decides=True, snapshot=True)) == ["older", "insert", "older"]


@pytest.mark.parametrize("other", ["2024-9-1", "v9", "2024-9-1 08:00:00Z"])
def test_rows_whose_versions_do_not_compare_decide_nothing(other: str) -> None:
    rows = judged((1, 10, "9", "accepted"), (1, 11, other, "accepted"), (1, 12, "10", "accepted"))
    assert actions(compare(rows, NOTHING, latest_decides=True, snapshot=True)) == ["doubled"] * 3


def test_only_own_records_in_force_vanish() -> None:
    records = held(
        (7, 1, 10, None, False, True),
        (8, 2, 10, None, True, True),
        (9, 3, 10, None, False, False),
        (5, 4, 10, None, False, True),
    )
    plan = compare(judged((4, 10, None, "rejected")), records, latest_decides=False, snapshot=True)
    assert plan.vanished.to_list() == [7]
    assert plan.vanished_share() == Decimal(1) / 2


READ = st.one_of(
    st.tuples(st.integers(0, 5), st.integers(0, 3), VERSIONS, st.sampled_from(["accepted", "held", "rejected"])),
    st.tuples(st.none(), st.integers(0, 3), VERSIONS, st.sampled_from(["held", "rejected"])),
)


@given(
    st.lists(READ, max_size=12),
    st.lists(st.tuples(st.integers(0, 3), VERSIONS, st.booleans(), st.booleans()), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_every_row_gets_exactly_one_action(rows: list, records: list, latest: bool, snapshot: bool) -> None:
    there = held(*((number, number, *record) for number, record in enumerate(records)))
    plan = compare(judged(*rows), there, latest_decides=latest, snapshot=snapshot)
    assert plan.rows.select("batch", "index").rows() == [(0, index) for index in range(len(rows))]
    assert plan.rows["action"].null_count() == 0
    written = plan.of(Action.INSERT, Action.CHANGE)
    assert written["key"].is_unique().all()
