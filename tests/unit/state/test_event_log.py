from __future__ import annotations

import pytest
import sqlalchemy as sa

from gateway.state import event_log
from gateway.state.database import Database
from gateway.state.tables import event_log as log_table


@pytest.fixture
def written(database: Database) -> Database:
    for number in range(3):
        with database.write() as connection:
            event_log.append(connection, "run.started", {"run": number, "feed": "对象"})
    return database


def test_an_untouched_log_is_whole(written: Database) -> None:
    with written.read() as connection:
        assert event_log.first_broken(connection) is None
        assert connection.execute(sa.select(log_table.c.number)).scalars().all() == [1, 2, 3]


@pytest.mark.parametrize("column", ["action", "detail", "actor", "hash", "previous"])
def test_a_changed_entry_is_found(written: Database, column: str) -> None:
    with written.write() as connection:
        connection.execute(sa.update(log_table).where(log_table.c.number == 2).values({column: "changed"}))
    with written.read() as connection:
        assert event_log.first_broken(connection) == 2


def test_a_removed_entry_is_found(written: Database) -> None:
    with written.write() as connection:
        connection.execute(sa.delete(log_table).where(log_table.c.number == 2))
    with written.read() as connection:
        assert event_log.first_broken(connection) == 2


def test_a_failed_transaction_leaves_no_gap(written: Database) -> None:
    with pytest.raises(RuntimeError), written.write() as connection:
        event_log.append(connection, "run.started", {"run": 9})
        raise RuntimeError
    with written.write() as connection:
        event_log.append(connection, "run.started", {"run": 10})
    with written.read() as connection:
        assert event_log.first_broken(connection) is None
