"""Runs as an operator lists them, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.state.tables import runs


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One execution of a feed; `failure` holds the code and values of the error that ended it."""

    id: int
    feed: str
    direction: str
    dataset: str
    status: str
    stage: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    counts: Mapping[str, int]
    places: Sequence[str]
    failure: Mapping[str, Any] | None


_COLUMNS = [runs.c[name] for name in ListedRun.__slots__]


def list_runs(connection: sa.Connection, *, feed: str | None = None, at_most: int = 20) -> list[ListedRun]:
    """The last runs, of one feed or of all."""
    query = sa.select(*_COLUMNS).order_by(runs.c.id.desc()).limit(at_most)
    if feed is not None:
        query = query.where(runs.c.feed == feed)
    return [ListedRun(*row) for row in connection.execute(query)]


def runs_numbered(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, ListedRun]:
    """The runs with these numbers."""
    query = sa.select(*_COLUMNS).where(runs.c.id.in_(numbers))
    return {row.id: ListedRun(*row) for row in connection.execute(query)}
