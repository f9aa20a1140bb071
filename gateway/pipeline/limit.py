"""The first rows of a source, for a run that is to read only so many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import polars as pl

from gateway.interfaces import ROW, Batch


def first_rows(batches: Iterable[Batch], limit: int) -> Iterator[Batch]:
    """The batches up to so many rows; one that had to be cut says neither cursor nor what was read whole."""
    for batch in batches:
        rows = batch.rows.height + len(batch.faults)
        if rows > limit:
            yield _cut(batch, limit)
            return
        yield batch
        limit -= rows
        if not limit:
            return


def _cut(batch: Batch, rows: int) -> Batch:
    """The batch up to and with its so-manieth row, faulty ones counted."""
    positions = sorted([*batch.rows[ROW].to_list(), *(each.row for each in batch.faults)])
    last = positions[rows - 1]
    return replace(
        batch,
        rows=batch.rows.filter(pl.col(ROW) <= last),
        faults=[each for each in batch.faults if each.row <= last],
        left_out=[each for each in batch.left_out if each.row <= last],
        cursor=None,
        read_whole=(),
    )
