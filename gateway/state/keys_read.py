"""Which keys the runs of a feed of changes read while rows of it are held, and which run read each of them last.

A held row may come to name a record of which a later run has read a row. Whether that one was stored, said what was
stored already or was rejected: it is the newer word, and nothing but this memory tells of it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import polars as pl
import sqlalchemy as sa

from gateway.state.database import Connection
from gateway.state.tables import keys_read

# The hash of a key (`gateway.domain.frame_hash`), and the last run that read a row of it.
READ: dict[str, pl.DataType] = {"key": pl.UInt128(), "run": pl.Int64()}

_HALF = pl.lit(2**64, pl.UInt128)  # Arrow has no whole numbers of 128 bits


@dataclass(frozen=True)
class KeysRead:
    """The keys read by the run `since` and those after it (`READ`); None where nothing is remembered."""

    since: int | None = None
    keys: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=READ))


def remembered(connection: Connection, feed: str) -> KeysRead:
    """What is remembered of a feed."""
    mine = sa.select(keys_read.c.since, keys_read.c["keys"]).where(keys_read.c.feed == feed)
    row = connection.execute(mine).one_or_none()
    return KeysRead(row[0], _unpacked(row[1])) if row else KeysRead()


def remember(connection: Connection, feed: str, run: int, read: pl.DataFrame, oldest: int) -> None:
    """Remember what a run read (`READ`), in its transaction; `oldest` is the run that read the oldest held row."""
    before = remembered(connection, feed)
    if before.since is not None and read.is_empty():
        return
    latest = pl.concat([before.keys, read]).group_by("key").agg(pl.col("run").max()).filter(pl.col("run") >= oldest)
    since = run if before.since is None else before.since
    forget(connection, feed)
    connection.execute(sa.insert(keys_read).values(feed=feed, since=since, keys=_packed(latest)))


def forget(connection: Connection, feed: str) -> None:
    """Forget it all: no row of the feed is held."""
    connection.execute(sa.delete(keys_read).where(keys_read.c.feed == feed))


def _packed(keys: pl.DataFrame) -> bytes:
    halves = {"high": pl.col("key") // _HALF, "low": pl.col("key") % _HALF}
    packed = io.BytesIO()
    keys.select(*(half.cast(pl.UInt64).alias(name) for name, half in halves.items()), "run").write_ipc(
        packed, compression="lz4"
    )
    return packed.getvalue()


def _unpacked(packed: bytes) -> pl.DataFrame:
    key = pl.col("high").cast(pl.UInt128) * _HALF + pl.col("low").cast(pl.UInt128)
    return pl.read_ipc(io.BytesIO(packed)).select(key.alias("key"), "run")
