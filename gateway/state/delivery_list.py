"""What became of all versions that were due somewhere, as an operator counts them."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.state.tables import deliveries


def count_deliveries(connection: sa.Connection) -> dict[tuple[str, str], dict[str, int]]:
    """How many versions have which status, by destination and dataset."""
    query = (
        sa.select(deliveries.c.destination, deliveries.c.dataset, deliveries.c.status, sa.func.count())
        .group_by(deliveries.c.destination, deliveries.c.dataset, deliveries.c.status)
        .order_by(deliveries.c.destination, deliveries.c.dataset)
    )
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for destination, dataset, status, count in connection.execute(query):
        counts.setdefault((destination, dataset), {})[status] = count
    return counts
