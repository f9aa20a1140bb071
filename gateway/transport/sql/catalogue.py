"""What a database holds: schemas, tables and views, their columns and primary keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa


class Catalogue(Protocol):
    """The names that a database knows; no schema means the one that a name without one is looked for in."""

    def schemas(self) -> Sequence[str]:
        """Every schema."""

    def own_schemas(self) -> Sequence[str | None]:
        """The schemas that hold what its users keep, the database's own left out."""

    def tables(self, schema: str | None) -> Sequence[str]:
        """Tables and views."""

    def has_table(self, table: str, schema: str | None) -> bool:
        """Whether there is a table or view of that name."""

    def primary_key(self, table: str, schema: str | None) -> Sequence[str]:
        """The columns of a table's primary key, none for a view."""

    def types(self, table: str, schema: str | None) -> dict[str, str]:
        """The columns of a table or view and their types, as the database writes them."""


@dataclass(frozen=True, slots=True)
class InspectedCatalogue:
    """The catalogue as SQLAlchemy reads it; `own` says which of all schemas are not the database's own.

    `columns` gives the names and types of a table's columns: SQLAlchemy warns of every type that it does not know.
    """

    inspector: sa.Inspector
    own: Callable[[Sequence[str]], Sequence[str | None]]
    columns: Callable[[str, str | None], Iterable[tuple[Any, ...]]]

    def schemas(self) -> Sequence[str]:
        """Every schema."""
        return self.inspector.get_schema_names()

    def own_schemas(self) -> Sequence[str | None]:
        """The schemas that hold what its users keep."""
        return self.own(self.schemas())

    def tables(self, schema: str | None) -> Sequence[str]:
        """Tables and views, materialized ones too."""
        names = self.inspector.get_table_names(schema) + self.inspector.get_view_names(schema)
        with suppress(NotImplementedError):  # a kind of database without them
            names += self.inspector.get_materialized_view_names(schema)
        return names

    def has_table(self, table: str, schema: str | None) -> bool:
        """Whether there is a table or view of that name."""
        return self.inspector.has_table(table, schema)

    def primary_key(self, table: str, schema: str | None) -> Sequence[str]:
        """The columns of a table's primary key, none for a view."""
        if table in self.inspector.get_view_names(schema):
            return ()
        return self.inspector.get_pk_constraint(table, schema)["constrained_columns"]

    def types(self, table: str, schema: str | None) -> dict[str, str]:
        """The columns of a table or view and their types."""
        return {name: kind for name, kind in self.columns(table, schema)}  # noqa: C416 - rows, not pairs


@dataclass(frozen=True, slots=True)
class CatalogueQueries:
    """The SQL of a catalogue; `{schema}` and `{table}` are literals of SQL, `default` the schema that needs no name."""

    schemas: str
    tables: str
    primary_key: str
    columns: str  # names and types
    default: str


@dataclass(frozen=True, slots=True)
class QueriedCatalogue:
    """The catalogue as the database's own tables of it say; `run` answers a statement of ours, `literal` quotes.

    `hidden` says whether a table that is not listed is there all the same, and may not be read.
    """

    queries: CatalogueQueries
    run: Callable[[str], Sequence[tuple[Any, ...]]]
    literal: Callable[[str], str]
    own: Callable[[Sequence[str]], Sequence[str | None]]
    hidden: Callable[[str, str | None], bool] = lambda _table, _schema: False

    def schemas(self) -> Sequence[str]:
        """Every schema that the user may know of."""
        return [name for (name,) in self.run(self.queries.schemas)]

    def own_schemas(self) -> Sequence[str | None]:
        """The schemas that hold what its users keep."""
        return self.own(self.schemas())

    def tables(self, schema: str | None) -> Sequence[str]:
        """Tables and views that the user may know of."""
        return [name for (name,) in self.run(self.queries.tables.format(schema=self._schema(schema)))]

    def has_table(self, table: str, schema: str | None) -> bool:
        """Whether there is a table or view of exactly that name."""
        return table in self.tables(schema) or self.hidden(table, schema)

    def primary_key(self, table: str, schema: str | None) -> Sequence[str]:
        """The columns of a table's primary key, none for a view."""
        return [name for (name,) in self.run(self._of_table(self.queries.primary_key, table, schema))]

    def types(self, table: str, schema: str | None) -> dict[str, str]:
        """The columns of a table or view and their types."""
        return dict(self.run(self._of_table(self.queries.columns, table, schema)))

    def _of_table(self, query: str, table: str, schema: str | None) -> str:
        return query.format(table=self.literal(table), schema=self._schema(schema))

    def _schema(self, schema: str | None) -> str:
        return self.queries.default if schema is None else self.literal(schema)
