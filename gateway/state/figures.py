"""Figures that are watched: how many documents wait in the outbox, and when each feed last succeeded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from gateway.state.outbox import PENDING
from gateway.state.tables import documents, runs


def pending_documents(connection: sa.Connection, feeds: Collection[str]) -> dict[tuple[str, str], int]:
    """How many documents of each of these feeds are in which status short of settled."""
    rows = connection.execute(
        sa.select(documents.c.feed, documents.c.status, sa.func.count())
        .where(documents.c.feed.in_(feeds), documents.c.status.in_(PENDING))  # as the index has it
        .group_by(documents.c.feed, documents.c.status)
    )
    return {(feed, status): count for feed, status, count in rows}


def last_successes(connection: sa.Connection) -> dict[str, dt.datetime]:
    """When each feed last finished a run that stored or sent what it should."""
    rows = connection.execute(
        sa.select(runs.c.feed, sa.func.max(runs.c.finished_at))
        .where(runs.c.status.in_(("succeeded", "with_issues")))
        .group_by(runs.c.feed)
    )
    return {feed: moment for feed, moment in rows}  # noqa: C416 - `dict` takes a result for a mapping
