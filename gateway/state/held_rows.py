"""Rows that an earlier run held, as their issues keep them, for sources that do not give them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.state.database import Connection
from gateway.state.tables import issues


@dataclass(frozen=True)
class HeldRow:
    """A row that was held: where it stood, its cells as a JSON object, and the issues that say why."""

    place: str
    row: int
    original: str
    issues: tuple[int, ...]


def held_rows(connection: Connection, feed: str) -> Sequence[HeldRow]:
    """The held rows of a feed, by place and row; a row held for several reasons stands there once."""
    found: dict[tuple[str, int, str], list[int]] = {}
    rows = connection.execute(
        sa.select(issues.c.id, issues.c.place, issues.c.row, issues.c.original)
        .where(
            issues.c.feed == feed,
            issues.c.status == "open",
            issues.c.outcome == "held",
            issues.c.row.is_not(None),
            issues.c.original.is_not(None),
        )
        .order_by(issues.c.place, issues.c.row, issues.c.id)
    )
    for issue, place, row, original in rows:
        found.setdefault((place, row, original), []).append(issue)
    return [HeldRow(*where, tuple(numbers)) for where, numbers in found.items()]
