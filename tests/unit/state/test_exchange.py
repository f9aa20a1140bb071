from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from gateway.domain.digest import record_digest
from gateway.domain.frame_hash import frame_hash
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.record_key import record_key
from gateway.state.database import Connection, Database
from gateway.state.exchange import HELD, Exchange

EXCHANGE = Exchange(INSPECTION_TARGETS)
USUAL = {"identifier_scheme": "local", "kind": "enterprise", "name": "甲"}
AWKWARD = "a\"b'c,d;\\.\t\n\r\n行\\N %s ? :x \u3000"


def records(*rows: dict[str, Any], feed: str = "a", first: int = 1, operation: str = "insert") -> pl.DataFrame:
    """Records as they are stored, numbered from `first`."""
    schema = INSPECTION_TARGETS.schema
    frame = pl.DataFrame([{**dict.fromkeys(schema), **USUAL, **row} for row in rows], schema=schema)
    number = pl.int_range(first, pl.len() + first, dtype=pl.Int64)
    return frame.with_columns(
        record_key(INSPECTION_TARGETS),
        record_digest(INSPECTION_TARGETS),
        number.alias("change_number"),
        number.alias("source_row"),
        pl.lit(operation).alias("operation"),
        pl.lit(0).alias("withdrawn"),
        pl.lit("370400").alias("owner_department"),
        pl.lit(feed).alias("feed"),
        pl.lit(1).alias("run"),
        pl.lit("a.csv").alias("source"),
    )


def store(database: Database, frame: pl.DataFrame) -> None:
    with database.write() as connection:
        EXCHANGE.insert(connection, frame)


def ids(connection: Connection) -> pl.Series:
    rows = connection.exec_driver_sql("SELECT id FROM inspection_targets ORDER BY id").scalars()
    return pl.Series("id", list(rows), dtype=pl.Int64)


def replace(database: Database, frame: pl.DataFrame) -> None:
    with database.write() as connection:
        EXCHANGE.replace(connection, frame.with_columns(ids(connection)))


def held(database: Database, feed: str, keys: list[str] | None) -> list[dict[str, Any]]:
    with database.read() as connection:
        frame = EXCHANGE.held(connection, feed, keys)
    assert dict(frame.schema) == HELD
    return frame.sort("id").to_dicts()


def test_change_numbers_are_allotted_without_gaps_and_only_when_committed(database: Database) -> None:
    def allot(count: int) -> int:
        with database.write() as connection:
            EXCHANGE.claim(connection)
            return EXCHANGE.allot(connection, count)

    assert [allot(3), allot(0), allot(2)] == [0, 3, 3]
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        EXCHANGE.claim(connection)
        EXCHANGE.allot(connection, 10)
        raise ZeroDivisionError
    with database.read() as connection:
        assert EXCHANGE.last_change_number(connection) == 5


def test_nothing_was_ever_changed_in_an_empty_exchange(database: Database) -> None:
    with database.read() as connection:
        assert EXCHANGE.last_change_number(connection) == 0
        assert EXCHANGE.versions_after(connection, 0, 100).is_empty()
    assert held(database, "a", None) == []
    assert held(database, "a", ["x"]) == []


def test_every_value_comes_back_as_it_was_stored(database: Database) -> None:
    full = {
        "identifier": "001|%",
        "business_scope": AWKWARD,
        "registered_capital": 999_999_999_999_999_999,
        "established_on": dt.date(1998, 2, 28),
        "address": "",
        "phone": None,
        "record_version": "0007",
    }
    store(database, records(full))
    with database.read() as connection:
        (version,) = EXCHANGE.versions_after(connection, 0, 10).to_dicts()
    assert {name: version[name] for name in full} == full
    assert (version["record_key"], version["change_number"], version["operation"]) == (
        "001%7C%25|local|enterprise|",
        1,
        "insert",
    )


