"""While rows of a feed of changes wait, which keys its runs read is remembered: see `gateway.state.keys_read`."""

from __future__ import annotations

import polars as pl

from gateway.pipeline.again import read_by
from gateway.pipeline.compare import WAITING, Plan
from gateway.pipeline.judging import Judging
from gateway.state import keys_read
from gateway.state.database import Connection
from gateway.state.held_rows import oldest_read


def remember_read_keys(connection: Connection, feed: str, run: int, plan: Plan, judging: Judging) -> None:
    """Remember them, so that no waiting row comes back after a newer one; forget all where none waits."""
    oldest = oldest_read(connection, feed)
    if oldest is None:
        return keys_read.forget(connection, feed)
    # A row that waits itself is not the last word of its key; what it comes to is known when it is let through.
    done = plan.rows.filter(pl.col("key").is_not_null(), ~pl.col("action").is_in(WAITING))
    read = done.select("key", read_by(judging.read_runs, run).alias("run"))
    return keys_read.remember(connection, feed, run, read, oldest)
