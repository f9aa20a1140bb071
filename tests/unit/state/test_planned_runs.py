"""A planned time is entered once, taken up again where it was left behind, and closed by the run that did it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from gateway.state import figures, leases, planned_runs, runs
from gateway.state.database import Connection, Database
from gateway.state.planned_runs import KEPT, PlannedRun, Standing
from gateway.state.tables import planned_runs as table

TEN = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
FIVE_PAST = TEN + dt.timedelta(minutes=5)


def started(connection: Connection, moment: dt.datetime, feed: str = "a") -> PlannedRun:
    planned = planned_runs.start(connection, feed, moment)
    assert planned is not None
    return planned


def run(database: Database, status: str = "succeeded", feed: str = "a", counts: Mapping[str, int] | None = None) -> int:
    """Enter a run that begins now and ends with this status."""
    number = runs.start(database, feed=feed, direction="inbound", dataset="d", stage="reading", map_digest="")
    with database.write() as connection:
        runs.finish(connection, number, status=status, stage="stored", counts=counts or {})
    return number


def test_a_time_is_entered_once_and_none_before_it_after_that(database: Database) -> None:
    with database.write() as connection:
        assert started(connection, FIVE_PAST).planned_for == FIVE_PAST
        again = [planned_runs.start(connection, "a", moment) for moment in (FIVE_PAST, TEN)]
        assert (again, started(connection, FIVE_PAST, "b").feed) == ([None, None], "b")


def test_two_schedulers_at_once_enter_a_time_once(database: Database) -> None:
    entered: list[PlannedRun | None] = []
    meeting = threading.Barrier(2)

    def enter() -> None:
        meeting.wait()
        try:
            with database.write() as connection:
                entered.append(planned_runs.start(connection, "a", TEN))
        except sa.exc.IntegrityError:
            entered.append(None)

    threads = [threading.Thread(target=enter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each is None for each in sorted(entered, key=lambda each: each is None)] == [False, True]


def test_the_standing_of_a_feed_is_its_last_time_and_what_is_under_way(database: Database) -> None:
    with database.write() as connection:
        planned_runs.notice(connection, "new", TEN)
        planned_runs.finish(connection, started(connection, TEN), 7, FIVE_PAST)
        started(connection, FIVE_PAST)
    with database.read() as connection:
        assert planned_runs.standings(connection) == {
            "new": Standing(TEN),
            "a": Standing(FIVE_PAST, FIVE_PAST, under_way=True),
        }


def test_what_is_left_behind_is_closed_by_a_later_run(database: Database) -> None:
    with database.write() as connection:
        started(connection, TEN)
        last = started(connection, FIVE_PAST)
        assert planned_runs.under_way(connection, "a") == last
        planned_runs.finish(connection, last, 7, FIVE_PAST)
        assert planned_runs.under_way(connection, "a") is None
        assert connection.execute(sa.select(table.c.status, table.c.run)).fetchall() == [("finished", 7)] * 2


@pytest.mark.parametrize(
    ("status", "counts"), [("succeeded", True), ("with_issues", True), ("held", True), ("failed", False)]
)
def test_a_run_that_stored_something_since_a_planned_one_was_entered_has_done_it(
    database: Database, status: str, counts: bool
) -> None:
    before = run(database)
    with database.write() as connection:
        planned = started(connection, TEN)
    with database.read() as connection:
        assert planned_runs.run_since(connection, planned) is None
    number = run(database, status)
    run(database, feed="another")
    with database.read() as connection:
        assert (before < number, planned_runs.run_since(connection, planned)) == (True, number if counts else None)


def test_of_the_runs_after_the_known_one_the_last_and_the_last_that_stored_something_count(database: Database) -> None:
    known, other = run(database), run(database, feed="b")
    runs.start(database, feed="c", direction="inbound", dataset="d", stage="reading", map_digest="")
    storing = [
        run(database, counts={"records": 2, "withdrawn": 0}),
        run(database, counts={"withdrawn": 1, "records": 0}),
    ]
    last = [run(database, counts={"records": 0, "withdrawn": 0}), run(database, "failed")][-1]
    with database.read() as connection:
        ended = planned_runs.ended_since(connection, {"a": known, "b": other, "c": 0})
        assert (ended, planned_runs.ended_since(connection, {})) == ({"a": (last, storing[-1])}, {})


def test_a_run_that_nobody_planned_counts_as_the_last_finished_one(database: Database) -> None:
    with database.write() as connection:
        planned_runs.finish(connection, started(connection, TEN), 6, TEN)
        planned_runs.notice(connection, "b", TEN)
        planned_runs.count(connection, "a", 7, FIVE_PAST)
        assert planned_runs.standings(connection) == {"a": Standing(TEN, FIVE_PAST), "b": Standing(TEN)}
        assert planned_runs.last_runs(connection) == {"a": 7}


def test_what_is_handed_back_is_to_be_run_again_although_some_of_it_was_done(database: Database) -> None:
    with database.write() as connection:
        started(connection, TEN)
    run(database, "with_issues")
    with database.write() as connection:
        left = planned_runs.under_way(connection, "a")
        assert left is not None
        planned_runs.hand_back(connection, left)
        again = planned_runs.under_way(connection, "a")
        assert again is not None
        assert planned_runs.run_since(connection, again) is None


def test_old_planned_runs_are_forgotten_but_never_the_last_one(database: Database) -> None:
    with database.write() as connection:
        for moment in (TEN, FIVE_PAST):
            planned_runs.finish(connection, started(connection, moment), 1, moment)
        started(connection, FIVE_PAST + KEPT)
        assert connection.execute(sa.select(table.c.planned_for)).scalars().all() == [FIVE_PAST, FIVE_PAST + KEPT]


def test_the_last_success_of_a_feed_is_that_of_its_last_run_that_did_something(database: Database) -> None:
    run(database)
    run(database, "failed")
    run(database, "failed", feed="b")
    with database.read() as connection:
        moments = figures.last_successes(connection)
    assert list(moments) == ["a"]
    assert moments["a"].tzinfo is not None


def test_a_lease_that_somebody_else_took_is_known_to_be_lost(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LIFE", dt.timedelta(seconds=0.06))
    with leases.hold(database, "scheduler") as lease:
        assert not lease.lost.wait(0.2)
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE leases SET holder = 'elsewhere:1:abcd'")
        assert lease.lost.wait(30)
