"""Pushed batches: by their feed and the sender's key, what was sent and what became of each row.

A batch is known by its place, which is made of the key: so that a run which a killed process left behind is known for
the batch that it read.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa

from gateway.state import bulk
from gateway.state.database import Connection
from gateway.state.issues import ISSUES
from gateway.state.tables import issues, now, pushed_batches

Rows = Sequence[Mapping[str, Any]]

_ENTER = sa.text(
    "INSERT INTO pushed_batches (feed, place, body_digest, received_at) "
    "VALUES (:feed, :place, :body_digest, :received_at) ON CONFLICT (feed, place) DO NOTHING"
).bindparams(sa.bindparam("received_at", type_=pushed_batches.c.received_at.type))


@dataclass(frozen=True, slots=True)
class PushedBatch:
    """A batch as it was sent: `run` and `rows` are None until it is stored."""

    body_digest: str  # SHA-256, hexadecimal
    run: int | None
    rows: Rows | None


def enter(connection: Connection, feed: str, place: str, body_digest: str) -> PushedBatch:
    """Enter a batch, or find the one that came under this key before."""
    values = {"feed": feed, "place": place, "body_digest": body_digest, "received_at": now()}
    connection.execute(_ENTER, values)
    known = _found(connection, feed, place)
    assert known is not None
    return known


def outcomes(connection: Connection, feed: str, place: str) -> PushedBatch | None:
    """The batch that came under a key, where it is stored."""
    known = _found(connection, feed, place)
    return known if known and known.run is not None else None


def keep(connection: Connection, feed: str, place: str, run: int, rows: Rows) -> None:
    """Keep what became of each row, in the transaction that stores the records."""
    packed = gzip.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), mtime=0)
    connection.execute(sa.update(pushed_batches).where(*_of(feed, place)).values(run=run, outcomes=packed))


def forget_before(connection: Connection, moment: dt.datetime) -> int:
    """Forget batches that came before a moment; their keys may be used again. Return how many there were."""
    return connection.execute(sa.delete(pushed_batches).where(pushed_batches.c.received_at < moment)).rowcount


def issues_of(connection: Connection, feed: str, run: int, place: str, codes: Sequence[str]) -> pl.DataFrame:
    """The open issues that a run found at a place, of some codes (`ISSUES`)."""
    query = sa.select(*(issues.c[name] for name in ISSUES)).where(
        issues.c.feed == feed,
        issues.c.last_run == run,
        issues.c.place == place,
        issues.c.status == "open",
        issues.c.code.in_(codes),
    )
    return bulk.frame_of(connection, query, ISSUES)


def _found(connection: Connection, feed: str, place: str) -> PushedBatch | None:
    columns = (pushed_batches.c.body_digest, pushed_batches.c.run, pushed_batches.c.outcomes)
    row = connection.execute(sa.select(*columns).where(*_of(feed, place))).one_or_none()
    if row is None:
        return None
    return PushedBatch(row.body_digest, row.run, json.loads(gzip.decompress(row.outcomes)) if row.outcomes else None)


def _of(feed: str, place: str) -> tuple[sa.ColumnElement[bool], ...]:
    return pushed_batches.c.feed == feed, pushed_batches.c.place == place
