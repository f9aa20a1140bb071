"""What is kept of a feed's earlier runs: where reading resumes, and the contents that were read whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.interfaces import Content
from gateway.state import event_log
from gateway.state.database import Connection
from gateway.state.tables import contents_read, reading_positions


@dataclass(frozen=True, slots=True)
class Position:
    """Where reading a feed's source resumes, and what its declaration said when that was stored (digests by member)."""

    cursor: Mapping[str, str] | None
    declared: Mapping[str, str]
    settled: bool  # whether the source was told that what it gave is stored


def position(connection: Connection, feed: str) -> Position | None:
    """The position of a feed, None where no run of it stored one."""
    columns = (reading_positions.c.cursor, reading_positions.c.declared, reading_positions.c.settled)
    row = connection.execute(sa.select(*columns).where(reading_positions.c.feed == feed)).one_or_none()
    return Position(row.cursor, row.declared, bool(row.settled)) if row else None


def has_read(connection: Connection, feed: str, digest: str) -> bool:
    """Whether the feed stored content of this SHA-256 before."""
    mine = sa.select(contents_read.c.run).where(contents_read.c.feed == feed, contents_read.c.digest == digest)
    return connection.execute(mine).first() is not None


def keep_position(connection: Connection, feed: str, run: int, new: Position) -> None:
    """Put a position in the place of the feed's, in the transaction that stores what was read up to it."""
    connection.execute(sa.delete(reading_positions).where(reading_positions.c.feed == feed))
    cursor = sa.null() if new.cursor is None else dict(new.cursor)
    values = {"cursor": cursor, "declared": dict(new.declared), "run": run, "settled": new.settled}
    connection.execute(sa.insert(reading_positions).values(feed=feed, **values))


def keep_contents(connection: Connection, feed: str, run: int, contents: Sequence[Content]) -> None:
    """Remember what was read whole, in the transaction that stores it; what is known already stays as it was."""
    for digest, name in {each.digest: each.name for each in contents}.items():
        if not has_read(connection, feed, digest):
            connection.execute(sa.insert(contents_read).values(feed=feed, digest=digest, name=name, run=run))


def mark_settled(connection: Connection, feed: str) -> None:
    """Note that the source was told that what it gave is stored."""
    mine = sa.update(reading_positions).where(reading_positions.c.feed == feed)
    connection.execute(mine.values(settled=sa.true()))


def forget(connection: Connection, feed: str) -> tuple[Mapping[str, str] | None, int]:
    """Forget where the feed's reading resumes and what it read whole; return the cursor and how many contents."""
    kept = position(connection, feed)
    connection.execute(sa.delete(reading_positions).where(reading_positions.c.feed == feed))
    contents = connection.execute(sa.delete(contents_read).where(contents_read.c.feed == feed)).rowcount
    cursor = kept.cursor if kept else None
    event_log.append(connection, "reading.forgotten", {"feed": feed, "cursor": cursor, "contents": contents})
    return cursor, contents
