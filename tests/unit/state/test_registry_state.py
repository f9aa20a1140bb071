"""The digest of a registry is what anyone would work out of its records, on either database."""

from __future__ import annotations

import hashlib

import pytest
import sqlalchemy as sa

from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.state import event_log, registry_state
from gateway.state.database import Database
from tests.unit.state.test_exchange import EXCHANGE, records, store


@pytest.mark.parametrize("at_once", [1, 2, 10_000])
def test_the_digest_is_that_of_the_records_in_the_order_of_their_changes(
    database: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(registry_state, "_AT_ONCE", at_once)
    store(database, records(*({"identifier": each} for each in ("丙", "a", "B"))))
    with database.write() as connection:
        state = registry_state.registry_state(connection, INSPECTION_TARGETS, "370400")
        event_log.append(connection, "test", {})  # the connection goes on as before
        rows = connection.execute(
            sa.text("SELECT record_key, digest FROM inspection_targets ORDER BY change_number")
        ).fetchall()
    text = "".join(f"{key}\t{digest}\n" for key, digest in rows)
    assert (state.records, state.last_change_number) == (3, 3)
    assert state.digest == hashlib.sha256(text.encode()).hexdigest()
    assert [key.split("|")[0] for key, _ in rows] == ["丙", "a", "B"]


def test_an_empty_registry_has_a_digest_too(database: Database) -> None:
    with database.read() as connection:
        state = registry_state.registry_state(connection, EXCHANGE.dataset, "370400")
    assert (state.records, state.last_change_number, state.digest) == (0, 0, hashlib.sha256().hexdigest())
