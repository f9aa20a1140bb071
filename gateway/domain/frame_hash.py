"""Hashes for comparing columns of text: 128 bits, the same in every release; only `state.keys_read` stores them."""

from __future__ import annotations

import polars as pl
import polars_hash as plh


def frame_hash(column: str) -> pl.Expr:
    """The xxh3-128 of a text column (UInt128), null where the text is null."""
    return pl.when(pl.col(column).is_not_null()).then(plh.col(column).nchash.xxh3_128()).alias(column)
