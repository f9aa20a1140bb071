"""Merges as they are kept: chains end somewhere, heirs answer for merged keys, and nothing is withdrawn twice."""

from __future__ import annotations

import pytest

from gateway.state import identity_changes
from gateway.state.database import Connection, Database
from tests.unit.state.test_exchange import EXCHANGE, records, store

A, B, C = (f"{letter}|local|enterprise|" for letter in "ABC")


def declare(connection: Connection, **pairs: str) -> None:
    keys = {"A": A, "B": B, "C": C}
    changes = identity_changes.declared_now({keys[old]: keys[new] for old, new in pairs.items()}, "张三", "换码")
    identity_changes.declare(connection, "inspection_targets", changes)


def in_force(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(EXCHANGE.in_force(connection, [A, B, C]))


@pytest.fixture
def merged(database: Database) -> Database:
    """A is merged into B and that into C; A and C are held."""
    store(database, records({"identifier": "A", "name": "旧"}, {"identifier": "C", "name": "新"}))
    with database.write() as connection:
        EXCHANGE.claim(connection)
        EXCHANGE.allot(connection, 2)
        declare(connection, A="B", B="C")
    return database


def test_a_chain_ends_at_its_last_key(merged: Database) -> None:
    with merged.read() as connection:
        assert identity_changes.final_keys(connection, "inspection_targets") == {A: C, B: C}
        assert identity_changes.final_keys(connection, "inspectors") == {}
        assert identity_changes.living_keys(connection, "inspection_targets", [C, B]) == {B: C}


def test_the_old_record_is_withdrawn_once(merged: Database) -> None:
    for expected in (1, 0):
        with merged.write() as connection:
            EXCHANGE.claim(connection)
            assert identity_changes.withdraw_merged(connection, EXCHANGE, 2) == expected
    assert in_force(merged) == [C]
    with merged.read() as connection:
        assert EXCHANGE.last_change_number(connection) == 3


def test_a_record_without_an_heir_in_force_stays(database: Database) -> None:
    store(database, records({"identifier": "A"}))
    with database.write() as connection:
        EXCHANGE.claim(connection)
        declare(connection, A="B")
        assert identity_changes.withdraw_merged(connection, EXCHANGE, 2) == 0
    assert in_force(database) == [A]


def test_an_heir_answers_for_a_merged_key_once_that_is_gone(merged: Database) -> None:
    with merged.write() as connection:
        before = identity_changes.records_or_heirs(connection, EXCHANGE, [A, B])
        EXCHANGE.claim(connection)
        identity_changes.withdraw_merged(connection, EXCHANGE, 2)
        after = identity_changes.records_or_heirs(connection, EXCHANGE, [A, B, C])
    named = [sorted(frame.select("record_key", "name").rows()) for frame in (before, after)]
    assert named == [[(A, "旧"), (B, "新")], [(A, "新"), (B, "新"), (C, "新")]]


def test_a_merge_taken_back_is_gone(merged: Database) -> None:
    with merged.write() as connection:
        declared = identity_changes.declared_changes(connection, "inspection_targets")
        identity_changes.revoke(connection, "inspection_targets", [declared[A]], "李四", "误报")
        assert identity_changes.final_keys(connection, "inspection_targets") == {B: C}
