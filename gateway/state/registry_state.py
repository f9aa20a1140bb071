"""What a department's registry holds at one moment, as a number of records and a digest that anyone can work out again.

The digest is the SHA-256 of one line a record in force, ``record key, tab, record digest, line feed`` in UTF-8, in the
order of their change numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.domain.dataset import Dataset
from gateway.state.database import Connection
from gateway.state.exchange_tables import table_of

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class RegistryState:
    """The records of one dataset that one department answers for: how many, up to which change, and their digest."""

    dataset: str
    records: int
    last_change_number: int
    digest: str


def registry_state(connection: Connection, dataset: Dataset, department: str) -> RegistryState:
    """The state of a department's registry."""
    table = table_of(dataset)
    mine = (table.c.owner_department == department) & (table.c.withdrawn == 0)
    query = sa.select(table.c.record_key, table.c.digest, table.c.change_number).where(mine)
    rows = connection.execute(query.order_by(table.c.change_number), execution_options={"yield_per": _AT_ONCE})
    digest, records, last = hashlib.sha256(), 0, 0
    for part in rows.partitions():
        digest.update("".join(f"{row.record_key}\t{row.digest}\n" for row in part).encode())
        records, last = records + len(part), part[-1].change_number
    return RegistryState(dataset.name, records, last, digest.hexdigest())


def drawn_for(connection: Connection, drawn_targets: Dataset, task_number: str) -> int:
    """How many drawn targets of a task are held."""
    table = table_of(drawn_targets)
    mine = (table.c.task_number == task_number) & (table.c.withdrawn == 0)
    return connection.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one()
