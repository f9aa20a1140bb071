"""Issues: what a person must look at. The same trouble met again refreshes its issue and never makes a second one."""

from __future__ import annotations

import polars as pl
import polars_hash as plh
import sqlalchemy as sa

from gateway.state import bulk
from gateway.state.tables import issues

# The columns of a frame of issues about to be kept; `record_key` is null where the key cannot be read.
ISSUES: dict[str, pl.DataType] = {
    "record_key": pl.String(),
    "outcome": pl.String(),
    "code": pl.String(),
    "place": pl.String(),
    "row": pl.Int64(),
    "field": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
    "arguments": pl.String(),
    "original": pl.String(),
}

# What may be said otherwise of the same trouble: its row moved in the file, more records vanished than before.
_REFRESHED = ("outcome", "place", "row", "column", "arguments", "original")


def keep(
    connection: sa.Connection, run: int, feed: str, dataset: str, found: pl.DataFrame, *, settled: pl.Expr | None = None
) -> int:
    """Enter the issues that a run found, refresh those it met again, close those that are settled; return the new ones.

    `found` (`ISSUES`) may say in `read_run` which run read the row where it was another one. `settled` says over a
    stored issue (`identity`, `record_key`, `row`, `code`) that it no longer holds when the run did not meet it; without
    it every issue of the feed that was not met again is closed.
    """
    found = _told_apart(_identified(_storable(_read(found, run)), feed))
    stored = _stored(connection, feed)
    fresh = found.join(stored, on="identity", how="anti", maintain_order="left")
    bulk.insert_frame(connection, issues, _entered(fresh, run, feed, dataset))
    _refresh(connection, run, found.join(stored.select("id", "identity", "status", "was_said"), on="identity"))
    missed = stored.filter(pl.col("status") == "open").join(found, on="identity", how="anti")
    closed = missed if settled is None else missed.filter(settled)
    bulk.update_frame(connection, issues, closed.select("id", pl.lit("closed").alias("status")))
    return fresh.height


def meet_again(connection: sa.Connection, run: int, feed: str, last: int) -> None:
    """Enter that a run found again exactly what the run `last`, the feed's one before, found: as `keep` would."""
    of_last = issues.c.last_run == last
    mine = sa.update(issues).where(issues.c.feed == feed)
    connection.execute(mine.where(~of_last, issues.c.status == "open").values(status="closed"))
    connection.execute(mine.where(of_last).values(status="open", last_run=run, read_run=run))


def _refresh(connection: sa.Connection, run: int, met: pl.DataFrame) -> None:
    """Note that issues were met again; what is said of them is written only where it changed, since rows are long."""
    as_before = (pl.col("said") == pl.col("was_said")) & (pl.col("status") == "open")
    met = met.with_columns(pl.lit(run).alias("last_run"))
    bulk.update_frame(connection, issues, met.filter(as_before).select("id", "last_run", "read_run"))
    changed = met.filter(~as_before).with_columns(pl.lit("open").alias("status"))
    bulk.update_frame(connection, issues, changed.select("id", *_REFRESHED, "said", "status", "last_run", "read_run"))


def still_open(connection: sa.Connection, feed: str, code: str) -> pl.DataFrame:
    """The open issues of a feed under one code, as a run would find them again (`ISSUES`)."""
    query = sa.select(*(issues.c[name] for name in ISSUES)).where(
        issues.c.feed == feed, issues.c.code == code, issues.c.status == "open"
    )
    return bulk.frame_of(connection, query, ISSUES)


def _read(found: pl.DataFrame, run: int) -> pl.DataFrame:
    if "read_run" not in found.columns:
        return found.with_columns(pl.lit(run).alias("read_run"))
    return found.with_columns(pl.col("read_run").fill_null(run))


def _storable(found: pl.DataFrame) -> pl.DataFrame:
    """PostgreSQL keeps no U+0000, which a broken row or a receiver's answer may hold."""
    return found.with_columns(pl.selectors.string().str.replace_all("\x00", "<U+0000>", literal=True))


def _identified(found: pl.DataFrame, feed: str) -> pl.DataFrame:
    # Without a key a row is told from others by its text too: the rows of a table are counted anew in each run.
    row = (pl.col("row").cast(pl.String).fill_null(""), pl.col("original").fill_null(""))
    position = pl.concat_str(pl.lit("@"), "place", *row, separator="\x1f")
    identity = pl.concat_str(
        pl.lit(feed),
        pl.coalesce("record_key", position),
        "code",
        "field",
        pl.col("value").fill_null("\x00"),
        separator="\x1e",
    )
    said = pl.concat_str(*(pl.col(name).cast(pl.String).fill_null("\x00") for name in _REFRESHED), separator="\x1e")
    return found.with_columns(identity.alias("identity"), said.alias("said")).with_columns(
        plh.col(name).chash.blake3().str.head(32).alias(name) for name in ("identity", "said")
    )


def _told_apart(found: pl.DataFrame) -> pl.DataFrame:
    """Each trouble once, as it was met first; the rows of several runs that stood in one place each have their own.

    They come under one key when their keys are merged, and none of them may be lost to another.
    """
    of_another_row = pl.col("original").ne_missing(pl.col("original").first().over("identity", "place", "row"))
    own = plh.concat_str("identity", "original", separator="\x1e").chash.blake3().str.head(32)
    told = found.with_columns(pl.when(of_another_row).then(own).otherwise("identity").alias("identity"))
    read_run = pl.col("read_run").max().over("identity")
    return told.with_columns(read_run).unique("identity", keep="first", maintain_order=True)


def _stored(connection: sa.Connection, feed: str) -> pl.DataFrame:
    schema = {
        "id": pl.Int64(),
        "identity": pl.String(),
        "record_key": pl.String(),
        "row": pl.Int64(),
        "code": pl.String(),
        "status": pl.String(),
        "said": pl.String(),
    }
    query = sa.select(*(issues.c[name] for name in schema)).where(issues.c.feed == feed)
    return bulk.frame_of(connection, query, schema).rename({"said": "was_said"})


def _entered(fresh: pl.DataFrame, run: int, feed: str, dataset: str) -> pl.DataFrame:
    return fresh.with_columns(
        pl.lit(feed).alias("feed"),
        pl.lit(dataset).alias("dataset"),
        pl.lit("open").alias("status"),
        pl.lit(run).alias("first_run"),
        pl.lit(run).alias("last_run"),
    )
