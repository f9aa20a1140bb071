"""Every kind of database keeps every source's promises, on a real one each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.interfaces import Source
from gateway.testing.source_contract import ExpectedRows, SourceContract

ROWS = 60_000  # more than one batch
BROKEN = {2_000, 50_001}


def remark(n: int) -> str | None:
    return "在业\n" if n % 2 else None if n % 3 else ""


def whole_rows() -> dict[int, tuple[str, ...] | None]:
    return {n: (str(n), f"0{n:017}", remark(n) or "") for n in range(1, ROWS + 1)}


class TestSqlite(SourceContract):
    @pytest.fixture
    def source(self, open_source: Callable[..., Source], tmp_path: Path) -> Source:
        with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
            connection.execute("CREATE TABLE companies (n INTEGER PRIMARY KEY, uscc TEXT, remark TEXT)")
            rows = ((n, f"0{n:017}", remark(n)) for n in range(1, ROWS + 1))
            connection.executemany("INSERT INTO companies VALUES (?, ?, ?)", rows)
            connection.execute(f"UPDATE companies SET uscc = CAST(x'ff' AS TEXT) WHERE n IN {tuple(BROKEN)}")
            connection.commit()
        return open_source(url="sqlite:///registry.db", table="companies")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return whole_rows() | dict.fromkeys(BROKEN)

    @pytest.fixture
    def empty_source(self, open_source: Callable[..., Source], company_db: Path) -> Source:
        return open_source(url=f"sqlite:///{company_db.name}", query="SELECT * FROM companies WHERE capital < 0")


class TestPostgreSql(SourceContract):
    @pytest.fixture
    def source(
        self, open_source: Callable[..., Source], postgresql: psycopg.Connection[Any], postgresql_url: str
    ) -> Source:
        postgresql.execute("CREATE TABLE companies (n integer PRIMARY KEY, uscc text, remark text)")
        postgresql.execute(
            "INSERT INTO companies SELECT n, '0' || lpad(n::text, 17, '0'),"
            " CASE WHEN n %% 2 = 1 THEN E'在业\\n' WHEN n %% 3 = 0 THEN '' END FROM generate_series(1, %s) AS n",
            (ROWS,),
        )
        return open_source(url=postgresql_url, table="companies")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return whole_rows()

    @pytest.fixture
    def empty_source(self, open_source: Callable[..., Source], company_pg: str) -> Source:
        return open_source(url=company_pg, query="SELECT * FROM companies WHERE capital < 0")


class TestMariaDb(SourceContract):
    @pytest.fixture
    def source(self, open_source: Callable[..., Source], mariadb: Callable[..., Any], mariadb_url: str) -> Source:
        mariadb("CREATE TABLE companies (n integer PRIMARY KEY, uscc text, remark text)")
        mariadb(
            "INSERT INTO companies SELECT seq, CONCAT('0', LPAD(seq, 17, '0')),"
            f" CASE WHEN seq % 2 = 1 THEN '在业\\n' WHEN seq % 3 = 0 THEN '' END FROM seq_1_to_{ROWS}"
        )
        return open_source(url=mariadb_url, table="companies")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return whole_rows()

    @pytest.fixture
    def empty_source(self, open_source: Callable[..., Source], company_mariadb: str) -> Source:
        return open_source(url=company_mariadb, query="SELECT * FROM companies WHERE capital < 0")
