"""What each of several feeds says of the records of a dataset; the record in the exchange is merged from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import polars as pl
import sqlalchemy as sa

from gateway.domain.dataset import Dataset
from gateway.domain.frame_hash import frame_hash
from gateway.state import bulk
from gateway.state.database import Connection
from gateway.state.exchange import HELD
from gateway.state.exchange_tables import table_of
from gateway.state.tables import contributions, identity_changes, issues, precedence_applied, provenance

_OWN = ("record_key", "digest", "record_version", "owner_department", "run", "source", "source_row")
_AT_ONCE = 500
_WHOLE = {"run": pl.Int64(), "source_row": pl.Int64()}


def held_by(connection: Connection, dataset: Dataset, feed: str, listed: Sequence[str]) -> pl.DataFrame:
    """What comparing a feed's rows needs (`gateway.state.exchange.HELD`).

    Own are what the feed said before, and records that it stored while it did not have to share them (negative `id`);
    foreign are the records of feeds that are not listed, save those that the feed speaks of too.
    """
    before = _hashed(_unshared(connection, dataset, feed), own=True).with_columns(-pl.col("id"))
    said = _hashed(_rows(connection, dataset, "feed = ?", feed), own=True).join(before, on="key", how="anti")
    marks = ", ".join("?" * len(listed))
    foreign = _hashed(_exchange_rows(connection, dataset, f"feed NOT IN ({marks})", *listed), own=False)
    own = pl.concat([said, before])
    return pl.concat([own, foreign.join(own, on="key", how="anti")])


def share(connection: Connection, dataset: Dataset, feeds: Sequence[str]) -> list[str]:
    """Take over what the feeds stored while they did not have to share their records; return the keys of it."""
    taken: list[str] = []
    for feed in feeds:
        unshared = [*_unshared(connection, dataset, feed)]
        keys = pl.concat([pl.Series(dtype=pl.String), *(each["record_key"] for each in unshared)]).to_list()
        for start in range(0, len(keys), _AT_ONCE):
            _take_over(connection, dataset, feed, keys[start : start + _AT_ONCE])
        taken += keys
    return taken


def _take_over(connection: Connection, dataset: Dataset, feed: str, keys: list[str]) -> None:
    where = f"record_key IN ({', '.join('?' * len(keys))})"
    columns = [*dict.fromkeys((*_OWN, *dataset.schema)), "change_number"]
    texts = bulk.text_frame(connection, table_of(dataset), columns, where, keys)
    records = bulk.typed(texts, {**dataset.schema, **_WHOLE})
    mine = (contributions.c.dataset == dataset.name) & (contributions.c.feed == feed)
    connection.execute(sa.delete(contributions).where(mine, contributions.c.record_key.in_(keys)))
    say(connection, dataset, feed, records)
    said = (
        pl.when(_said(pl.col(each.name), each.type.polars)).then(pl.lit(feed)).alias(each.name)
        for each in dataset.fields
    )
    fields = pl.struct(said).struct.json_encode().alias("fields")
    keep_provenance(connection, dataset.name, records.select(pl.col("change_number").cast(pl.Int64), fields))


def say(connection: Connection, dataset: Dataset, feed: str, records: pl.DataFrame) -> None:
    """Keep what a feed says of records (own columns and fields) that it did not speak of before."""
    bulk.insert_frame(connection, contributions, _stored(dataset, feed, records))


def say_otherwise(connection: Connection, dataset: Dataset, feed: str, records: pl.DataFrame) -> None:
    """Keep what a feed says now, in the place of what it said (`id`)."""
    bulk.update_frame(connection, contributions, _stored(dataset, feed, records).with_columns(records["id"]))


def confirm(connection: Connection, versions: pl.DataFrame) -> None:
    """Note a newer `record_version` of the same content (`id`, `record_version`)."""
    bulk.update_frame(connection, contributions, versions)


def unsay(connection: Connection, ids: Sequence[int]) -> None:
    """Forget what a feed said of records that it does not speak of any more."""
    for start in range(0, len(ids), _AT_ONCE):
        connection.execute(sa.delete(contributions).where(contributions.c.id.in_(ids[start : start + _AT_ONCE])))


def unsay_keys(connection: Connection, dataset: str, keys: Sequence[str], feed: str | None = None) -> None:
    """Forget what a feed, or any, said under keys whose records live on under others."""
    whose = contributions.c.dataset == dataset
    if feed is not None:
        whose &= contributions.c.feed == feed
    for start in range(0, len(keys), _AT_ONCE):
        part = contributions.c.record_key.in_(keys[start : start + _AT_ONCE])
        connection.execute(sa.delete(contributions).where(whose, part))


def keys_of(connection: Connection, ids: Sequence[int]) -> list[str]:
    """The keys of what was said under these ids."""
    keys: list[str] = []
    for start in range(0, len(ids), _AT_ONCE):
        part = sa.select(contributions.c.record_key).where(contributions.c.id.in_(ids[start : start + _AT_ONCE]))
        keys += connection.execute(part).scalars()
    return keys


def merged_keys(connection: Connection, dataset: str) -> list[str]:
    """The keys that any feed speaks of, though their records live on under others."""
    mine = (contributions.c.dataset == dataset) & (identity_changes.c.dataset == dataset)
    merged = sa.select(contributions.c.record_key).where(mine, identity_changes.c.old_key == contributions.c.record_key)
    return list(connection.execute(merged.distinct()).scalars())


def spoken_of(connection: Connection, dataset: str, keys: Sequence[str]) -> set[str]:
    """Those of the keys that any feed speaks of."""
    found: set[str] = set()
    for start in range(0, len(keys), _AT_ONCE):
        part = contributions.c.record_key.in_(keys[start : start + _AT_ONCE])
        found.update(
            connection.execute(
                sa.select(contributions.c.record_key).where(contributions.c.dataset == dataset, part)
            ).scalars()
        )
    return found


def all_keys(connection: Connection, dataset: str, feeds: Sequence[str]) -> list[str]:
    """Every key that any of the feeds speaks of."""
    mine = (contributions.c.dataset == dataset) & contributions.c.feed.in_(feeds)
    return list(connection.execute(sa.select(contributions.c.record_key).where(mine).distinct()).scalars())


def said_of(connection: Connection, dataset: Dataset, keys: Sequence[str]) -> pl.DataFrame:
    """What every feed says of the records of these keys: `feed`, the own columns, the fields."""
    columns = ["feed", *_OWN, "content"]
    found = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))]
    for start in range(0, len(keys), _AT_ONCE):
        part = list(keys[start : start + _AT_ONCE])
        where = f"dataset = ? AND record_key IN ({', '.join('?' * len(part))})"
        found.append(bulk.text_frame(connection, contributions, columns, where, [dataset.name, *part]))
    texts = pl.concat(found)
    fields = [each.name for each in dataset.fields]
    content = pl.col("content").str.json_decode(pl.Struct(dict.fromkeys(fields, pl.String())))
    whole = texts.with_columns(content).unnest("content")
    return bulk.typed(whole, {**{name: dataset.schema[name] for name in fields}, **_WHOLE})


def in_exchange(connection: Connection, dataset: Dataset, keys: Sequence[str]) -> pl.DataFrame:
    """The records of these keys as the exchange holds them: id, record_key, held_digest, held_feed, withdrawn."""
    columns = ["id", "record_key", "digest", "feed", "withdrawn"]
    found = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))]
    for start in range(0, len(keys), _AT_ONCE):
        part = list(keys[start : start + _AT_ONCE])
        where = f"record_key IN ({', '.join('?' * len(part))})"
        found.append(bulk.text_frame(connection, table_of(dataset), columns, where, part))
    return pl.concat(found).select(
        pl.col("id").cast(pl.Int64),
        "record_key",
        pl.col("digest").alias("held_digest"),
        pl.col("feed").alias("held_feed"),
        pl.col("withdrawn") == "1",
    )


def hand_over(connection: Connection, dataset: Dataset, records: pl.DataFrame) -> None:
    """Note whose records these are now (`id`, feed, owner_department, source, source_row): no new version of them."""
    bulk.update_frame(connection, table_of(dataset), records)


def keep_provenance(connection: Connection, dataset: str, versions: pl.DataFrame) -> None:
    """Keep whose values stand in the fields of versions (`change_number`, `fields` as JSON)."""
    bulk.insert_frame(connection, provenance, versions.with_columns(pl.lit(dataset).alias("dataset")))


def provenance_of(connection: Connection, dataset: str, numbers: Sequence[int]) -> dict[int, Mapping[str, str]]:
    """Whose values stand in the fields of versions, by change number; filled fields only."""
    mine = (provenance.c.dataset == dataset) & provenance.c.change_number.in_(numbers)
    rows = connection.execute(sa.select(provenance.c.change_number, provenance.c.fields).where(mine))
    return {row.change_number: {k: v for k, v in json.loads(row.fields).items() if v is not None} for row in rows}


def applied(connection: Connection, dataset: str, digest: str) -> bool:
    """Whether every record was merged by this declaration; from now on it is taken to be."""
    mine = precedence_applied.c.dataset == dataset
    before = connection.execute(sa.select(precedence_applied.c.digest).where(mine)).scalar_one_or_none()
    if before == digest:
        return True
    connection.execute(sa.delete(precedence_applied).where(mine))
    connection.execute(sa.insert(precedence_applied).values(dataset=dataset, digest=digest))
    return False


def open_keys(connection: Connection, dataset: str, code: str) -> list[str]:
    """The keys of the records that an open issue of this code speaks of."""
    mine = (issues.c.dataset == dataset) & (issues.c.code == code) & (issues.c.status == "open")
    return list(connection.execute(sa.select(issues.c.record_key).where(mine).distinct()).scalars())


def _stored(dataset: Dataset, feed: str, records: pl.DataFrame) -> pl.DataFrame:
    texts = [_text(name, dtype) for name, dtype in dataset.schema.items()]
    content = pl.struct(each.name for each in dataset.fields).struct.json_encode().alias("content")
    return records.with_columns(texts).select(
        *_OWN, content, pl.lit(dataset.name).alias("dataset"), pl.lit(feed).alias("feed")
    )


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    if isinstance(dtype, pl.String):
        return pl.when(_said(column, dtype)).then(column).alias(name)
    return column.cast(pl.String)


def _said(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Whether a field says anything: an empty text does not."""
    return column != "" if isinstance(dtype, pl.String) else column.is_not_null()


