"""Versions that wait without a document, and what became of those that a feed took up before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from gateway.state import bulk
from gateway.state.outbox import Address
from gateway.state.tables import deliveries

_WORDED = {"record_key": pl.String(), "change_number": pl.Int64(), "code": pl.String(), "reason": pl.String()}


def release_held(connection: sa.Connection, address: Address) -> list[int]:
    """Take back the versions that wait without a document, so that they are looked at again; give their numbers."""
    numbers = connection.execute(
        sa.delete(deliveries)
        .where(
            deliveries.c.feed == address.feed,
            deliveries.c.dataset == address.dataset,
            deliveries.c.destination == address.destination,
            deliveries.c.status == "waiting",
            deliveries.c.document.is_(None),
        )
        .returning(deliveries.c.change_number)
    ).scalars()
    return sorted(numbers)


def held(connection: sa.Connection, feed: str) -> pl.DataFrame:
    """The versions that wait without a document, each with what it waits for."""
    query = sa.select(*(deliveries.c[name] for name in _WORDED)).where(
        deliveries.c.feed == feed, deliveries.c.status == "waiting", deliveries.c.document.is_(None)
    )
    return bulk.frame_of(connection, query, _WORDED)


@dataclass(frozen=True)
class Handed:
    """What became of the newest version of a record that a feed took up, withdrawals aside."""

    change_number: int
    refused: bool
    sent: bool  # it stands in a document


def handed_over(connection: sa.Connection, address: Address, keys: Sequence[str]) -> dict[str, Handed]:
    """The newest version of each of these records that the feed took up."""
    found: dict[str, Handed] = {}
    for start in range(0, len(keys), 500):
        query = sa.select(deliveries).where(
            deliveries.c.record_key.in_(keys[start : start + 500]),
            deliveries.c.feed == address.feed,
            deliveries.c.dataset == address.dataset,
            deliveries.c.destination == address.destination,
            deliveries.c.operation != "withdraw",
        )
        for row in connection.execute(query.order_by(deliveries.c.change_number)):
            found[row.record_key] = Handed(row.change_number, row.status == "refused", row.document is not None)
    return found


def hold_again(connection: sa.Connection, address: Address, numbers: Sequence[int]) -> None:
    """Let versions that were refused wait to be looked at again; their receipts stay where they are."""
    for start in range(0, len(numbers), 500):
        connection.execute(
            sa.update(deliveries)
            .where(
                deliveries.c.feed == address.feed,
                deliveries.c.dataset == address.dataset,
                deliveries.c.destination == address.destination,
                deliveries.c.change_number.in_(numbers[start : start + 500]),
                deliveries.c.status == "refused",
            )
            .values(status="waiting", document=None, receipt=None, reference=None)
        )
