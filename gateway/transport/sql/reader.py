"""Reads one selection of one database: sees that it can be read as declared, then streams it as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch
from gateway.transport.sql.dialect import Column, Dialect
from gateway.transport.sql.messages import (
    BINARY_COLUMNS,
    DOUBLED_COLUMNS,
    NO_COLUMNS,
    RESERVED_COLUMN,
    UNKNOWN_COLUMN,
    UNKNOWN_SCHEMA,
    UNKNOWN_TABLE,
)
from gateway.transport.sql.selection import Selection, nearest
from gateway.transport.sql.text_rows import no_rows


@dataclass(frozen=True, slots=True)
class SqlReader:
    """A source over one database."""

    dialect: Dialect
    selection: Selection

    def check(self) -> None:
        """Raise SourceError where the database cannot be reached or the selection cannot be read."""
        with self.dialect.snapshot() as connection:
            self._plan(connection)

    def read(self) -> Iterator[Batch]:
        """Yield every row of one snapshot in batches, or one empty batch; raises SourceError."""
        place = self.selection.place
        with self.dialect.snapshot() as connection:
            statement, columns = self._plan(connection)
            empty = True
            with closing(self.dialect.read(connection, statement, columns)) as batches:
                for rows, faults in batches:
                    yield Batch(place, rows, faults)
                    empty = False
            if empty:
                yield Batch(place, no_rows([column.name for column in columns]))

    def _plan(self, connection: sa.Connection) -> tuple[str, list[Column]]:
        """The statement to send and the columns that it gives."""
        selection, dialect = self.selection, self.dialect
        order_by = selection.order_by or self._primary_key(connection)
        offered = dialect.describe(connection, selection.everything(dialect.quote), selection.table)
        self._require_distinct([column.name for column in offered])
        self._require_known(offered)
        by_name = {column.name: column for column in offered}
        columns = [by_name[name] for name in selection.columns] or offered
        self._require_text(columns)
        return selection.statement(dialect.quote, order_by), columns

    def _primary_key(self, connection: sa.Connection) -> Sequence[str]:
        """The columns of the table's primary key; raises SourceError where there is no such table."""
        table, schema = self.selection.table, self.selection.schema
        if table is None:
            return ()
        inspector = sa.inspect(connection)
        self._require_table(inspector, table, schema)
        if table in inspector.get_view_names(schema):
            return ()
        return inspector.get_pk_constraint(table, schema)["constrained_columns"]

    def _require_table(self, inspector: sa.Inspector, table: str, schema: str | None) -> None:
        if schema is not None and schema not in (schemas := inspector.get_schema_names()):
            raise SourceError(
                UNKNOWN_SCHEMA, database=self.dialect.address, name=schema, nearest=nearest(schema, schemas)
            )
        if not inspector.has_table(table, schema):
            names = _tables_and_views(inspector, schema)
            raise SourceError(UNKNOWN_TABLE, database=self.dialect.address, name=table, nearest=nearest(table, names))

    def _require_distinct(self, names: list[str]) -> None:
        if not names:
            raise SourceError(NO_COLUMNS)
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise SourceError(DOUBLED_COLUMNS, place=self.selection.place, columns=", ".join(doubled))

    def _require_known(self, offered: list[Column]) -> None:
        known = {column.name for column in offered}
        for name in (*self.selection.columns, *self.selection.order_by):
            if name not in known:
                raise SourceError(UNKNOWN_COLUMN, place=self.selection.place, name=name, nearest=nearest(name, known))

    def _require_text(self, columns: list[Column]) -> None:
        place = self.selection.place
        if any(column.name == ROW for column in columns):
            raise SourceError(RESERVED_COLUMN, place=place, column=ROW)
        binary = [column.name for column in columns if column.content == "binary"]
        if binary:
            raise SourceError(BINARY_COLUMNS, place=place, columns=", ".join(binary))


def _tables_and_views(inspector: sa.Inspector, schema: str | None) -> list[str]:
    names = inspector.get_table_names(schema) + inspector.get_view_names(schema)
    with suppress(NotImplementedError):  # a kind of database without them
        names += inspector.get_materialized_view_names(schema)
    return names
