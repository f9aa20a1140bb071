"""One exchange table a dataset, and beside it the versions that newer ones replaced."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa

from gateway.domain.dataset import Dataset, Field, Type
from gateway.state.tables import metadata, row_number

# What every exchange row carries beside its fields. `source` and `source_row` say where the version was read.
OWN_COLUMNS = (
    "record_key",
    "digest",
    "change_number",
    "operation",
    "withdrawn",
    "owner_department",
    "feed",
    "run",
    "source",
    "source_row",
)

_making = threading.Lock()  # a table is known by its name before it has all its columns


def table_of(dataset: Dataset) -> sa.Table:
    """The table of the versions in force, one row a record, unique by `record_key`."""
    return _table(dataset, history=False)


def history_of(dataset: Dataset) -> sa.Table:
    """The table of replaced versions, unique by `record_key` and `change_number`."""
    return _table(dataset, history=True)


def _table(dataset: Dataset, *, history: bool) -> sa.Table:
    table_name = f"{dataset.name}_history" if history else dataset.name
    with _making:
        if table_name in metadata.tables:
            return metadata.tables[table_name]
        return _made(dataset, table_name, history=history)


def _made(dataset: Dataset, table_name: str, *, history: bool) -> sa.Table:
    return sa.Table(
        table_name,
        metadata,
        sa.Column("id", row_number, primary_key=True),
        sa.Column("record_key", sa.String(600), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("change_number", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.String(10), nullable=False),
        sa.Column("withdrawn", sa.Integer, nullable=False),
        sa.Column("owner_department", sa.String(32), nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_row", sa.BigInteger),
        *(sa.Column(field.name, column_type(field), nullable=True) for field in dataset.by_name.values()),
        *_indexes(table_name, history),
    )


def _indexes(table: str, history: bool) -> tuple[sa.Index, ...]:
    return (
        sa.Index(f"ix_{table}_record_key", "record_key", *(("change_number",) if history else ()), unique=True),
        sa.Index(f"ix_{table}_change_number", "change_number"),
    )


def column_type(field: Field) -> sa.types.TypeEngine[Any]:
    """How a field is kept: times as ISO text in UTC, money as whole 分, text with the field's length."""
    match field.type:
        case Type.TEXT:
            return sa.String(field.length) if field.length else sa.Text()
        case Type.DATE:
            return sa.Date()
        case Type.TIME:
            return sa.String(32)
        case Type.BOOLEAN:
            return sa.Boolean()
        case Type.MONEY | Type.INTEGER:
            return sa.BigInteger()
