"""What is remembered of a feed's reading is its own, and changes only as it is told to."""

from __future__ import annotations

import pytest

from gateway.interfaces import Content
from gateway.state import reading_memory
from gateway.state.database import Database
from gateway.state.reading_memory import Position

CURSOR = {"更新时间": "2026-01-01 00:00:00.000001", "id": "007"}
A, B = Content("a" * 64, "甲.csv"), Content("b" * 64, "乙.csv")


def test_a_position_is_kept_to_the_letter_and_replaced(database: Database) -> None:
    first, second = Position(CURSOR, {"type": "x"}, settled=False), Position(None, {}, settled=True)
    for position in (first, second):
        with database.write() as connection:
            reading_memory.keep_position(connection, "a", 1, position)
        with database.read() as connection:
            assert reading_memory.position(connection, "a") == position
            assert reading_memory.position(connection, "b") is None


def test_a_position_is_settled_once_its_source_was_told(database: Database) -> None:
    with database.write() as connection:
        for feed in ("a", "b"):
            reading_memory.keep_position(connection, feed, 1, Position(CURSOR, {}, settled=False))
        reading_memory.mark_settled(connection, "a")
    with database.read() as connection:
        found = [reading_memory.position(connection, feed) for feed in ("a", "b")]
    assert [position and position.settled for position in found] == [True, False]


def test_content_is_known_by_its_bytes_to_the_feed_that_read_it(database: Database) -> None:
    with database.write() as connection:
        reading_memory.keep_contents(connection, "a", 1, [A, Content(A.digest, "丙.csv")])
        reading_memory.keep_contents(connection, "a", 2, [A])
    with database.read() as connection:
        asked = [("a", A), ("a", B), ("b", A)]
        assert [reading_memory.has_read(connection, feed, each.digest) for feed, each in asked] == [True, False, False]


def test_a_feed_that_forgets_forgets_its_own(database: Database) -> None:
    with database.write() as connection:
        for feed in ("a", "b"):
            reading_memory.keep_position(connection, feed, 1, Position(CURSOR, {}, settled=True))
            reading_memory.keep_contents(connection, feed, 1, [A, B])
        assert reading_memory.forget(connection, "a") == (CURSOR, 2)
        assert reading_memory.forget(connection, "a") == (None, 0)
    with database.read() as connection:
        assert reading_memory.position(connection, "a") is None
        assert reading_memory.has_read(connection, "b", A.digest)


def test_what_is_kept_goes_with_its_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        reading_memory.keep_position(connection, "a", 1, Position(CURSOR, {}, settled=False))
        reading_memory.keep_contents(connection, "a", 1, [A])
        raise RuntimeError
    with database.read() as connection:
        assert reading_memory.position(connection, "a") is None
        assert not reading_memory.has_read(connection, "a", A.digest)
