from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from gateway.state import issues
from gateway.state.database import Database


def found(*troubles: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "record_key": "A|uscc",
        "outcome": "rejected",
        "code": "field.required",
        "place": "a.csv",
        "row": 2,
        "field": "name",
        "column": "名称",
        "value": None,
        "arguments": "{}",
        "original": '{"名称":""}',
    }
    read = {"read_run": pl.Int64()} if any("read_run" in trouble for trouble in troubles) else {}
    return pl.DataFrame([{**usual, **trouble} for trouble in troubles], schema={**issues.ISSUES, **read})


def keep(database: Database, run: int, *troubles: dict[str, Any], feed: str = "a", **more: Any) -> int:
    with database.write() as connection:
        return issues.keep(connection, run, feed, "inspection_targets", found(*troubles), **more)


def stored(database: Database, columns: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        rows = connection.exec_driver_sql(f"SELECT {columns} FROM issues ORDER BY id")
        return [tuple(row) for row in rows]


def test_the_same_trouble_met_again_refreshes_its_issue(database: Database) -> None:
    assert keep(database, 1, {}) == 1
    assert keep(database, 2, {"row": 7, "place": "b.csv", "arguments": '{"allowed": "9"}', "original": "{}"}) == 0
    columns = 'place, "row", arguments, original, status, first_run, last_run'
    for run in (2, 3):  # met again in the very same words, it keeps them
        keep(database, run, {"row": 7, "place": "b.csv", "arguments": '{"allowed": "9"}', "original": "{}"})
        assert stored(database, columns) == [("b.csv", 7, '{"allowed": "9"}', "{}", "open", 1, run)]


def test_trouble_that_is_gone_closes_its_issue_and_opens_it_when_it_returns(database: Database) -> None:
    keep(database, 1, {})
    keep(database, 2)
    assert stored(database, "status, last_run") == [("closed", 1)]
    keep(database, 3, {})
    assert stored(database, "status, first_run, last_run") == [("open", 1, 3)]


def test_only_what_is_settled_is_closed_where_a_run_does_not_see_everything(database: Database) -> None:
    keep(database, 1, {}, {"record_key": "B|uscc"}, {"record_key": None})
    keep(database, 2, settled=pl.col("record_key") == "A|uscc")
    assert stored(database, "status") == [("closed",), ("open",), ("open",)]


@pytest.mark.parametrize(
    "other",
    [{"record_key": "B|uscc"}, {"code": "field.length"}, {"field": "address"}, {"value": "x"}],
    ids=["another record", "another rule", "another field", "another value"],
)
def test_other_trouble_is_an_issue_of_its_own(database: Database, other: dict[str, Any]) -> None:
    keep(database, 1, {}, other)
    assert len(stored(database, "id")) == 2
    assert keep(database, 2, {}, other) == 0


@pytest.mark.parametrize("other", [{"row": 3}, {"place": "b.csv"}])
def test_trouble_without_a_readable_key_is_told_apart_by_its_position(
    database: Database, other: dict[str, Any]
) -> None:
    keep(database, 1, {"record_key": None}, {"record_key": None, **other})
    assert len(stored(database, "id")) == 2


def test_the_same_trouble_twice_in_a_run_is_one_issue(database: Database) -> None:
    assert keep(database, 1, {}, {}) == 1
    assert keep(database, 2, {}, {}) == 0


def test_a_feed_settles_only_its_own_issues(database: Database) -> None:
    keep(database, 1, {}, feed="a")
    keep(database, 2, {}, feed="b")
    keep(database, 3, feed="b")
    assert stored(database, "feed, status") == [("a", "open"), ("b", "closed")]


def test_what_a_broken_row_holds_is_kept_readably(database: Database) -> None:
    keep(database, 1, {"value": "\x00", "original": "x\x00y\x1f\x1d行\n\"'%s?:a"})
    assert stored(database, "value, original") == [("<U+0000>", "x<U+0000>y\x1f\x1d行\n\"'%s?:a")]


def test_an_empty_value_and_none_are_different_troubles(database: Database) -> None:
    keep(database, 1, {"value": None}, {"value": ""})
    assert stored(database, "value") == [(None,), ("",)]


def test_rows_of_several_runs_that_stood_in_one_place_under_one_key_each_have_their_issue(database: Database) -> None:
    rows = {"outcome": "held", "original": "old"}, {"outcome": "held", "original": "new"}
    assert (keep(database, 1, *rows), keep(database, 2, *rows)) == (2, 0)
    assert stored(database, "original, last_run") == [("old", 2), ("new", 2)]


def test_a_row_read_again_was_read_by_the_later_run(database: Database) -> None:
    keep(database, 1, {})
    keep(database, 3, {"read_run": 1})
    assert stored(database, "read_run, last_run") == [(1, 3)]
    keep(database, 4, {"read_run": 1}, {"read_run": None})
    assert stored(database, "read_run, last_run") == [(4, 4)]
