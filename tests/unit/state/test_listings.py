"""Runs, issues and records as operators ask for them, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import polars as pl
import psycopg
import pytest

from gateway.domain.datasets import DATASETS
from gateway.state import issues, runs
from gateway.state.database import Database
from gateway.state.exchange_tables import table_of
from gateway.state.issue_list import (
    IssueFilter,
    ListedIssue,
    count_issues,
    issues_of_record,
    issues_with_value,
    read_issues,
)
from gateway.state.run_list import list_runs, runs_numbered
from gateway.state.trace import keys_starting_with, versions_of

TARGETS = DATASETS["inspection_targets"]


def _run(database: Database, feed: str) -> int:
    return runs.start(database, feed=feed, direction="inbound", dataset="departments", stage="reading", map_digest="")


def _issue(row: int | None, outcome: str, key: str | None = None, value: str = "v", place: str = "a.csv") -> dict:
    return {
        "record_key": key,
        "outcome": outcome,
        "code": f"test.{outcome}",
        "place": place,
        "row": row,
        "field": "name",
        "column": "名称",
        "value": value,
        "arguments": "{}",
        "original": None,
    }


def _keep(database: Database, feed: str, found: list[dict]) -> int:
    run = _run(database, feed)
    with database.write() as connection:
        issues.keep(connection, run, feed, TARGETS.name, pl.DataFrame(found, schema=issues.ISSUES))
    return run


def _read(database: Database, wanted: IssueFilter, at_most: int | None = None) -> list[ListedIssue]:
    with database.read() as connection:
        return list(read_issues(connection, wanted, at_most))


@pytest.fixture
def two_runs(database: Database) -> Database:
    """Run 1 of `a` met three issues, run 2 of `b` one, run 3 of `a` met only the second of the three again."""
    _keep(database, "a", [_issue(9, "rejected"), _issue(2, "held", "91A|uscc"), _issue(None, "note")])
    _keep(database, "b", [_issue(1, "rejected", value="wrong")])
    _keep(database, "a", [_issue(2, "held", "91A|uscc")])
    return database


def test_open_issues_are_listed_in_the_order_of_feed_place_and_row(database: Database) -> None:
    _keep(database, "b", [_issue(1, "rejected")])
    _keep(
        database,
        "a",
        [_issue(10, "held", place="b.csv"), _issue(9, "rejected"), _issue(2, "held"), _issue(None, "reported")],
    )
    listed = [(each.feed, each.place, each.row) for each in _read(database, IssueFilter())]
    assert listed == [("a", "a.csv", None), ("a", "a.csv", 2), ("a", "a.csv", 9), ("a", "b.csv", 10), ("b", "a.csv", 1)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (IssueFilter(), [("a", "held"), ("b", "rejected")]),
        (IssueFilter(status=None), [("a", "note"), ("a", "held"), ("a", "rejected"), ("b", "rejected")]),
        (IssueFilter(feed="b"), [("b", "rejected")]),
        (IssueFilter(outcomes=("held", "note")), [("a", "held")]),
        (IssueFilter(run=1, status=None), [("a", "note"), ("a", "held"), ("a", "rejected")]),
        (IssueFilter(run=3), [("a", "held")]),
    ],
)
def test_a_filter_picks_its_issues(two_runs: Database, wanted: IssueFilter, expected: list[tuple[str, str]]) -> None:
    assert [(each.feed, each.outcome) for each in _read(two_runs, wanted)] == expected


def test_no_more_issues_are_listed_than_wanted(two_runs: Database) -> None:
    assert len(_read(two_runs, IssueFilter(status=None), at_most=2)) == 2


def test_issues_are_counted_by_feed_and_outcome(two_runs: Database) -> None:
    with two_runs.read() as connection:
        assert count_issues(connection, IssueFilter()) == {("a", "held"): 1, ("b", "rejected"): 1}


def test_the_issues_of_a_record_and_of_a_value_are_found(two_runs: Database) -> None:
    with two_runs.read() as connection:
        of_record = issues_of_record(connection, TARGETS.name, "91A|uscc")
        of_value = issues_with_value(connection, "wrong", 5)
    assert [(each.outcome, each.first_run, each.last_run) for each in of_record] == [("held", 1, 3)]
    assert [each.feed for each in of_value] == ["b"]


def test_runs_are_listed_newest_first(two_runs: Database) -> None:
    with two_runs.read() as connection:
        assert [run.id for run in list_runs(connection)] == [3, 2, 1]
        assert [run.id for run in list_runs(connection, feed="a", at_most=1)] == [3]
        assert sorted(runs_numbered(connection, [1, 3, 7])) == [1, 3]


def _insert(database: Database, *keys: str) -> None:
    table = table_of(TARGETS)
    row = dict.fromkeys(("digest", "operation", "owner_department", "feed", "source"), "")
    with database.write() as connection:
        connection.execute(
            table.insert(),
            [
                {**row, "record_key": key, "change_number": number, "withdrawn": 0, "run": 1}
                for number, key in enumerate(keys, 1)
            ],
        )


def test_a_start_finds_every_key_that_begins_so_and_no_other(database: Database) -> None:
    _insert(database, "91A1|uscc", "91A|uscc|enterprise|", "91A|uscc|enterprise|许可证", "91B|uscc", "91a|uscc", "9")
    with database.read() as connection:
        found = [key for _, key in keys_starting_with(connection, [TARGETS], "91A|", 10)]
        several = [key for _, key in keys_starting_with(connection, [TARGETS], "91A", 10)]
    assert found == ["91A|uscc|enterprise|", "91A|uscc|enterprise|许可证"]
    assert sorted(several) == ["91A1|uscc", "91A|uscc|enterprise|", "91A|uscc|enterprise|许可证"]


def test_a_key_that_only_made_issues_is_found(two_runs: Database) -> None:
    with two_runs.read() as connection:
        assert keys_starting_with(connection, [TARGETS], "91A", 10) == [(TARGETS.name, "91A|uscc")]


def test_wildcards_in_a_start_mean_themselves(database: Database) -> None:
    _insert(database, "91A|uscc", "9%|uscc")
    with database.read() as connection:
        found = [keys_starting_with(connection, [TARGETS], start, 10) for start in ("9%", "9_", "%")]
    assert found == [[(TARGETS.name, "9%|uscc")], [], []]


def test_a_record_that_is_not_there_has_no_versions(database: Database) -> None:
    with database.read() as connection:
        assert versions_of(connection, TARGETS, "91A") == []


def test_a_start_is_looked_up_by_the_index(database: Database) -> None:
    _insert(database, *(f"91{number:06}|uscc" for number in range(3000)))
    explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")
        plan = connection.exec_driver_sql(
            f"{explain} SELECT record_key FROM inspection_targets"
            " WHERE record_key >= '91001' AND record_key < '91001\U0010ffff' ORDER BY record_key LIMIT 20"
        ).fetchall()
    assert "ix_inspection_targets_record_key" in str(plan)


@pytest.fixture
def chinese_collation(postgresql_server: str) -> Iterator[Database]:
    """A database that sorts as Chinese readers expect, where 91a and 91A stand together."""
    name = f"gateway_icu_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        try:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'zh-Hans-CN'"
            )
        except psycopg.Error as error:
            pytest.skip(f"this server sorts by no ICU locale: {error}")
        database = Database(f"{postgresql_server.rpartition('/')[0]}/{name}")
        database.upgrade()
        yield database
        database.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_start_means_its_very_letters_whatever_the_server_sorts_by(chinese_collation: Database) -> None:
    _insert(chinese_collation, "91A|uscc", "91a|uscc", "91A1|uscc", "91B|uscc")
    with chinese_collation.read() as connection:
        found = [key for _, key in keys_starting_with(connection, [TARGETS], "91A", 10)]
    assert sorted(found) == ["91A1|uscc", "91A|uscc"]
