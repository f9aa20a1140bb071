"""Runs: one row an execution of a feed, from its start to the counts it must add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.errors import GatewayError
from gateway.state import event_log
from gateway.state.database import Database
from gateway.state.tables import now, runs


def start(database: Database, *, feed: str, direction: str, dataset: str, stage: str, map_digest: str) -> int:
    """Enter a new run and return its number."""
    with database.write() as connection:
        run = connection.execute(
            sa.insert(runs)
            .values(
                feed=feed,
                direction=direction,
                dataset=dataset,
                status="running",
                stage=stage,
                map_digest=map_digest,
                started_at=now(),
                counts={},
                places=[],
            )
            .returning(runs.c.id)
        ).scalar_one()
        event_log.append(connection, "run.started", {"run": run, "feed": feed})
    return int(run)


def reach(connection: sa.Connection, run: int, stage: str, **values: Any) -> None:
    """Note that a run reached a stage."""
    connection.execute(sa.update(runs).where(runs.c.id == run).values(stage=stage, **values))


def finish(
    connection: sa.Connection,
    run: int,
    *,
    status: str,
    stage: str,
    counts: Mapping[str, int],
    places: Sequence[str] = (),
    failure: GatewayError | None = None,
    **evidence: Any,
) -> None:
    """Close a run with its counts, in the transaction that stored what it did; `failure` is why it went no further.

    `evidence` goes into the log of events.
    """
    values = {"status": status, "stage": stage, "counts": dict(counts), "finished_at": now()}
    if places:
        values["places"] = list(places)
    if failure:
        values["failure"] = _said(failure)
    connection.execute(sa.update(runs).where(runs.c.id == run).values(**values))
    event_log.append(connection, "run.finished", {"run": run, "status": status, "counts": dict(counts), **evidence})


def store(connection: sa.Connection, run: int, status: str, *, counts: Mapping[str, int], **evidence: Any) -> None:
    """Close an inbound run that has stored what it read."""
    finish(connection, run, status=status, stage="stored", counts=counts, **evidence)


def fail(database: Database, run: int, error: GatewayError) -> None:
    """Close a run that stored nothing, with the reason."""
    failure = _said(error)
    with database.write() as connection:
        connection.execute(
            sa.update(runs).where(runs.c.id == run).values(status="failed", finished_at=now(), failure=failure)
        )
        event_log.append(connection, "run.failed", {"run": run, **failure})


def _said(error: GatewayError) -> dict[str, Any]:
    # The name of a file may hold bytes that are no text, which no database keeps.
    values = {name: str(value).encode(errors="backslashreplace").decode() for name, value in error.values.items()}
    return {"code": error.message.code, "values": values}


def interrupted(database: Database, feed: str) -> Sequence[sa.Row[Any]]:
    """The runs of a feed that nobody finished; ask only while holding the feed's lease."""
    with database.read() as connection:
        return connection.execute(
            sa.select(runs).where(runs.c.feed == feed, runs.c.status == "running").order_by(runs.c.id)
        ).fetchall()
