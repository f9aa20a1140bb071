"""Writes rows to another system's table: one transaction a document, with a receipt for each row in the same one.

The receipts table stands beside the target (``gateway_receipts`` unless named otherwise) and is made at the first
delivery. It is what makes a repeated document harmless and an unknown outcome answerable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.errors import AccessRefused, OutcomeUnknown, TryAgain
from gateway.transport.sql.dialect import first_line
from gateway.transport.sql.messages import (
    NO_UNIQUE_KEY,
    NOT_WRITTEN,
    OUTCOME_UNKNOWN,
    OVERTAKEN,
    TABLE_NOT_AS_DECLARED,
    WRITE_REFUSED,
)
from gateway.transport.sql.selection import nearest
from gateway.transport.sql.written_rows import RowChange, RowReceipt, TableTarget

_WRONG_VALUE = (sa.exc.IntegrityError, sa.exc.DataError)
_Insert = postgresql.Insert | sqlite.Insert


class SqlWriter:
    """One table of one database; safe to use from several threads, each of which connects for itself."""

    def __init__(self, engine: sa.Engine, address: str, password: str | None, target: TableTarget) -> None:
        self._engine = engine
        self._address = address
        self._password = password
        self._target = target
        self._receipts = sa.Table(
            target.receipts,
            sa.MetaData(),
            sa.Column("target", sa.String(200), primary_key=True),
            sa.Column("record_key", sa.String(500), primary_key=True),
            sa.Column("change_number", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("written", sa.Integer, nullable=False),
            sa.Column("code", sa.String(64), nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("at", sa.String(32), nullable=False),
            sa.Column("position", sa.Integer, nullable=False),
            schema=target.schema,
        )

    def check(self) -> None:
        """Raise DeliveryError unless the table is there, with its key columns as a unique key; write nothing."""
        with self._transaction() as connection:
            inspector = sa.inspect(connection)
            if not inspector.has_table(self._target.table, self._target.schema):
                names = inspector.get_table_names(self._target.schema)
                raise self._not_as_declared(self._target.table, names)
            columns = [each["name"] for each in inspector.get_columns(self._target.table, self._target.schema)]
            for key in self._target.keys:
                if key not in columns:
                    raise self._not_as_declared(key, columns)
            if set(self._target.keys) not in self._unique_keys(inspector):
                keys = ", ".join(self._target.keys)
                raise AccessRefused(NO_UNIQUE_KEY, place=self._target.place, database=self._address, keys=keys)

    def write(self, dataset: str, changes: Sequence[RowChange]) -> list[RowReceipt]:
        """Write what was not written before, all or nothing but for rows that the database refuses.

        Raises TryAgain or AccessRefused while nothing took effect, OutcomeUnknown when the commit was not answered.
        """
        with self._transaction() as connection:
            self._receipts.create(connection, checkfirst=True)
            known = {(each.record_key, each.change_number): each for each in self._known(connection, dataset, changes)}
            new = [each for each in changes if not _is_written(known.get((each.record_key, each.change_number)))]
            made = {(each.record_key, each.change_number): each for each in self._written(connection, dataset, new)}
            return [(known | made)[each.record_key, each.change_number] for each in changes]

    def receipts(self, dataset: str, versions: Sequence[tuple[str, int]]) -> list[RowReceipt]:
        """The receipts of the versions that were handed over before; raises TryAgain where that cannot be learnt."""
        with self._transaction() as connection:
            if not sa.inspect(connection).has_table(self._target.receipts, self._target.schema):
                return []
            return self._asked(connection, dataset, versions)

    def _written(self, connection: sa.Connection, dataset: str, changes: Sequence[RowChange]) -> list[RowReceipt]:
        newest = self._newest(connection, dataset, [each.record_key for each in changes])
        receipts: list[RowReceipt] = []
        for withdraw, group in groupby(changes, key=lambda each: each.withdraw):
            turn = list(group)
            late = [each for each in turn if each.change_number < newest.get(each.record_key, 0)]
            receipts += [self._overtaken(each, newest[each.record_key]) for each in late]
            receipts += self._put(connection, [each for each in turn if each not in late], withdraw=withdraw)
        self._remember(connection, dataset, receipts)
        return receipts

    def _put(self, connection: sa.Connection, changes: Sequence[RowChange], *, withdraw: bool) -> list[RowReceipt]:
        """Write all at once; where one is wrong, one after the other, so that only that one is refused."""
        if not changes:
            return []
        statement = self._delete() if withdraw else self._upsert(changes[0])
        try:
            with connection.begin_nested():
                connection.execute(statement, [self._values(each) for each in changes])
            return [RowReceipt(each.record_key, each.change_number, written=True) for each in changes]
        except _WRONG_VALUE as error:
            if len(changes) > 1:
                return [receipt for each in changes for receipt in self._put(connection, [each], withdraw=withdraw)]
            reason = NOT_WRITTEN.text("zh", {"place": self._target.place, "cause": self._cause(error)})
            (only,) = changes
            return [
                RowReceipt(only.record_key, only.change_number, written=False, code=NOT_WRITTEN.code, reason=reason)
            ]

    def _upsert(self, change: RowChange) -> _Insert:
        columns = list(change.values)
        table = sa.table(self._target.table, *map(sa.column, columns), schema=self._target.schema)
        insert = self._insert(table).values({name: sa.bindparam(name) for name in columns})
        others = {name: insert.excluded[name] for name in columns if name not in self._target.keys}
        if others:
            return insert.on_conflict_do_update(index_elements=list(self._target.keys), set_=others)
        return insert.on_conflict_do_nothing(index_elements=list(self._target.keys))

    def _insert(self, table: sa.TableClause) -> _Insert:
        return sqlite.insert(table) if self._engine.dialect.name == "sqlite" else postgresql.insert(table)

    def _delete(self) -> sa.Delete:
        keys: list[sa.ColumnClause[object]] = [sa.column(name) for name in self._target.keys]
        table = sa.table(self._target.table, *keys, schema=self._target.schema)
        return sa.delete(table).where(*(key == sa.bindparam(key.name) for key in keys))

    def _values(self, change: RowChange) -> dict[str, object]:
        """The cells of a row; a part of the key that a record does not have is the empty text: NULL names none."""
        wanted = self._target.keys if change.withdraw else change.values
        return {
            name: "" if name in self._target.keys and change.values[name] is None else change.values[name]
            for name in wanted
        }

    def _known(self, connection: sa.Connection, dataset: str, changes: Sequence[RowChange]) -> list[RowReceipt]:
        return self._asked(connection, dataset, [(each.record_key, each.change_number) for each in changes])

    def _asked(self, connection: sa.Connection, dataset: str, versions: Sequence[tuple[str, int]]) -> list[RowReceipt]:
        table, asked = self._receipts.c, set(versions)
        keys = {key for key, _ in versions}
        rows = connection.execute(
            sa.select(table.record_key, table.change_number, table.written, table.code, table.reason)
            .where(table.target == self._scope(dataset), table.record_key.in_(keys))
            .order_by(table.change_number)
        )
        return [
            RowReceipt(row.record_key, row.change_number, bool(row.written), row.code, row.reason)
            for row in rows
            if (row.record_key, row.change_number) in asked
        ]

    def _scope(self, dataset: str) -> str:
        """Whose receipts: two tables of one database may take the same dataset."""
        return f"{self._target.table}/{dataset}"

    def _newest(self, connection: sa.Connection, dataset: str, keys: Iterable[str]) -> dict[str, int]:
        table = self._receipts.c
        rows = connection.execute(
            sa.select(table.record_key, sa.func.max(table.change_number))
            .where(table.target == self._scope(dataset), table.record_key.in_(set(keys)), table.written == 1)
            .group_by(table.record_key)
        )
        return {row[0]: row[1] for row in rows}

    def _remember(self, connection: sa.Connection, dataset: str, receipts: Sequence[RowReceipt]) -> None:
        if not receipts:
            return
        insert = self._insert(self._receipts)
        said = {name: insert.excluded[name] for name in ("written", "code", "reason", "at", "position")}
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        connection.execute(
            insert.on_conflict_do_update(index_elements=["target", "record_key", "change_number"], set_=said),
            [
                {
                    "target": self._scope(dataset),
                    "record_key": each.record_key,
                    "change_number": each.change_number,
                    "written": int(each.written),
                    "code": each.code,
                    "reason": each.reason,
                    "at": at,
                    "position": position,
                }
                for position, each in enumerate(receipts)
            ],
        )

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            connection = self._engine.connect()
        except sa.exc.DBAPIError as error:
            raise TryAgain(WRITE_REFUSED, database=self._address, cause=self._cause(error)) from error
        with connection:
            try:
                connection.begin()
                yield connection
            except sa.exc.OperationalError as error:
                raise TryAgain(WRITE_REFUSED, database=self._address, cause=self._cause(error)) from error
            except sa.exc.SQLAlchemyError as error:
                raise AccessRefused(WRITE_REFUSED, database=self._address, cause=self._cause(error)) from error
            self._commit(connection)

    def _commit(self, connection: sa.Connection) -> None:
        try:
            connection.commit()
        except sa.exc.DBAPIError as error:
            raise OutcomeUnknown(OUTCOME_UNKNOWN, database=self._address, cause=self._cause(error)) from error

    def _unique_keys(self, inspector: sa.Inspector) -> list[set[str]]:
        place = (self._target.table, self._target.schema)
        constraints = [inspector.get_pk_constraint(*place)["constrained_columns"]]
        constraints += [each["column_names"] for each in inspector.get_unique_constraints(*place)]
        return [set(each) for each in constraints]

    def _not_as_declared(self, name: str, known: Iterable[str]) -> AccessRefused:
        return AccessRefused(
            TABLE_NOT_AS_DECLARED,
            place=self._target.place,
            database=self._address,
            name=name,
            nearest=nearest(name, known),
        )

    def _overtaken(self, change: RowChange, newest: int) -> RowReceipt:
        reason = OVERTAKEN.text("zh", {"value": change.change_number, "newest": newest})
        return RowReceipt(change.record_key, change.change_number, written=False, code=OVERTAKEN.code, reason=reason)

    def _cause(self, error: sa.exc.SQLAlchemyError) -> str:
        return first_line(getattr(error, "orig", None) or error, self._password)


def _is_written(receipt: RowReceipt | None) -> bool:
    return receipt is not None and receipt.written
