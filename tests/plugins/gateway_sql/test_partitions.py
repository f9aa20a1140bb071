"""Ranges of a column read beside each other: in order, each row once, in one state of the database."""

from __future__ import annotations

from typing import Any

import polars as pl
import psycopg
import pytest

from gateway.errors import SourceError
from gateway.interfaces import ROW
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway.transport.sql.dialect import Column

Connection = psycopg.Connection[Any]
COUNT = 120_003


@pytest.fixture
def scattered(postgresql: Connection, postgresql_url: str) -> str:
    """Rows whose column has gaps, equal values, and none in every thousandth row."""
    postgresql.execute('CREATE TABLE companies (id integer PRIMARY KEY, uscc text COLLATE "C", share float8)')
    postgresql.execute(
        "INSERT INTO companies SELECT n, CASE WHEN n % 1000 > 0 THEN 'x''\\' || n / 3 END, n / 7.0"
        f" FROM generate_series(1, {COUNT}) AS n".encode()
    )
    return postgresql_url


class TestPartitions(SourceContract):
    @pytest.fixture
    def source(self, open_source: Any, scattered: str) -> Any:
        return open_source(url=scattered, table="companies", partitions={"column": "id", "parts": 3}, columns=["id"])

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {number: (str(number),) for number in range(1, COUNT + 1)}

    @pytest.fixture
    def empty_source(self, open_source: Any, company_pg: str) -> Any:
        query = "SELECT * FROM companies WHERE capital < 0"
        return open_source(url=company_pg, query=query, partitions={"column": "uscc"})


def ids(source: Any) -> list[int]:
    rows = pl.concat(batch.rows for batch in source.read())
    assert rows[ROW].to_list() == list(range(1, rows.height + 1))
    return [int(row) for row in rows["id"]]


@pytest.mark.parametrize("column", ["uscc", "share"])
@pytest.mark.parametrize("origin", [{"table": "companies"}, {"query": "SELECT * FROM companies WHERE id > 0 -- all"}])
def test_every_row_comes_once_in_the_order_of_the_column_and_those_without_a_value_first(
    open_source: Any, postgresql: Connection, scattered: str, column: str, origin: dict[str, str]
) -> None:
    source = open_source(url=scattered, **origin, partitions={"column": column, "parts": 2})
    in_order = postgresql.execute(f"SELECT id FROM companies ORDER BY {column} NULLS FIRST, id".encode()).fetchall()
    read = ids(source)
    if "table" in origin:
        assert read == [row for (row,) in in_order]
    assert sorted(read) == list(range(1, COUNT + 1))


def test_a_column_of_one_value_is_read_whole(open_source: Any, postgresql: Connection, postgresql_url: str) -> None:
    postgresql.execute("CREATE TABLE t AS SELECT n AS id, 7 AS same FROM generate_series(1, 120000) AS n")
    read = ids(open_source(url=postgresql_url, table="t", partitions={"column": "same"}))
    assert sorted(read) == list(range(1, 120_001))


def test_all_connections_see_the_state_of_the_first(open_source: Any, postgresql: Connection, scattered: str) -> None:
    dialect = open_source(url=scattered, table="companies").dialect
    with dialect.snapshot() as connection:
        connection.exec_driver_sql("SELECT 1 FROM companies LIMIT 1")
        postgresql.execute("DELETE FROM companies WHERE id > 60000")
        postgresql.execute("INSERT INTO companies VALUES (-1, 'late', 0)")
        ranges = [f"SELECT id FROM companies WHERE id {which} 50000 ORDER BY id" for which in ("<=", ">")]
        rows = pl.concat(rows for rows, _ in dialect.read_ranges(connection, ranges, [Column("id")], 2))
    assert rows["id"].to_list() == [str(number) for number in range(1, COUNT + 1)]


def test_a_range_that_fails_is_told_after_the_rows_before_it(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    postgresql.execute("CREATE TABLE numbers AS SELECT generate_series(1, 130000) AS n")
    query = "SELECT n, 1 / (120000 - n) AS v FROM numbers"
    reading = open_source(url=postgresql_url, query=query, partitions={"column": "n", "parts": 2}).read()
    assert next(reading).rows.height == 49_999
    with pytest.raises(SourceError, match="division by zero"):
        list(reading)


def test_a_reading_that_is_given_up_leaves_no_transaction_behind(
    open_source: Any, postgresql: Connection, scattered: str
) -> None:
    reading = open_source(url=scattered, table="companies", partitions={"column": "id", "parts": 4}).read()
    next(reading)
    reading.close()
    postgresql.execute("SET lock_timeout = '10s'")
    postgresql.execute("DROP TABLE companies")


def test_a_column_that_is_not_there_offers_the_nearest_ones(open_source: Any, company_pg: str) -> None:
    source = open_source(url=company_pg, table="companies", partitions={"column": "usc"})
    for ask in (source.check, lambda: list(source.read())):
        with pytest.raises(SourceError, match="the nearest are: uscc"):
            ask()


def test_other_databases_are_read_by_one_connection_in_the_order_of_the_column(
    open_source: Any, company_mariadb: str, company_db: Any
) -> None:
    for url in (company_mariadb, f"sqlite:///{company_db.name}"):
        source = open_source(url=url, table="companies", partitions={"column": "capital", "parts": 2})
        [batch] = source.read()
        assert [row[:3] for row in batch.rows["capital"]] == ["100", "200", "300"]
