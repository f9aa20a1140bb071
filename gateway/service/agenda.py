"""What is due: planned times and finished predecessors, against what was planned before; kept in the database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gateway.pipeline.feeds import InboundFeed, OutboundFeed
from gateway.pipeline.schedule import Schedule
from gateway.pipeline.schedule_words import read_schedule
from gateway.service.pace import Clock, Pace
from gateway.state import planned_runs
from gateway.state.database import Connection, Database
from gateway.state.leases import Lease
from gateway.state.planned_runs import PlannedRun, Standing

_SLACK = dt.timedelta(minutes=1)  # clocks of two machines differ, and are put right, by less


@dataclass(frozen=True)
class ScheduledFeed:
    """When a feed runs: by its schedule, whenever one of the feeds it comes after has finished, or both."""

    direction: str
    schedule: Schedule | None = None
    after: tuple[str, ...] = ()


def scheduled(feed: InboundFeed | OutboundFeed) -> ScheduledFeed | None:
    """When a feed runs by itself; None where somebody has to run it."""
    schedule = read_schedule(feed.schedule) if feed.schedule else None
    after = feed.after if isinstance(feed, OutboundFeed) else ()
    return ScheduledFeed(feed.direction, schedule, after) if schedule or after else None


@dataclass
class Agenda:
    """The plan of every feed, while this process holds the scheduler's lease: nobody else writes it then."""

    database: Database
    lease: Lease
    clock: Clock
    pace: Pace
    _standings: dict[str, Standing] = field(default_factory=dict)
    _last_runs: dict[str, int] = field(default_factory=dict)  # that were reckoned with
    _known: dict[str, tuple[ScheduledFeed, Standing, dt.datetime | None]] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)  # in vain, one after the other
    _not_before: dict[str, float] = field(default_factory=dict)  # on the monotonic clock

    def load(self) -> None:
        """Learn what was planned before, by whom ever."""
        with self.database.read() as connection:
            self._standings = planned_runs.standings(connection)
            self._last_runs = planned_runs.last_runs(connection)

    def due(self, feeds: Mapping[str, ScheduledFeed]) -> list[str]:
        """The feeds for which `plan` has something to do now."""
        now, passed = self.clock(), time.monotonic()
        return [
            name
            for name, feed in feeds.items()
            if self._is_due(name, feed, now) and passed >= self._not_before.get(name, 0)
        ]

    def count_pushes(self, feeds: Iterable[str]) -> None:
        """Let each of these feeds that had batches pushed to it, and stored some, count as finished now.

        That is asked of the database, since any process may have taken a batch in, and may be dead by now. Raises
        LeaseLost.
        """
        known = {name: self._last_runs.get(name, 0) for name in feeds if not self._is_under_way(name)}
        if not known:
            return
        with self.database.read() as connection:
            ended = planned_runs.ended_since(connection, known)
        for name, (last, last_stored) in ended.items():
            if last_stored:
                self._count(name, last_stored)
            self._last_runs[name] = last

    def ahead(self, feeds: Iterable[str]) -> dict[str, dt.datetime | None]:
        """For each feed the time it was planned for and that has yet to come, as after the clock was set back."""
        latest = self.clock() + _SLACK
        planned = {name: self._standings[name].planned_for for name in feeds if name in self._standings}
        return {name: moment if moment > latest else None for name, moment in planned.items()}

    def plan(self, name: str, feed: ScheduledFeed) -> PlannedRun | None:
        """Enter the run that is due, or take up one that was left behind; None where there is nothing to run.

        However many times were missed, the last of them is the one that is entered. Raises LeaseLost.
        """
        with self.database.write() as connection:
            self.lease.assert_held(connection)
            standing = self._settled(connection, name)
            planned = self._planned(connection, name, feed, standing)
        if planned:
            finished_at = standing.finished_at if standing else None
            self._standings[name] = Standing(planned.planned_for, finished_at, under_way=True)
        return planned

    def finish(self, planned: PlannedRun, run: int | None) -> None:
        """Note that a planned run is over, for the feeds that come after it too."""
        at = self.clock()
        with self.database.write() as connection:
            planned_runs.finish(connection, planned, run, at)
        self._standings[planned.feed] = Standing(planned.planned_for, at)
        self._last_runs[planned.feed] = run or self._last_runs.get(planned.feed, 0)
        self._attempts.pop(planned.feed, None)

    def hand_back(self, planned: PlannedRun) -> None:
        """Leave the rest of a planned run to whoever schedules next."""
        with self.database.write() as connection:
            planned_runs.hand_back(connection, planned)

    def postpone(self, name: str) -> float:
        """Let a feed that could not be run now wait, longer each time; return the seconds."""
        attempts = self._attempts[name] = self._attempts.get(name, 0) + 1
        wait = min(self.pace.retry * 2.0 ** min(attempts - 1, 20), self.pace.longest_retry)
        self._not_before[name] = time.monotonic() + wait
        return wait

    def _count(self, name: str, run: int) -> None:
        at = self.clock()
        standing = self._standings.get(name)
        with self.database.write() as connection:
            self.lease.assert_held(connection)
            if standing is None:
                planned_runs.notice(connection, name, at)
            planned_runs.count(connection, name, run, at)
        self._standings[name] = replace(standing or Standing(at), finished_at=at)

    def _is_under_way(self, name: str) -> bool:
        return name in self._standings and self._standings[name].under_way

    def _is_due(self, name: str, feed: ScheduledFeed, now: dt.datetime) -> bool:
        standing = self._standings.get(name)
        if standing is None or standing.under_way:
            return True
        coming = self._coming(name, feed, standing)
        return (coming is not None and coming <= now) or any(
            moment > standing.planned_for for moment in self._predecessors(feed)
        )

    def _coming(self, name: str, feed: ScheduledFeed, standing: Standing) -> dt.datetime | None:
        """The first time after the one that was planned last; reckoned once, for it is asked for every second."""
        known = self._known.get(name)
        if known is None or known[0] is not feed or known[1] is not standing:
            coming = feed.schedule.next_after(standing.planned_for) if feed.schedule else None
            known = self._known[name] = (feed, standing, coming)
        return known[2]

    def _predecessors(self, feed: ScheduledFeed) -> list[dt.datetime]:
        """When each of the feeds that it comes after finished last."""
        standings = (self._standings.get(name) for name in feed.after)
        return [each.finished_at for each in standings if each and each.finished_at]

    def _time_to_plan(self, feed: ScheduledFeed, standing: Standing) -> dt.datetime | None:
        last = feed.schedule.last_until(self.clock()) if feed.schedule else None
        times = [*self._predecessors(feed), *([last] if last else [])]
        return max((each for each in times if each > standing.planned_for), default=None)

    def _settled(self, connection: Connection, name: str) -> Standing | None:
        """The feed's standing once a run that was left behind, but had stored everything, is closed."""
        standing = self._standings.get(name)
        if standing is None or not standing.under_way:
            return standing
        left, at = planned_runs.under_way(connection, name), self.clock()
        if left:
            run = planned_runs.run_since(connection, left)
            if run is None:
                return standing
            planned_runs.finish(connection, left, run, at)
            self._last_runs[name] = run
        settled = self._standings[name] = Standing(standing.planned_for, at)
        return settled

    def _planned(
        self, connection: Connection, name: str, feed: ScheduledFeed, standing: Standing | None
    ) -> PlannedRun | None:
        if standing is None:
            seen = self.clock()
            planned_runs.notice(connection, name, seen)
            self._standings[name] = Standing(seen)
            return None
        due = self._time_to_plan(feed, standing)
        entered = planned_runs.start(connection, name, due) if due else None
        return entered or (planned_runs.under_way(connection, name) if standing.under_way else None)
