"""A record's whole life, read by indexes: its versions, and what became of each at every destination."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.domain.dataset import Dataset
from gateway.state.exchange_tables import history_of, table_of
from gateway.state.tables import deliveries, documents, issues, receipts

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class TracedDelivery:
    """One version of a record at one destination: the document it went with, and the receiver's answer."""

    destination: str
    feed: str
    change_number: int
    operation: str
    status: str
    reference: str | None
    code: str | None
    reason: str | None
    document: int | None
    idempotency_key: str | None
    profile: str | None
    attempts: int | None
    enqueued_at: dt.datetime | None
    received_at: dt.datetime | None


def keys_starting_with(
    connection: sa.Connection, datasets: Iterable[Dataset], start: str, at_most: int
) -> list[tuple[str, str]]:
    """The (dataset, record key) pairs that start so, of records held and of rows that only made issues."""
    found = dict.fromkeys(
        (dataset.name, key)
        for dataset in datasets
        for key in connection.execute(_keys(table_of(dataset).c.record_key, start, at_most)).scalars()
    )
    query = _keys(issues.c.record_key, start, at_most).add_columns(issues.c.dataset)
    found.update(dict.fromkeys((dataset, key) for key, dataset in connection.execute(query)))
    return list(found)[:at_most]


def _keys(column: sa.ColumnElement[Any], start: str, at_most: int) -> sa.Select[Any]:
    # The range is what an index answers; a server's collation may let other cases into it, so the start is compared.
    inside = sa.and_(column >= start, column < start + _LAST_CHARACTER, sa.func.substr(column, 1, len(start)) == start)
    return sa.select(column).where(inside).order_by(column).distinct().limit(at_most)


def versions_of(connection: sa.Connection, dataset: Dataset, record_key: str) -> list[dict[str, Any]]:
    """Every version of a record, the oldest first, as the columns of the exchange table."""
    rows = [
        dict(row)
        for table in (history_of(dataset), table_of(dataset))
        for row in connection.execute(sa.select(table).where(table.c.record_key == record_key)).mappings()
    ]
    return sorted(rows, key=lambda row: row["change_number"])


def deliveries_of(connection: sa.Connection, dataset: str, record_key: str) -> list[TracedDelivery]:
    """What became of every version of a record at every destination."""
    query = (
        sa.select(
            deliveries.c.destination,
            deliveries.c.feed,
            deliveries.c.change_number,
            deliveries.c.operation,
            deliveries.c.status,
            deliveries.c.reference,
            deliveries.c.code,
            deliveries.c.reason,
            deliveries.c.document,
            documents.c.idempotency_key,
            documents.c.profile,
            documents.c.attempts,
            documents.c.enqueued_at,
            receipts.c.received_at,
        )
        .outerjoin(documents, deliveries.c.document == documents.c.id)
        .outerjoin(receipts, deliveries.c.receipt == receipts.c.id)
        .where(deliveries.c.record_key == record_key, deliveries.c.dataset == dataset)
        .order_by(deliveries.c.change_number, deliveries.c.destination)
    )
    return [TracedDelivery(**row) for row in connection.execute(query).mappings()]
