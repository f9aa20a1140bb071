"""The exchange: one table a dataset. What is held now, and the one transaction that stores what a run changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import polars as pl
import sqlalchemy as sa

from gateway.domain.dataset import Dataset, Field
from gateway.domain.frame_hash import frame_hash
from gateway.domain.record_key import key_text
from gateway.state import bulk
from gateway.state.exchange_tables import history_of, table_of
from gateway.state.tables import change_numbers, runs

# What comparing needs of a record that is held: its row, the hashes of key and digest, and whose it is.
HELD: dict[str, pl.DataType] = {
    "id": pl.Int64(),
    "key": pl.UInt128(),
    "held_digest": pl.UInt128(),
    "held_version": pl.String(),
    "withdrawn": pl.Boolean(),
    "own": pl.Boolean(),
}

# Another one whenever something of the dataset was stored: its last change number, how many runs stored, and when.
Mark = tuple[int, int, str | None]

LOOKED_UP = 20_000  # up to so many keys are looked up one by one
_LOOKED_UP_AT_ONCE = 500
_INDEXES_WAIT_FROM = 20_000  # a first load of more rows is faster when its indexes are made afterwards
_Value = TypeVar("_Value")
_COLUMNS = ("id", "record_key", "digest", "record_version", "withdrawn", "feed")


@dataclass(frozen=True)
class Exchange:
    """The exchange table of one dataset; `hidden` fields are never read out of it as part of a record."""

    dataset: Dataset
    hidden: frozenset[str] = frozenset()

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The fields that are read out as part of a record."""
        return {name: dtype for name, dtype in self.dataset.schema.items() if name not in self.hidden}

    def held(self, connection: sa.Connection, feed: str, keys: list[str] | None) -> pl.DataFrame:
        """The records that are this feed's, and those of other feeds among the keys; columns as `HELD`.

        Without keys the whole table is read through, which is faster than looking up more than `LOOKED_UP` of them.
        """
        if keys is None:
            return _hashed(self._texts(connection, "1 = 1"), feed)
        own = _hashed(self._texts(connection, "feed = ?", feed), feed)
        foreign = [
            _hashed(
                self._texts(connection, f"record_key IN ({', '.join('?' * len(part))}) AND feed <> ?", *part, feed),
                feed,
            )
            for part in _parts(keys, _LOOKED_UP_AT_ONCE)
        ]
        return pl.concat([own, *foreign])

    def _texts(self, connection: sa.Connection, where: str, *values: str) -> Iterator[pl.DataFrame]:
        return bulk.text_frames(connection, table_of(self.dataset), _COLUMNS, where, values)

    def claim(self, connection: sa.Connection) -> None:
        """Wait until no other transaction stores records of this dataset, and keep others waiting from now on.

        What is held must be looked at after this, or two feeds would each find a new key to be nobody's.
        """
        connection.execute(
            sa.text("INSERT INTO change_numbers (dataset, last) VALUES (:dataset, 0) ON CONFLICT DO NOTHING"),
            {"dataset": self.dataset.name},
        )
        own = sa.select(change_numbers.c.last).where(change_numbers.c.dataset == self.dataset.name)
        connection.execute(own.with_for_update())

    def allot(self, connection: sa.Connection, count: int) -> int:
        """Take `count` change numbers for this transaction, which has claimed the dataset; return the last before them.

        The row stays locked until the transaction ends, so numbers become visible in their order.
        """
        taken = sa.update(change_numbers).where(change_numbers.c.dataset == self.dataset.name)
        last = connection.execute(
            taken.values(last=change_numbers.c.last + count).returning(change_numbers.c.last)
        ).scalar_one()
        return int(last) - count

    def keys_of(self, connection: sa.Connection, ids: list[int]) -> list[str]:
        """The keys of the records of these ids."""
        table = table_of(self.dataset)
        parts = _parts(ids, _LOOKED_UP_AT_ONCE)
        queries = (sa.select(table.c.record_key).where(table.c.id.in_(part)) for part in parts)
        return [key for query in queries for key in connection.execute(query).scalars()]

    def in_force(self, connection: sa.Connection, keys: list[str]) -> set[str]:
        """Those of the keys whose records are held and not withdrawn."""
        table = table_of(self.dataset)
        found: set[str] = set()
        for part in _parts(keys, _LOOKED_UP_AT_ONCE):
            query = sa.select(table.c.record_key).where(table.c.record_key.in_(part), table.c.withdrawn == 0)
            found.update(connection.execute(query).scalars())
        return found

    def versions_after(
        self, connection: sa.Connection, after: int, at_most: int, *, replaced: bool = True
    ) -> pl.DataFrame:
        """Every version with a change number in (after, after + at_most] in their order, `replaced` ones or not.

        The columns are record_key, change_number, operation and the dataset's fields.
        """
        where = "change_number > ? AND change_number <= ?"
        return self._versions(connection, where, after, after + at_most, replaced=replaced)

    def versions_numbered(
        self, connection: sa.Connection, numbers: list[int], *, replaced: bool = True
    ) -> pl.DataFrame:
        """The versions with these change numbers, in their order."""
        marks = ", ".join("?" * len(numbers))
        return self._versions(connection, f"change_number IN ({marks})", *numbers, replaced=replaced)

    def _versions(self, connection: sa.Connection, where: str, *values: int, replaced: bool) -> pl.DataFrame:
        schema = {"change_number": pl.Int64(), **self.schema}
        columns = ["record_key", "operation", *schema]
        tables = (table_of(self.dataset), history_of(self.dataset)) if replaced else (table_of(self.dataset),)
        texts = [bulk.text_frame(connection, table, columns, where, values) for table in tables]
        return bulk.typed(pl.concat(texts), schema).sort("change_number")

    def records_of(self, connection: sa.Connection, keys: list[str]) -> pl.DataFrame:
        """The records of these keys that are held and not withdrawn: record_key and the dataset's fields."""
        columns = ["record_key", *self.schema]
        found = [
            bulk.text_frame(
                connection,
                table_of(self.dataset),
                columns,
                f"record_key IN ({', '.join('?' * len(part))}) AND withdrawn = 0",
                part,
            )
            for part in _parts(keys, _LOOKED_UP_AT_ONCE)
        ]
        return bulk.typed(pl.concat([_no_texts(columns), *found]), self.schema)

    def children_of(self, connection: sa.Connection, keys: tuple[Field, ...], parents: pl.DataFrame) -> pl.DataFrame:
        """The records in force that name one of the parents by its key fields, in the order of their own keys.

        `parents` has record_key and the key fields; so have the children, their parent's key as `parent` beside theirs.
        The table is read through once, save where the parents agree in a field.
        """
        columns = ["record_key", *self.schema]
        ours = [_no_texts([*columns, "parent"])]
        if parents.height:
            where, values = _narrowed(keys, parents)
            frames = bulk.text_frames(connection, table_of(self.dataset), columns, f"{where} AND withdrawn = 0", values)
            named = key_text(keys).alias("parent")
            ours += (
                frame.with_columns(named).join(parents, left_on="parent", right_on="record_key", how="semi")
                for frame in frames
            )
        return bulk.typed(pl.concat(ours), self.schema).sort("record_key")

    def mark(self, connection: sa.Connection) -> Mark:
        """What tells whether anything of the dataset was stored since; a run that confirms a version counts too."""
        stored = sa.select(sa.func.count(), sa.func.max(runs.c.finished_at)).where(
            runs.c.dataset == self.dataset.name, runs.c.stage == "stored"
        )
        count, latest = connection.execute(stored).one()
        return self.last_change_number(connection), count, latest

    def last_change_number(self, connection: sa.Connection) -> int:
        """The highest change number that is committed."""
        number = connection.execute(
            sa.select(change_numbers.c.last).where(change_numbers.c.dataset == self.dataset.name)
        ).scalar_one_or_none()
        return int(number or 0)

    def insert(self, connection: sa.Connection, records: pl.DataFrame) -> None:
        """Insert new records; the frame carries the dataset's fields and every own column."""
        self.insert_all(connection, [records])

    def insert_all(self, connection: sa.Connection, records: Iterable[pl.DataFrame]) -> None:
        """Insert the new records of many such frames, which are made while they are written."""
        bulk.insert_frames(connection, table_of(self.dataset), records)

    def replace(self, connection: sa.Connection, records: pl.DataFrame) -> None:
        """Keep the versions of the rows named by `id` in the history, and put the frame's in their place."""
        self._keep_versions(connection, records["id"])
        bulk.update_frame(connection, table_of(self.dataset), records)

    def confirm_version(self, connection: sa.Connection, records: pl.DataFrame) -> None:
        """Note a newer `record_version` of the same content (`id`, `record_version`): no new version of the record."""
        bulk.update_frame(connection, table_of(self.dataset), records)

    def _keep_versions(self, connection: sa.Connection, ids: pl.Series) -> None:
        table, history = table_of(self.dataset), history_of(self.dataset)
        columns = [column.name for column in table.columns if column.name != "id"]
        names = ", ".join(f'"{name}"' for name in columns)
        for part in _parts(ids.to_list(), _LOOKED_UP_AT_ONCE):
            listed = ", ".join(str(int(each)) for each in part)
            connection.exec_driver_sql(
                f'INSERT INTO "{history.name}" ({names}) SELECT {names} FROM "{table.name}" '
                f"WHERE id IN ({listed}) ORDER BY id"
            )

    def is_empty(self, connection: sa.Connection) -> bool:
        """Whether no record was ever stored."""
        return connection.execute(sa.select(table_of(self.dataset).c.id).limit(1)).first() is None

    def first_load(self, connection: sa.Connection, rows: int) -> bool:
        """Whether the table is empty and so many rows come that its indexes had better wait."""
        return rows >= _INDEXES_WAIT_FROM and self.is_empty(connection)

    def drop_indexes(self, connection: sa.Connection) -> None:
        """Drop the table's indexes for a first load."""
        for index in table_of(self.dataset).indexes:
            index.drop(connection)

    def create_indexes(self, connection: sa.Connection) -> None:
        """Create them again; two records of one key end the transaction here."""
        for index in sorted(table_of(self.dataset).indexes, key=lambda each: str(each.name)):
            index.create(connection)


def _no_texts(columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))


def _narrowed(keys: tuple[Field, ...], parents: pl.DataFrame) -> tuple[str, list[str]]:
    """The SQL condition, with its values, that leaves the fewest rows to look at."""
    filled = [field.name for field in keys if field.absent is None]
    values = min((parents[name].unique() for name in filled), key=len)
    if len(values) > _LOOKED_UP_AT_ONCE:
        return "1 = 1", []
    return f'"{values.name}" IN ({", ".join("?" * len(values))})', values.to_list()


def _parts(values: list[_Value], size: int) -> Iterator[list[_Value]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _hashed(frames: Iterator[pl.DataFrame], feed: str) -> pl.DataFrame:
    hashed = [
        frame.select(
            pl.col("id").cast(pl.Int64),
            frame_hash("record_key").alias("key"),
            frame_hash("digest").alias("held_digest"),
            pl.col("record_version").alias("held_version"),
            (pl.col("withdrawn") == "1").alias("withdrawn"),
            (pl.col("feed") == feed).alias("own"),
        )
        for frame in frames
    ]
    return pl.concat(hashed).rechunk() if hashed else pl.DataFrame(schema=HELD)
