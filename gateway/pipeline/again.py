"""Held rows looked at again: a feed that reads only changes will not be given them a second time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby

import polars as pl

from gateway.interfaces import ROW, Batch
from gateway.state.held_rows import HeldRow

OLDER = "older"  # a verdict beside those of checking: a row of this run speaks of the same record


def batches(rows: Iterable[HeldRow], columns: Iterable[str]) -> list[Batch]:
    """The rows as batches, one a place, with every column that the map reads."""
    return [_batch(place, list(those), list(columns)) for place, those in groupby(rows, key=lambda held: held.place)]


def _batch(place: str, rows: Sequence[HeldRow], columns: Sequence[str]) -> Batch:
    cells = [json.loads(held.original) for held in rows]
    # As they were read, in that order: the text of a row without a key is part of what its issues are known by.
    names = dict.fromkeys([*(name for each in cells for name in each), *columns])
    texts = {name: pl.Series([each.get(name) for each in cells], dtype=pl.String) for name in names}
    return Batch(place, pl.DataFrame({ROW: pl.Series([held.row for held in rows], dtype=pl.Int64), **texts}))


def superseded(judged: pl.DataFrame, again: int) -> pl.DataFrame:
    """Judged rows (`JUDGED`), those of the first `again` batches older where a later batch has their key."""
    if not again:
        return judged
    fresh = judged.filter(pl.col("batch") >= again)["key"].drop_nulls()
    stale = (pl.col("batch") < again) & pl.col("key").is_in(fresh.implode())
    return judged.with_columns(
        pl.when(stale).then(pl.lit(OLDER, judged.schema["verdict"])).otherwise("verdict").alias("verdict"),
        pl.when(~stale.fill_null(value=False)).then("key").alias("key"),
    )
