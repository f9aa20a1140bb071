"""Reads one selection of one database: sees that it can be read as declared, then streams it as text."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch
from gateway.transport.sql.dialect import Column, Dialect, ParallelDialect, TextRows
from gateway.transport.sql.messages import (
    BINARY_COLUMNS,
    DOUBLED_COLUMNS,
    NO_COLUMNS,
    RESERVED_COLUMN,
    UNKNOWN_COLUMN,
    UNKNOWN_SCHEMA,
    UNKNOWN_TABLE,
)
from gateway.transport.sql.ranges import Partitions, range_conditions
from gateway.transport.sql.selection import Selection, nearest
from gateway.transport.sql.text_rows import no_rows


@dataclass(frozen=True, slots=True)
class Plan:
    """What was found: all columns there are by name, those that are read, and the table's primary key."""

    offered: dict[str, Column]
    columns: Sequence[Column]
    key: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The columns of every batch."""
        return [column.name for column in self.columns]


@dataclass(frozen=True, slots=True)
class SqlReader:
    """A source over one database."""

    dialect: Dialect
    selection: Selection
    partitions: Partitions | None = None

    def check(self) -> None:
        """Raise SourceError where the database cannot be reached or the selection cannot be read."""
        with self.dialect.snapshot() as connection:
            self.plan(connection)

    def read(self) -> Iterator[Batch]:
        """Yield every row of one snapshot in batches, or one empty batch; raises SourceError."""
        place = self.selection.place
        with self.dialect.snapshot() as connection:
            plan = self.plan(connection)
            empty = True
            with closing(self._rows(connection, plan)) as batches:
                for rows, faults in batches:
                    yield Batch(place, rows, faults)
                    empty = False
            if empty:
                yield Batch(place, no_rows(plan.names))

    def plan(self, connection: Any) -> Plan:
        """See that the selection can be read as declared; raises SourceError."""
        selection, dialect = self.selection, self.dialect
        key = self._primary_key(connection)
        offered = dialect.describe(connection, selection.everything(dialect.quote), selection.table)
        self._require_distinct([column.name for column in offered])
        self._require_known(offered)
        by_name = {column.name: column for column in offered}
        columns = [by_name[name] for name in selection.columns] or offered
        self._require_text(columns)
        plan = Plan(by_name, columns, key)
        if self.partitions is not None:
            self.require_column(plan, self.partitions.column)
        return plan

    def statement(self, plan: Plan, order_by: Sequence[str], where: str = "") -> str:
        """The SQL of the plan's columns, in some order and as far as a condition goes."""
        quote = self.dialect.quote
        exact = [self.dialect.exact(column) for column in plan.columns]
        named = exact != [quote(column.name) for column in plan.columns]
        return self.selection.statement(quote, order_by, columns=exact if named else (), where=where)

    def value(self, connection: Any, expression: str, where: str) -> str | None:
        """One value over the rows that a condition takes."""
        statement = f"SELECT {expression} AS v FROM {self.selection.origin(self.dialect.quote)} WHERE {where}"  # noqa: S608 - names are quoted
        [(rows, _)] = list(self.dialect.read(connection, statement, [Column("v")]))
        found: str | None = rows.item(0, "v")
        return found

    def require_column(self, plan: Plan, name: str) -> Column:
        """A column by its name; raises SourceError where there is none."""
        if name not in plan.offered:
            near = nearest(name, plan.offered)
            raise SourceError(UNKNOWN_COLUMN, place=self.selection.place, name=name, nearest=near)
        return plan.offered[name]

    def _rows(self, connection: Any, plan: Plan) -> Generator[TextRows]:
        order = self._order(plan)
        if self.partitions is None or not isinstance(self.dialect, ParallelDialect):
            return self.dialect.read(connection, self.statement(plan, order), plan.columns)
        column = plan.offered[self.partitions.column]
        ranges = range_conditions(self.dialect, connection, self.selection, column)
        statements = [self.statement(plan, order, where) for where in ranges]
        return self.dialect.read_ranges(connection, statements, plan.columns, self.partitions.parts)

    def _order(self, plan: Plan) -> Sequence[str]:
        if self.partitions is None:
            return self.selection.order_by or plan.key
        return tuple(dict.fromkeys((self.partitions.column, *plan.key)))

    def _primary_key(self, connection: Any) -> Sequence[str]:
        """The columns of the table's primary key; raises SourceError where there is no such table."""
        table, schema = self.selection.table, self.selection.schema
        if table is None:
            return ()
        catalogue, database = self.dialect.catalogue(connection), self.dialect.address
        if schema is not None and schema not in (schemas := catalogue.schemas()):
            raise SourceError(UNKNOWN_SCHEMA, database=database, name=schema, nearest=nearest(schema, schemas))
        if not catalogue.has_table(table, schema):
            near = nearest(table, catalogue.tables(schema))
            raise SourceError(UNKNOWN_TABLE, database=database, name=table, nearest=near)
        return catalogue.primary_key(table, schema)

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

    def _require_text(self, columns: Sequence[Column]) -> None:
        place = self.selection.place
        if any(column.name == ROW for column in columns):
            raise SourceError(RESERVED_COLUMN, place=place, column=ROW)
        binary = [column.name for column in columns if column.content == "binary"]
        if binary:
            raise SourceError(BINARY_COLUMNS, place=place, columns=", ".join(binary))
