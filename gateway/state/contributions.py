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

    Own are what the feed said before, and records of it from the time before it had to share them (negative `id`);
    foreign are the records of feeds that are not listed.
    """
    said = _hashed(_rows(connection, dataset, "feed = ?", feed), own=True)
    before = _hashed(_unshared(connection, dataset, feed), own=True).with_columns(-pl.col("id"))
    marks = ", ".join("?" * len(listed))
    foreign = _exchange_rows(connection, dataset, f"feed NOT IN ({marks})", *listed)
    return pl.concat([said, before, _hashed(foreign, own=False)])


def share(connection: Connection, dataset: Dataset, feeds: Sequence[str]) -> None:
    """Take over what the feeds said before they had to share their records."""
    for feed in feeds:
        unshared = [*_unshared(connection, dataset, feed)]
        keys = pl.concat([pl.Series(dtype=pl.String), *(each["record_key"] for each in unshared)])
        for start in range(0, keys.len(), _AT_ONCE):
            part = keys[start : start + _AT_ONCE].to_list()
            where = f"record_key IN ({', '.join('?' * len(part))})"
            columns = [*dict.fromkeys((*_OWN, *dataset.schema))]
            texts = bulk.text_frame(connection, table_of(dataset), columns, where, part)
            say(connection, dataset, feed, bulk.typed(texts, {**dataset.schema, **_WHOLE}))


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


def unsay_merged(connection: Connection, dataset: Dataset) -> None:
    """Forget what was said under keys whose records live on under others and are withdrawn."""
    table = table_of(dataset)
    old = sa.select(identity_changes.c.old_key).where(identity_changes.c.dataset == dataset.name)
    gone = sa.select(table.c.record_key).where(table.c.record_key.in_(old), table.c.withdrawn == 1)
    mine = contributions.c.dataset == dataset.name
    connection.execute(sa.delete(contributions).where(mine, contributions.c.record_key.in_(gone)))


def keys_of(connection: Connection, ids: Sequence[int]) -> list[str]:
    """The keys of what was said under these ids."""
    keys: list[str] = []
    for start in range(0, len(ids), _AT_ONCE):
        part = sa.select(contributions.c.record_key).where(contributions.c.id.in_(ids[start : start + _AT_ONCE]))
        keys += connection.execute(part).scalars()
    return keys


def all_keys(connection: Connection, dataset: str) -> list[str]:
    """Every key that any feed speaks of."""
    return list(
        connection.execute(
            sa.select(contributions.c.record_key).where(contributions.c.dataset == dataset).distinct()
        ).scalars()
    )


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
    """The records of these keys as the exchange holds them: id, record_key, held_digest, withdrawn."""
    columns = ["id", "record_key", "digest", "withdrawn"]
    found = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))]
    for start in range(0, len(keys), _AT_ONCE):
        part = list(keys[start : start + _AT_ONCE])
        where = f"record_key IN ({', '.join('?' * len(part))})"
        found.append(bulk.text_frame(connection, table_of(dataset), columns, where, part))
    return pl.concat(found).select(
        pl.col("id").cast(pl.Int64), "record_key", pl.col("digest").alias("held_digest"), pl.col("withdrawn") == "1"
    )


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
        return pl.when(column != "").then(column).alias(name)  # an empty text says nothing
    return column.cast(pl.String)


_UNSHARED = (
    "feed = ? AND withdrawn = 0 AND record_key NOT IN"
    " (SELECT record_key FROM contributions WHERE dataset = ? AND feed = ?)"
)
_COMPARED = ("id", "record_key", "digest", "record_version")


def _rows(connection: Connection, dataset: Dataset, where: str, *values: str) -> list[pl.DataFrame]:
    asked = (dataset.name, *values)
    return list(bulk.text_frames(connection, contributions, _COMPARED, f"dataset = ? AND {where}", asked))


def _exchange_rows(connection: Connection, dataset: Dataset, where: str, *values: str) -> list[pl.DataFrame]:
    return list(bulk.text_frames(connection, table_of(dataset), _COMPARED, where, values))


def _unshared(connection: Connection, dataset: Dataset, feed: str) -> list[pl.DataFrame]:
    """Records in force of a feed that has said nothing of them as one of several."""
    return _exchange_rows(connection, dataset, _UNSHARED, feed, dataset.name, feed)


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
