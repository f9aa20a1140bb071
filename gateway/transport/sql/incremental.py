"""Reads only what is new since the last reading, by the column that says so.

In one snapshot, in the order of the column and then of the primary key, everything from the last position less its
look-back on. The position is always a value that was read, and none that lies ahead of the database's own clock: a row
dated in the future is read, and read again, but hides none of those that are written until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from gateway.errors import SourceError
from gateway.interfaces import Batch, Memory
from gateway.transport.sql import text_order
from gateway.transport.sql.cursor import Cursor, furthest, reached
from gateway.transport.sql.dialect import Column
from gateway.transport.sql.literals import is_moment, is_number
from gateway.transport.sql.messages import (
    CURSOR_CHANGED,
    CURSOR_COLUMN,
    CURSOR_NULLS,
    CURSOR_OUT_OF_ORDER,
    WRONG_SINCE,
)
from gateway.transport.sql.reader import Plan, SqlReader
from gateway.transport.sql.text_rows import no_rows


@dataclass(frozen=True, slots=True)
class ResumingReader:
    """A source over one database that resumes where the last run stood."""

    reader: SqlReader
    cursor: Cursor

    def check(self) -> None:
        """Raise SourceError where the selection cannot be read, or the cursor's column cannot say what is new."""
        with self.reader.dialect.snapshot() as connection:
            self._column(connection, self.reader.plan(connection))

    def read(self) -> Iterator[Batch]:
        """Yield every row, whatever was read before; raises SourceError."""
        return self.reader.read()

    def resume(self, memory: Memory) -> Iterator[Batch]:
        """Yield every row from the memory's position on, less the look-back; raises SourceError."""
        stood = self._stood(memory)
        place, dialect = self.reader.selection.place, self.reader.dialect
        with dialect.snapshot() as connection:
            plan = self.reader.plan(connection)
            column = self._column(connection, plan)
            self._require_since(column, memory.since)
            limit = dialect.clock(connection, column, self.cursor.safety) if column.content == "time" else None
            if column.content == "text":
                self._require_order(connection, column, stood)
            statement = self._statement(plan, column, self.cursor.lowest(column, stood, memory.since))
            now = datetime.now(UTC)
            last = Batch(place, no_rows(plan.names), cursor=self._said(stood))
            empty = True
            with closing(dialect.read(connection, statement, plan.columns)) as batches:
                for rows, faults in batches:
                    values = rows.get_column(column.name).drop_nulls()
                    self._refuse_disorder(column, stood, values)
                    stood = furthest(column, stood, reached(column, values.to_list(), limit, now))
                    yield replace(last, rows=rows, faults=faults, cursor=self._said(stood))
                    empty = False
            if empty:
                yield last

    def settle(self, *, stored: bool) -> None:
        """Nothing is kept here: the position is part of what the gateway stored."""

    def _statement(self, plan: Plan, column: Column, lowest: str | None) -> str:
        dialect, name = self.reader.dialect, self.reader.dialect.quote(column.name)
        where = dialect.compare(column, ">=", lowest) if lowest is not None else ""
        if where and self.cursor.nulls == "read":
            where = f"({where} OR {name} IS NULL)"
        order: Sequence[str] = tuple(dict.fromkeys((column.name, *plan.key)))
        return self.reader.statement(plan, order, where)

    def _column(self, connection: Any, plan: Plan) -> Column:
        column = self.reader.require_column(plan, self.cursor.column)
        if column.content in {"boolean", "binary", "float"}:
            place = self.reader.selection.place
            raise SourceError(CURSOR_COLUMN, place=place, column=column.name, kind=column.content)
        if self.cursor.look_back is not None:
            self.cursor.look_back.require_fits(column)
        if self.cursor.nulls == "refuse" and column.name not in plan.key:
            self._require_filled(connection, column)
        return column

    def _require_filled(self, connection: Any, column: Column) -> None:
        empty = self.reader.value(connection, "COUNT(*)", f"{self.reader.dialect.quote(column.name)} IS NULL")
        if empty != "0":
            place = self.reader.selection.place
            raise SourceError(CURSOR_NULLS, place=place, column=column.name, rows=empty)

    def _require_since(self, column: Column, since: str | None) -> None:
        fits = is_number if column.is_number else is_moment if column.content == "time" else None
        if since is not None and fits and not fits(since):
            raise SourceError(WRONG_SINCE, value=since, column=column.name)

    def _require_order(self, connection: Any, column: Column, stood: str | None) -> None:
        """Raise SourceError where texts of another length than the position's may stand before it, read or not."""
        if stood is None or text_order.is_fixed(stood):
            return
        name = self.reader.dialect.quote(column.name)
        if other := self.reader.value(connection, f"MIN({name})", f"{name} NOT LIKE '{'_' * len(stood)}'"):
            self._refuse(column, stood, other)

    def _refuse_disorder(self, column: Column, stood: str | None, values: pl.Series) -> None:
        if column.content != "text":
            return
        known = [stood] if stood is not None and text_order.has_digits(stood) else []
        if pair := text_order.out_of_order([*known, *text_order.examples(values)]):
            self._refuse(column, *pair)

    def _refuse(self, column: Column, one: str, other: str) -> None:
        place = self.reader.selection.place
        raise SourceError(CURSOR_OUT_OF_ORDER, place=place, column=column.name, one=one, other=other)

    def _stood(self, memory: Memory) -> str | None:
        if not memory.cursor:
            return None
        [(column, position)] = memory.cursor.items()
        if column != self.cursor.column:
            raise SourceError(CURSOR_CHANGED, before=column, column=self.cursor.column)
        return position

    def _said(self, position: str | None) -> dict[str, str] | None:
        return None if position is None else {self.cursor.column: position}