# A version that was merged, or was taken over, has a provenance.
_UNSHARED = (
    "feed = ? AND withdrawn = 0 AND NOT EXISTS (SELECT 1 FROM provenance"
    ' WHERE provenance.dataset = ? AND provenance.change_number = "{table}".change_number)'
)
_COMPARED = ("id", "record_key", "digest", "record_version")


def _rows(connection: Connection, dataset: Dataset, where: str, *values: str) -> list[pl.DataFrame]:
    asked = (dataset.name, *values)
    return list(bulk.text_frames(connection, contributions, _COMPARED, f"dataset = ? AND {where}", asked))


def _exchange_rows(connection: Connection, dataset: Dataset, where: str, *values: str) -> list[pl.DataFrame]:
    return list(bulk.text_frames(connection, table_of(dataset), _COMPARED, where, values))


def _unshared(connection: Connection, dataset: Dataset, feed: str) -> list[pl.DataFrame]:
    """Records in force that a feed stored while it was not one of several."""
    where = _UNSHARED.format(table=table_of(dataset).name)
    return _exchange_rows(connection, dataset, where, feed, dataset.name)


def _hashed(frames: list[pl.DataFrame], *, own: bool) -> pl.DataFrame:
    hashed = [
        frame.select(
            pl.col("id").cast(pl.Int64),
            frame_hash("record_key").alias("key"),
            frame_hash("digest").alias("held_digest"),
            pl.col("record_version").alias("held_version"),
            pl.lit(value=False).alias("withdrawn"),
            pl.lit(own).alias("own"),
        )
        for frame in frames
    ]
    return pl.concat([pl.DataFrame(schema=HELD), *hashed])
