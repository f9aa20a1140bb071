"""Rows whose parents are not held: a result without its task, a drawn target without its registry entry.

Such a row is held and looked at again in each run, until its parents have arrived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from gateway.domain.dataset import Dataset, Parent
from gateway.domain.record_key import key_text
from gateway.pipeline.spooled_records import SpooledRecords
from gateway.state.database import Connection
from gateway.state.exchange import Exchange
from gateway.state.identity_changes import final_keys, living_keys

# A row that lacks a parent: where its record stands, the dataset of the parent and the key that is not held.
ORPHANS: dict[str, pl.DataType] = {
    "batch": pl.UInt32(),
    "index": pl.UInt32(),
    "parent": pl.String(),
    "missing": pl.String(),
}


@dataclass(frozen=True)
class Parents:
    """The parents that the records of a dataset must have."""

    dataset: Dataset
    exchanges: Mapping[str, Exchange]  # by dataset

    def orphans(self, connection: Connection, records: SpooledRecords, judged: pl.DataFrame) -> pl.DataFrame:
        """The rows that would be accepted but lack a parent (`ORPHANS`)."""
        accepted = judged.filter(pl.col("verdict") == "accepted")
        found = [
            self._lacking(connection, parent, claims)
            for parent in self.dataset.parents
            for claims in _claims(self.dataset, parent, records, accepted)
        ]
        return pl.concat([pl.DataFrame(schema=ORPHANS), *found])

    def mark(self, connection: Connection) -> list[object]:
        """What changes whenever a parent may have come, gone or taken another key."""
        names = dict.fromkeys(parent.dataset for parent in self.dataset.parents)
        return [(name, self.exchanges[name].mark(connection), final_keys(connection, name)) for name in names]

    def _lacking(self, connection: Connection, parent: Parent, claims: pl.DataFrame) -> pl.DataFrame:
        asked = claims["missing"].unique(maintain_order=True).to_list()
        there = self._there(connection, parent.dataset, asked)
        return claims.filter(~pl.col("missing").is_in(list(there))).select(
            "batch", "index", pl.lit(parent.dataset).alias("parent"), "missing"
        )

    def _there(self, connection: Connection, dataset: str, asked: list[str]) -> set[str]:
        """Those of the keys whose records are in force, under the key asked for or the one it lives on under."""
        exchange = self.exchanges[dataset]
        there = exchange.in_force(connection, asked)
        living = living_keys(connection, dataset, (key for key in asked if key not in there))
        alive = exchange.in_force(connection, list(dict.fromkeys(living.values())))
        return there | {old for old, new in living.items() if new in alive}


def _claims(dataset: Dataset, parent: Parent, records: SpooledRecords, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The parent keys that rows name, one row a key: batch, index, missing."""
    for (number,), part in rows.group_by("batch", maintain_order=True):
        assert isinstance(number, int)
        named = records.of(number, part["index"]).select(parent.fields)
        claims = pl.concat([part.select("batch", "index"), named], how="horizontal")
        if parent.several:
            claims = claims.with_columns(pl.col(parent.several).str.split(";")).explode(parent.several)
        key = key_text(dataset.by_name[name] for name in parent.fields).alias("missing")
        yield claims.select("batch", "index", key).drop_nulls("missing")
