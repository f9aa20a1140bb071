"""Rows that an earlier run held, as their issues keep them, for sources that do not give them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.state.database import Connection
from gateway.state.tables import issues


@dataclass(frozen=True)
class HeldRow:
    """A row that was held: where it stood, its cells as a JSON object, which run read it, the issues that say why."""

    place: str
    row: int
    original: str
    read_run: int  # 0 where it is not known
    issues: tuple[int, ...]


def held_rows(connection: Connection, feed: str) -> Sequence[HeldRow]:
    """The held rows of a feed, as they were read; a row held for several reasons stands there once."""
    found: dict[tuple[str, int, str], list[tuple[int, int]]] = {}
    columns = (issues.c.place, issues.c.row, issues.c.original, issues.c.read_run, issues.c.id)
    ordered = sa.select(*columns).where(*_of(feed)).order_by(issues.c.place, issues.c.row, issues.c.id)
    for place, row, original, read_run, issue in connection.execute(ordered):
        found.setdefault((place, row, original), []).append((read_run, issue))
    rows = [
        HeldRow(*where, max(run for run, _ in said), tuple(issue for _, issue in said)) for where, said in found.items()
    ]
    return sorted(rows, key=lambda held: (held.read_run, held.place))


def oldest_read(connection: Connection, feed: str) -> int | None:
    """The run that read the oldest of a feed's held rows, 0 where it is not known; None where no row is held."""
    oldest: int | None = connection.execute(sa.select(sa.func.min(issues.c.read_run)).where(*_of(feed))).scalar_one()
    return oldest


def _of(feed: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        issues.c.feed == feed,
        issues.c.status == "open",
        issues.c.outcome == "held",
        issues.c.row.is_not(None),
        issues.c.original.is_not(None),
    )
