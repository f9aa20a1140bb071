"""Held rows looked at again: a feed that reads only changes will not be given them a second time.

Such a row was read by an earlier run, so it is the older word wherever a later one has read a row of the same record.
Of two that carry a version of the source the version decides instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

import polars as pl

from gateway.domain.record_version import order
from gateway.interfaces import ROW, Batch
from gateway.state.held_rows import HeldRow
from gateway.state.keys_read import KeysRead

# Verdicts beside those of checking.
OLDER = "older"  # a later row speaks of the same record
UNDECIDED = "undecided"  # whether it is older than what is stored is not known

_NOW = 2**62  # the run that looks at them, which is later than any other


def batches(rows: Iterable[HeldRow], columns: Iterable[str]) -> list[Batch]:
    """The rows as batches, one a run that read them and place, with every column that the map reads."""
    return [_batch(place, list(those), list(columns)) for (_, place), those in _together(rows)]


def read_runs(rows: Iterable[HeldRow]) -> list[int]:
    """The run that read the rows of each of these batches, 0 where it is not known."""
    return [run for (run, _), _ in _together(rows)]


def _together(rows: Iterable[HeldRow]) -> Iterable[tuple[tuple[int, str], Iterable[HeldRow]]]:
    return groupby(rows, key=lambda held: (held.read_run, held.place))


def _batch(place: str, rows: Sequence[HeldRow], columns: Sequence[str]) -> Batch:
    cells = [json.loads(held.original) for held in rows]
    # As they were read, in that order: the text of a row without a key is part of what its issues are known by.
    names = dict.fromkeys([*(name for each in cells for name in each), *columns])
    texts = {name: pl.Series([each.get(name) for each in cells], dtype=pl.String) for name in names}
    return Batch(place, pl.DataFrame({ROW: pl.Series([held.row for held in rows], dtype=pl.Int64), **texts}))


def read_by(read_runs: Sequence[int], now: int | None = _NOW) -> pl.Expr:
    """The run that read a judged row: those of the first batches are given, the others were read by this one."""
    return pl.col("batch").replace_strict(range(len(read_runs)), read_runs, default=now, return_dtype=pl.Int64)


def superseded(judged: pl.DataFrame, read_runs: Sequence[int]) -> pl.DataFrame:
    """Judged rows (`JUDGED`), those older of which another run read a later row that is judged here too.

    Which of the rows that one run read is the later one is not decided here.
    """
    keys = judged.filter(pl.col("batch") < len(read_runs))["key"].drop_nulls()
    if keys.is_empty():
        return judged
    claims = judged.filter(pl.col("key").is_in(keys.implode())).select(
        "batch",
        "index",
        "key",
        "version",
        read_by(read_runs).alias("read"),
        pl.col("version").is_not_null().all().over("key").alias("versioned"),
    )
    others = claims.select("key", "read", "version").unique()
    pairs = claims.join(others, on="key", suffix="_other").filter(pl.col("read") != pl.col("read_other"))
    pairs = pairs.with_columns(order(pairs["version"], pairs["version_other"]).alias("order"))
    # Where two versions do not compare, neither row is the older one.
    by_version = pl.col("versioned") & pl.col("order").ne_missing(0)
    later = pl.when(by_version).then(pl.col("order") < 0).otherwise(pl.col("read_other") > pl.col("read"))
    stale = pairs.filter(later).select("batch", "index").unique()
    return _marked(judged, stale, OLDER).with_columns(pl.when(pl.col("verdict") != OLDER).then("key").alias("key"))


def outdated(judged: pl.DataFrame, held: pl.DataFrame, read_runs: Sequence[int], read: KeysRead) -> pl.DataFrame:
    """Judged rows (`JUDGED`), those older of which a later run read a row before; undecided where that is not known.

    `held` is what the exchange holds (`HELD`). A row is newer than what was there before it was read.
    """
    again = judged.filter((pl.col("batch") < len(read_runs)) & pl.col("key").is_not_null())
    if again.is_empty():
        return judged
    known = (
        again.with_columns(read_by(read_runs).alias("read"))
        .join(read.keys, on="key", how="left")
        .join(held.filter("own"), on="key", how="left")
    )
    known = known.with_columns(order(known["version"], known["held_version"]).alias("order"))
    both = pl.col("version").is_not_null() & pl.col("held_version").is_not_null()
    by_version = both & pl.col("order").ne_missing(0)
    read_since = (pl.col("run") > pl.col("read")).fill_null(value=False)
    older = pl.when(by_version).then(pl.col("order") < 0).otherwise(read_since)
    remembered = (pl.col("read") >= pl.lit(read.since, pl.Int64)).fill_null(value=False)
    newer = remembered & (pl.col("run") < pl.col("read")).fill_null(value=True)
    other = ((pl.col("digest") != pl.col("held_digest")) | pl.col("withdrawn")) & (pl.col("verdict") == "accepted")
    undecided = ~by_version & ~read_since & ~newer & other.fill_null(value=False)
    judged = _marked(judged, known.filter(older), OLDER)
    return _marked(judged, known.filter(undecided), UNDECIDED)


def _marked(judged: pl.DataFrame, rows: pl.DataFrame, verdict: str) -> pl.DataFrame:
    """The judged rows, some of them (`batch`, `index`) with another verdict."""
    marks = rows.select("batch", "index", pl.lit(verdict, judged.schema["verdict"]).alias("mark"))
    marked = judged.join(marks, on=["batch", "index"], how="left", maintain_order="left")
    return marked.with_columns(pl.coalesce("mark", "verdict").alias("verdict")).drop("mark")
