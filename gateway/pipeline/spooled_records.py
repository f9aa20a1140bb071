"""The records of rows that were read, made again from the spool for the few that are written or spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gateway.interfaces import ROW
from gateway.pipeline.judge import Judge
from gateway.pipeline.spool import Spool


@dataclass(frozen=True)
class SpooledRecords:
    """The records of one run by batch and index; `places` are those of the batches."""

    spool: Spool
    judge: Judge
    places: Sequence[str]

    def of(self, batch: int, index: pl.Series) -> pl.DataFrame:
        """The records with `record_key`, `digest`, and where they stood as `source` and `source_row`."""
        rows = self.spool.rows(batch)[index]
        return self.judge.records(rows).with_columns(
            pl.lit(self.places[batch]).alias("source"), rows[ROW].alias("source_row")
        )

    def keys(self) -> list[str]:
        """The keys of all rows, each once; of a row whose key is doubtful too."""
        found = [self.judge.records(self.spool.rows(batch))["record_key"] for batch in range(len(self.places))]
        return pl.concat([pl.Series(dtype=pl.String), *found]).drop_nulls().unique(maintain_order=True).to_list()

    def originals(self, batch: int, index: pl.Series) -> pl.DataFrame:
        """The rows' keys, places and whole text: record_key, place, row, original (a JSON object)."""
        rows = self.spool.rows(batch)[index]
        return pl.concat(
            [
                self.judge.records(rows).select("record_key", pl.lit(self.places[batch]).alias("place")),
                rows.select(
                    pl.col(ROW).alias("row"), pl.struct(pl.exclude(ROW)).struct.json_encode().alias("original")
                ),
            ],
            how="horizontal",
        )
