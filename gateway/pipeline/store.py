"""The storing transaction of an inbound run: records, replaced versions, withdrawals and issues, all or none."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import polars as pl

from gateway.pipeline.compare import Action, Plan
from gateway.pipeline.spooled_records import SpooledRecords
from gateway.state.ahead import made_ahead
from gateway.state.database import Connection
from gateway.state.exchange import Exchange


@dataclass(frozen=True)
class Stamp:
    """What every version that a run stores carries."""

    run: int
    feed: str
    owner_department: str


def store_records(
    connection: Connection,
    exchange: Exchange,
    plan: Plan,
    records: SpooledRecords,
    executor: Executor,
    stamp: Stamp,
    *,
    withdraw: bool,
) -> None:
    """Write what the plan changes, numbering the changes in reading order, withdrawals last."""
    writes = plan.of(Action.INSERT, Action.CHANGE)
    vanished = plan.vanished if withdraw else plan.vanished.clear()
    last = exchange.allot(connection, writes.height + len(vanished)) if writes.height or len(vanished) else 0
    numbered = writes.with_columns((pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("change_number"))
    made = _records(numbered, records, executor, stamp)
    if exchange.first_load(connection, writes.height):
        _store_first(connection, exchange, made)
    else:
        for written in made:
            exchange.insert(connection, written.filter(pl.col("operation") == "insert").drop("id"))
            exchange.replace(connection, written.filter(pl.col("operation") == "change"))
    _withdraw(connection, exchange, vanished, last + writes.height, stamp)
    confirmed = plan.of(Action.CONFIRM)
    exchange.confirm_version(connection, confirmed.select("id", pl.col("version").alias("record_version")))


def _store_first(connection: Connection, exchange: Exchange, made: Iterator[pl.DataFrame]) -> None:
    """Store the records of an empty table, of which none takes the place of another."""
    exchange.drop_indexes(connection)
    exchange.insert_all(connection, (written.drop("id") for written in made))
    exchange.create_indexes(connection)


def _records(
    numbered: pl.DataFrame, records: SpooledRecords, executor: Executor, stamp: Stamp
) -> Iterator[pl.DataFrame]:
    """The records to write, a frame a batch, each made while those before are written."""
    parts = numbered.group_by("batch", maintain_order=True)
    return made_ahead(executor, lambda part: _written(records, part[0][0], part[1], stamp), parts)


def _written(records: SpooledRecords, number: object, rows: pl.DataFrame, stamp: Stamp) -> pl.DataFrame:
    assert isinstance(number, int)
    own = rows.select("id", "change_number", pl.col("action").cast(pl.String).alias("operation"))
    return pl.concat([records.of(number, rows["index"]), own], how="horizontal").with_columns(
        pl.lit(0).alias("withdrawn"),
        pl.lit(stamp.owner_department).alias("owner_department"),
        pl.lit(stamp.feed).alias("feed"),
        pl.lit(stamp.run).alias("run"),
    )


def _withdraw(connection: Connection, exchange: Exchange, vanished: pl.Series, last: int, stamp: Stamp) -> None:
    if vanished.is_empty():
        return
    exchange.replace(
        connection,
        pl.DataFrame({"id": vanished}).with_columns(
            (pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("change_number"),
            pl.lit("withdraw").alias("operation"),
            pl.lit(1).alias("withdrawn"),
            pl.lit(stamp.run).alias("run"),
        ),
    )