def test_a_replaced_version_is_kept_and_read_in_its_order(database: Database) -> None:
    store(database, records({"identifier": "1", "name": "甲"}, {"identifier": "2", "name": "乙"}))
    replace(
        database,
        records({"identifier": "1", "name": "丙"}, {"identifier": "2", "name": "丁"}, first=3, operation="change"),
    )
    with database.read() as connection:
        versions = EXCHANGE.versions_after(connection, 0, 10).select("change_number", "operation", "name").rows()
        assert EXCHANGE.versions_after(connection, 1, 2)["change_number"].to_list() == [2, 3]
        assert EXCHANGE.versions_numbered(connection, [4, 1])["name"].to_list() == ["甲", "丁"]
    assert versions == [(1, "insert", "甲"), (2, "insert", "乙"), (3, "change", "丙"), (4, "change", "丁")]


def test_a_newer_version_of_the_same_content_makes_no_version_of_the_record(database: Database) -> None:
    store(database, records({"identifier": "1", "record_version": "1"}))
    with database.write() as connection:
        confirmed = pl.DataFrame({"id": ids(connection), "record_version": ["2"]})
        EXCHANGE.confirm_version(connection, confirmed)
    (record,) = held(database, "a", None)
    assert record["held_version"] == "2"
    with database.read() as connection:
        assert EXCHANGE.versions_after(connection, 0, 10).height == 1


def test_a_feed_is_told_its_own_records_and_whose_the_others_are(database: Database) -> None:
    store(database, records({"identifier": "1"}, {"identifier": "2"}))
    store(database, records({"identifier": "3"}, {"identifier": "4"}, feed="b", first=3))
    own = [(record["id"], record["own"]) for record in held(database, "a", ["3|local|enterprise|", "none|"])]
    assert own == [(1, True), (2, True), (3, False)]
    assert [record["own"] for record in held(database, "b", None)] == [False, False, True, True]


def test_what_is_held_is_known_by_the_hashes_of_key_and_digest(database: Database) -> None:
    frame = records({"identifier": "1", "business_scope": AWKWARD})
    store(database, frame)
    (record,) = held(database, "a", None)
    hashes = frame.select(frame_hash("record_key"), frame_hash("digest")).row(0)
    assert (record["key"], record["held_digest"]) == hashes
    assert record["withdrawn"] is False


def test_one_key_cannot_be_held_twice(database: Database) -> None:
    store(database, records({"identifier": "1"}))
    with pytest.raises((sa.exc.IntegrityError, psycopg.errors.UniqueViolation), match="record_key"):
        store(database, records({"identifier": "1"}, feed="b", first=2))


def test_one_key_cannot_be_held_twice_after_a_first_load_without_indexes(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        assert EXCHANGE.first_load(connection, 1_000_000)
        EXCHANGE.drop_indexes(connection)
        EXCHANGE.insert(connection, records({"identifier": "1"}, {"identifier": "1"}))
        EXCHANGE.create_indexes(connection)
    assert held(database, "a", None) == []


def test_only_a_large_load_into_an_empty_table_is_a_first_load(database: Database) -> None:
    with database.write() as connection:
        assert not EXCHANGE.first_load(connection, 10)
    store(database, records({"identifier": "1"}))
    with database.write() as connection:
        assert not EXCHANGE.first_load(connection, 1_000_000)


def test_records_in_force_are_told_from_withdrawn_and_unknown_ones(database: Database) -> None:
    store(database, records({"identifier": "1"}, {"identifier": "2"}))
    with database.write() as connection:
        EXCHANGE.replace(
            connection,
            pl.DataFrame(
                {"id": ids(connection)[:1], "change_number": [3], "operation": ["withdraw"], "withdrawn": [1]}
            ),
        )
        asked = [f"{number}|local|enterprise|" for number in (1, 2, 3)]
        assert EXCHANGE.in_force(connection, asked) == {asked[1]}
    assert [record["withdrawn"] for record in held(database, "a", None)] == [True, False]


def test_a_transaction_that_only_inserts_records_is_kept(database: Database) -> None:
    """COPY goes past SQLAlchemy, which commits only what it has seen begin."""
    store(database, records({"identifier": "1"}))
    assert len(held(database, "a", None)) == 1
