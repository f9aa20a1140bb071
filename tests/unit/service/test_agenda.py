"""What is due: by the clock, after other feeds, after a restart; each time once, however many were missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.errors import LeaseLost
from gateway.pipeline.schedule import CHINA
from gateway.pipeline.schedule_words import read_schedule
from gateway.service.agenda import Agenda, ScheduledFeed
from gateway.service.pace import Pace
from gateway.state import leases, runs
from gateway.state.database import Database

QUARTERS = ScheduledFeed("inbound", read_schedule("every 15 minutes"))
FOLLOWER = ScheduledFeed("outbound", after=("in", "other"))
BOTH = ScheduledFeed("outbound", read_schedule("daily 02:00"), after=("in",))


@dataclass
class Clock:
    moment: dt.datetime

    def __call__(self) -> dt.datetime:
        return self.moment

    def says(self, time: str) -> None:
        self.moment = at(time)


def at(time: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-03-02 {time}").replace(tzinfo=CHINA)


@pytest.fixture
def clock() -> Clock:
    return Clock(at("10:00"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def lease(database: Database) -> Iterator[leases.Lease]:
    with leases.hold(database, "scheduler") as held:
        yield held


@pytest.fixture
def agenda(database: Database, lease: leases.Lease, clock: Clock) -> Agenda:
    made = Agenda(database, lease, clock, Pace(retry=10, longest_retry=35))
    made.load()
    return made


def restarted(agenda: Agenda) -> Agenda:
    """The agenda of the process that schedules next."""
    made = Agenda(agenda.database, agenda.lease, agenda.clock, agenda.pace)
    made.load()
    return made


def takes(agenda: Agenda, name: str, feed: ScheduledFeed) -> str | None:
    """The planned time that is due and is run, as hours and minutes."""
    if not agenda.due({name: feed}):
        return None
    planned = agenda.plan(name, feed)
    if planned is None:
        return None
    agenda.finish(planned, 1)
    return planned.planned_for.astimezone(CHINA).strftime("%H:%M")


def stored(agenda: Agenda, records: int = 1, withdrawn: int = 0) -> int:
    """A run of the feed that is pushed to, as the desk of any process makes it."""
    run = runs.start(agenda.database, feed="in", direction="inbound", dataset="d", stage="reading", map_digest="")
    with agenda.database.write() as connection:
        counts = {"records": records, "withdrawn": withdrawn}
        runs.finish(connection, run, status="succeeded", stage="stored", counts=counts)
    return run


def test_a_feed_that_is_seen_for_the_first_time_has_missed_nothing(agenda: Agenda, clock: Clock) -> None:
    taken = [takes(agenda, "in", QUARTERS)]
    clock.says("10:14:59")
    taken.append(takes(agenda, "in", QUARTERS))
    clock.says("10:15")
    assert [*taken, takes(agenda, "in", QUARTERS)] == [None, None, "10:15"]


def test_what_was_seen_before_a_restart_counts_after_it(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    clock.says("10:50")
    again = restarted(agenda)
    assert [takes(again, "in", QUARTERS), takes(again, "in", QUARTERS)] == ["10:45", None]


def test_a_clock_that_goes_back_and_on_again_makes_nothing_due_twice(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    taken = []
    for time in ("10:31", "09:00", "10:30", "10:44", "10:45"):
        clock.says(time)
        taken.append(takes(agenda, "in", QUARTERS))
    assert taken == ["10:30", None, None, None, "10:45"]


def test_a_feed_that_was_planned_for_a_time_to_come_is_told_of(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    clock.says("10:15")
    takes(agenda, "in", QUARTERS)
    clock.says("10:14:30")  # clocks are put right by so much
    assert agenda.ahead(["in", "unknown"]) == {"in": None}
    clock.says("10:00")
    assert agenda.ahead(["in"]) == {"in": at("10:15")}


def test_a_feed_that_comes_after_others_is_due_when_one_of_them_has_finished(agenda: Agenda, clock: Clock) -> None:
    for name, feed in (("in", QUARTERS), ("other", QUARTERS), ("out", FOLLOWER)):
        assert takes(agenda, name, feed) is None
    clock.says("10:15")
    first = [takes(agenda, "out", FOLLOWER), takes(agenda, "in", QUARTERS), takes(agenda, "out", FOLLOWER)]
    clock.says("10:16")
    second = [takes(agenda, "out", FOLLOWER), takes(agenda, "other", QUARTERS), takes(agenda, "out", FOLLOWER)]
    assert (first, second) == ([None, "10:15", "10:15"], [None, "10:15", "10:16"])


def test_a_feed_that_finished_just_before_a_kill_is_followed_after_the_restart(agenda: Agenda, clock: Clock) -> None:
    for name, feed in (("in", QUARTERS), ("out", FOLLOWER)):
        takes(agenda, name, feed)
    clock.says("10:15")
    takes(agenda, "in", QUARTERS)
    assert takes(restarted(agenda), "out", FOLLOWER) == "10:15"


@pytest.mark.parametrize(("records", "withdrawn", "taken"), [(1, 0, "10:15"), (0, 1, "10:15"), (0, 0, None)])
def test_a_pushed_batch_is_followed_once_where_it_stored_something(
    agenda: Agenda, clock: Clock, records: int, withdrawn: int, taken: str | None
) -> None:
    takes(agenda, "out", FOLLOWER)
    clock.says("10:15")
    stored(agenda, records, withdrawn)
    agenda.count_pushes(["in"])
    assert takes(agenda, "out", FOLLOWER) == taken
    clock.says("10:16")
    for each in (agenda, restarted(agenda)):
        each.count_pushes(["in"])
        assert takes(each, "out", FOLLOWER) is None


def test_a_batch_stored_while_nobody_scheduled_is_followed_after_the_restart(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "out", FOLLOWER)
    stored(agenda)
    clock.says("10:15")
    again = restarted(agenda)
    again.count_pushes(["in"])
    assert takes(restarted(agenda), "out", FOLLOWER) == "10:15"  # killed once more before it was followed


def test_a_feed_that_is_pushed_to_and_has_a_schedule_is_followed_for_either(agenda: Agenda, clock: Clock) -> None:
    for name, feed in (("in", QUARTERS), ("out", FOLLOWER)):
        takes(agenda, name, feed)
    clock.says("10:15")
    planned = agenda.plan("in", QUARTERS)
    assert planned is not None
    agenda.finish(planned, stored(agenda))
    taken = [takes(agenda, "out", FOLLOWER)]
    clock.says("10:16")
    agenda.count_pushes(["in"])  # what was planned is not counted twice
    taken.append(takes(agenda, "out", FOLLOWER))
    stored(agenda)
    agenda.count_pushes(["in"])
    taken += [takes(agenda, "out", FOLLOWER), takes(agenda, "in", QUARTERS)]
    clock.says("10:30")
    assert [*taken, takes(agenda, "in", QUARTERS)] == ["10:15", None, "10:16", None, "10:30"]


def test_a_feed_may_have_a_schedule_and_come_after_others(agenda: Agenda, clock: Clock) -> None:
    for name, feed in (("in", QUARTERS), ("out", BOTH)):
        takes(agenda, name, feed)
    clock.says("10:15")
    taken = [takes(agenda, "in", QUARTERS), takes(agenda, "out", BOTH)]
    clock.moment += dt.timedelta(hours=16)
    assert [*taken, takes(agenda, "out", BOTH)] == ["10:15", "10:15", "02:00"]


def test_a_run_that_was_left_behind_is_taken_up_for_the_last_time_that_was_missed(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    clock.says("10:15")
    assert agenda.plan("in", QUARTERS) is not None
    clock.says("10:20")
    same = restarted(agenda).plan("in", QUARTERS)
    assert same is not None
    clock.says("11:01")
    again = restarted(agenda)
    assert (same.planned_for, takes(again, "in", QUARTERS)) == (at("10:15"), "11:00")
    assert takes(restarted(agenda), "in", QUARTERS) is None


def test_a_run_that_stored_everything_before_the_kill_is_not_done_again(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    clock.says("10:15")
    assert agenda.plan("in", QUARTERS) is not None
    run = runs.start(agenda.database, feed="in", direction="inbound", dataset="d", stage="reading", map_digest="")
    with agenda.database.write() as connection:
        runs.finish(connection, run, status="succeeded", stage="stored", counts={})
    again = restarted(agenda)
    taken = [takes(again, "in", QUARTERS), again.due({"in": QUARTERS})]
    clock.says("10:30")
    assert [*taken, takes(again, "in", QUARTERS)] == [None, [], "10:30"]


def test_a_feed_that_cannot_be_run_waits_longer_each_time_until_it_can(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    clock.says("10:15")
    planned = agenda.plan("in", QUARTERS)
    assert planned is not None
    waits = [agenda.postpone("in") for _ in range(4)]
    assert (waits, agenda.due({"in": QUARTERS})) == ([10, 20, 35, 35], [])
    agenda.finish(planned, 1)
    assert agenda.postpone("in") == 10


def test_nothing_is_planned_without_the_lease(agenda: Agenda, clock: Clock) -> None:
    with agenda.database.write() as connection:
        connection.exec_driver_sql("UPDATE leases SET holder = 'elsewhere:1:abcd'")
    with pytest.raises(LeaseLost):
        agenda.plan("in", QUARTERS)
    stored(agenda)
    with pytest.raises(LeaseLost):
        agenda.count_pushes(["in"])


def test_a_changed_schedule_counts_from_then_on(agenda: Agenda, clock: Clock) -> None:
    takes(agenda, "in", QUARTERS)
    clock.says("10:16")
    daily = ScheduledFeed("inbound", read_schedule("daily 10:10"))
    assert [takes(agenda, "in", daily), takes(agenda, "in", daily), takes(agenda, "in", QUARTERS)] == [
        "10:10",
        None,
        "10:15",
    ]
