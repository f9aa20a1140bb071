"""Lists what a database holds: its tables and views, or a query, with their columns, types and a few values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.errors import SourceError
from gateway.transport.sql.dialect import Column, Dialect
from gateway.transport.sql.selection import Selection

_SAMPLE_ROWS = 20
_SAMPLE_VALUES = 3
_VALUE_SHOWN = 60  # characters


@dataclass(frozen=True, slots=True)
class FoundRows:
    """A table, view or query: its columns with their types, and some values of each, none where it may not be read."""

    selection: Selection
    types: dict[str, str]
    binary: Sequence[str] = ()
    values: dict[str, list[str]] = field(default_factory=dict)


def found_rows(dialect: Dialect, wanted: Selection) -> Iterator[FoundRows]:
    """Every table and view, or the schema, table or query that is wanted; raises SourceError."""
    if wanted.query is not None:
        columns, values = _first_rows(dialect, wanted)
        yield FoundRows(wanted, {column.name: column.type for column in columns}, _binary(columns), values)
        return
    for selection, types in _tables(dialect, wanted):
        try:
            columns, values = _first_rows(dialect, selection)
        except SourceError:  # it may be listed and not be read
            yield FoundRows(selection, types)
        else:
            yield FoundRows(selection, types, _binary(columns), values)


def _tables(dialect: Dialect, wanted: Selection) -> list[tuple[Selection, dict[str, str]]]:
    with dialect.snapshot() as connection:
        catalogue = dialect.catalogue(connection)
        schemas = [wanted.schema] if wanted.schema is not None else catalogue.own_schemas()
        names = [(schema, table) for schema in schemas for table in sorted(catalogue.tables(schema))]
        return [
            (Selection(table, schema), catalogue.types(table, schema))
            for schema, table in names
            if wanted.table in {None, table}
        ]


def _binary(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.content == "binary"]


def _first_rows(dialect: Dialect, selection: Selection) -> tuple[list[Column], dict[str, list[str]]]:
    with dialect.snapshot() as connection:
        offered = dialect.describe(connection, selection.everything(dialect.quote), selection.table)
        text = [column for column in offered if column.content != "binary"]
        exact = [dialect.exact(column) for column in text]
        if not text:
            return offered, {}
        statement = dialect.first(selection.statement(dialect.quote, (), columns=exact), _SAMPLE_ROWS)
        values: dict[str, list[str]] = {column.name: [] for column in text}
        for rows, _ in dialect.read(connection, statement, text):
            for name in values:
                values[name] += [value[:_VALUE_SHOWN] for value in rows.get_column(name).drop_nulls() if value]
        return offered, {name: list(dict.fromkeys(some))[:_SAMPLE_VALUES] for name, some in values.items()}
