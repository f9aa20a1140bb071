"""Planned runs: one row a feed and planned time, so that no time is run twice and none is lost with a killed process.

All of these are called while holding the scheduler's lease. A row is `running` from before its run begins until the
run is known to be stored; a row that a killed process left behind is taken up by whoever schedules next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.state.tables import now, planned_runs, runs

KEPT = dt.timedelta(days=30)

_DONE = ("succeeded", "with_issues", "held")  # a failed run stored nothing, and is worth another


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run of a feed for a planned time, entered and not finished; `started_at` is a moment of this machine."""

    id: int
    feed: str
    planned_for: dt.datetime
    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the plan of a feed has come."""

    planned_for: dt.datetime  # the last planned time that was entered
    finished_at: dt.datetime | None = None  # when a planned run finished last
    under_way: bool = False


_COLUMNS = [planned_runs.c[name] for name in PlannedRun.__slots__]


def standings(connection: sa.Connection) -> dict[str, Standing]:
    """The standing of every feed that was ever planned."""
    running = sa.func.max(sa.case((planned_runs.c.status == "running", 1), else_=0))
    rows = connection.execute(
        sa.select(
            planned_runs.c.feed,
            sa.func.max(planned_runs.c.planned_for),
            sa.func.max(planned_runs.c.finished_at),
            running,
        ).group_by(planned_runs.c.feed)
    )
    return {feed: Standing(planned, finished, bool(under_way)) for feed, planned, finished, under_way in rows}


def last_runs(connection: sa.Connection) -> dict[str, int]:
    """The last run of each feed that the plan knows of."""
    last = sa.func.max(planned_runs.c.run)
    rows = connection.execute(sa.select(planned_runs.c.feed, last).group_by(planned_runs.c.feed).having(last > 0))
    return {feed: int(run) for feed, run in rows}


def ended_since(connection: sa.Connection, known: Mapping[str, int]) -> dict[str, tuple[int, int | None]]:
    """Of each feed that ran after the run that is known: its last run, and the last that stored records, if any."""
    newer = sa.or_(sa.false(), *(sa.and_(runs.c.feed == feed, runs.c.id > run) for feed, run in known.items()))
    stored = runs.c.counts["records"].as_integer() + runs.c.counts["withdrawn"].as_integer() > 0
    rows = connection.execute(
        sa.select(runs.c.feed, sa.func.max(runs.c.id), sa.func.max(sa.case((stored, runs.c.id))))
        .where(newer, runs.c.status != "running")
        .group_by(runs.c.feed)
    )
    return {feed: (last, last_stored) for feed, last, last_stored in rows}


def notice(connection: sa.Connection, feed: str, moment: dt.datetime) -> None:
    """Enter that a feed is planned from now on: nothing before this moment was missed."""
    _enter(connection, feed, moment, "noticed")


def start(connection: sa.Connection, feed: str, planned_for: dt.datetime) -> PlannedRun | None:
    """Enter a run before it begins, or return None where this time or a later one was entered before."""
    last = connection.execute(
        sa.select(sa.func.max(planned_runs.c.planned_for)).where(planned_runs.c.feed == feed)
    ).scalar_one()
    if last is not None and last >= planned_for:
        return None
    connection.execute(
        sa.delete(planned_runs).where(
            planned_runs.c.feed == feed,
            planned_runs.c.status != "running",
            planned_runs.c.planned_for < planned_for - KEPT,
        )
    )
    return _enter(connection, feed, planned_for, "running")


def under_way(connection: sa.Connection, feed: str) -> PlannedRun | None:
    """The last run of a feed that was entered and not finished."""
    row = connection.execute(
        sa.select(*_COLUMNS)
        .where(planned_runs.c.feed == feed, planned_runs.c.status == "running")
        .order_by(planned_runs.c.planned_for.desc())
        .limit(1)
    ).one_or_none()
    return PlannedRun(*row) if row else None


def run_since(connection: sa.Connection, planned: PlannedRun) -> int | None:
    """The last run of the feed that began after this one was entered and stored what it did."""
    number = connection.execute(
        sa.select(sa.func.max(runs.c.id)).where(
            runs.c.feed == planned.feed, runs.c.started_at >= planned.started_at, runs.c.status.in_(_DONE)
        )
    ).scalar_one()
    return None if number is None else int(number)


def finish(connection: sa.Connection, planned: PlannedRun, run: int | None, moment: dt.datetime) -> None:
    """Close this planned run, and earlier ones of the feed that were left behind: the run has done for them too."""
    connection.execute(
        sa.update(planned_runs)
        .where(
            planned_runs.c.feed == planned.feed,
            planned_runs.c.planned_for <= planned.planned_for,
            planned_runs.c.status == "running",
        )
        .values(status="finished", finished_at=moment, run=run)
    )


def count(connection: sa.Connection, feed: str, run: int, moment: dt.datetime) -> None:
    """Let a run that nobody planned count as finished, for the feeds that come after it; the feed was noticed."""
    of_feed = planned_runs.c.feed == feed
    last = sa.select(sa.func.max(planned_runs.c.planned_for)).where(of_feed).scalar_subquery()
    counted = sa.update(planned_runs).where(of_feed, planned_runs.c.planned_for == last)
    connection.execute(counted.values(finished_at=moment, run=run))


def hand_back(connection: sa.Connection, planned: PlannedRun) -> None:
    """Leave a planned run to the next scheduler, what was run of it so far not counted."""
    connection.execute(sa.update(planned_runs).where(planned_runs.c.id == planned.id).values(started_at=now()))


def _enter(connection: sa.Connection, feed: str, planned_for: dt.datetime, status: str) -> PlannedRun:
    entered = sa.insert(planned_runs).values(feed=feed, planned_for=planned_for, status=status, started_at=now())
    return PlannedRun(*connection.execute(entered.returning(*_COLUMNS)).one())
