"""Rows that the last run read word for word the same: their key and digest are known, so they are not judged again.

A snapshot is mostly yesterday's. What the last run found of its clean rows (accepted, nothing to say of them) is kept
beside the spools as hashes of each row's text with the hashes of its key and digest, under a name made of everything
that judging depends on: the map, the dataset, the exceptions, the versions of the programs. Under another name, or
without the file, every row is judged; the file can be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gateway.domain.frame_hash import frame_hash
from gateway.interfaces import ROW

# One row a clean row of the last run, in reading order.
KNOWN: dict[str, pl.DataType] = {
    "row_hash": pl.UInt128(),
    "key": pl.UInt128(),
    "digest": pl.UInt128(),
    "version": pl.String(),
}

_CELL = "\x1f"
_NEAR = 200_000  # rows of the last run looked through first, around where a row stood then


@dataclass(frozen=True)
class KnownRows:
    """The clean rows of a feed's last run."""

    rows: pl.DataFrame

    def among(self, hashes: pl.Series, position: int) -> pl.DataFrame:
        """Those of the rows that are known: index, key, digest, version; `position` is where they stand in the run."""
        wanted = pl.DataFrame({"row_hash": hashes}).with_row_index("index")
        start = max(position - _NEAR, 0)
        found = _matched(wanted, self.rows.slice(start, hashes.len() + 2 * _NEAR))
        if found.height < wanted.height:
            missing = wanted.join(found, on="index", how="anti")
            elsewhere = pl.concat([self.rows.head(start), self.rows.slice(start + hashes.len() + 2 * _NEAR)])
            found = pl.concat([found, _matched(missing, elsewhere)])
        return found.sort("index")


def _matched(wanted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    found = wanted.join(known, on="row_hash").drop("row_hash")
    return found if found["index"].is_unique().all() else found.unique("index")  # rows of the same text


def row_hashes(rows: pl.DataFrame) -> pl.Series:
    """A hash of the text of each row under the names of its columns; an empty cell and a missing one differ."""
    names = [name for name in rows.columns if name != ROW]
    # A header that was mended gives the same cells another meaning.
    header = pl.lit(hashlib.sha256(_CELL.join(names).encode()).hexdigest()[:16])
    text = pl.concat_str(header, *(pl.col(name).fill_null("\x00") for name in names), separator=_CELL)
    return rows.select(text.alias("row")).select(frame_hash("row")).to_series()


def read_known(folder: Path, basis: Sequence[str]) -> KnownRows | None:
    """What the last run of a feed left under the same basis; nothing where a power cut spoilt it."""
    file = folder / _name(basis)
    try:
        return KnownRows(pl.read_ipc(file)) if file.is_file() else None
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None


def keep_known(folder: Path, basis: Sequence[str], rows: pl.DataFrame) -> None:
    """Leave the clean rows of a run (`KNOWN`) to the next one, in place of what was there."""
    unfinished = folder / "known.unfinished"
    rows.write_ipc(unfinished)
    for stale in folder.glob("known-*.arrow"):
        stale.unlink()
    unfinished.rename(folder / _name(basis))


def _name(basis: Sequence[str]) -> str:
    return f"known-{hashlib.sha256(chr(0).join(basis).encode()).hexdigest()[:32]}.arrow"
