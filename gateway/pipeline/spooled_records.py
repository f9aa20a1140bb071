"""The records of rows that were read, made again from the spool for the few that are written or spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from gateway.interfaces import ROW
from gateway.pipeline.judge import Judge, kept_records
from gateway.pipeline.spool import Spool


@dataclass(frozen=True)
class SpooledRecords:
    """The records of one run by batch and index; `places` are those of the batches."""

    spool: Spool
    judge: Judge
    places: Sequence[str]

    def of(self, batch: int, index: pl.Series) -> pl.DataFrame:
        """The records with `record_key`, `digest`, and where they stood as `source` and `source_row`."""
        kept = kept_records(self.spool.judged, batch)
        records = kept[index] if kept is not None else self._made(self.spool.rows(batch)[index])
        return records.with_columns(pl.lit(self.places[batch]).alias("source")).rename({ROW: "source_row"})

    def _made(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self.judge.records(rows).with_columns(rows[ROW])

    def keys(self) -> list[str]:
        """The keys of all rows under which a record may be kept, each once; of a row whose key is doubtful too.

        A key with U+0000 is none of them: its row is rejected, and PostgreSQL could not even be asked for it.
        """
        found = [self.judge.records(self.spool.rows(batch))["record_key"] for batch in range(len(self.places))]
        keys = pl.concat([pl.Series(dtype=pl.String), *found]).drop_nulls().unique(maintain_order=True)
        return keys.filter(~keys.str.contains("\0", literal=True)).to_list()

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
