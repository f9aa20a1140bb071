"""Oracle, SQL Server, 达梦 and 人大金仓 without their servers: addresses, SQL, values, errors, and what is said."""

from __future__ import annotations

import socket
import sqlite3
import struct
import sys
import uuid
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import dmPython
import oracledb
import pymssql
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SourceError
from gateway.transport.sql import dameng, oracle, sqlserver
from gateway.transport.sql.address import dialect_at, parse_url
from gateway.transport.sql.dameng import Dameng
from gateway.transport.sql.dialect import Column
from gateway.transport.sql.driver_rows import answer, fetched, one_transaction, short_float, written
from gateway.transport.sql.kingbase import Kingbase
from gateway.transport.sql.oracle import Oracle
from gateway.transport.sql.sqlserver import SqlServer

KINDS = {"oracle": Oracle, "mssql": SqlServer, "dm": Dameng, "kingbase": Kingbase}
EXTRAS = {"oracle": ("oracledb", "oracle"), "mssql": ("pymssql", "mssql"), "dm": ("dmPython", "dameng")}


def at(url: str) -> Any:
    return dialect_at(url, "hunter2", Path())


# --------------------------------------------------------------------------------------------------- addresses


def test_each_kind_answers_for_its_urls() -> None:
    assert {kind: type(at(f"{kind}://reader@10.1.2.3/registry")) for kind in KINDS} == KINDS


@pytest.mark.parametrize(
    ("url", "address", "arguments"),
    [
        (
            "oracle://reader@10.1.2.3/ORCL",
            "10.1.2.3:1521/ORCL",
            {"user": "reader", "password": "hunter2", "host": "10.1.2.3", "port": 1521, "service_name": "ORCL"},
        ),
        (
            "mssql://reader@10.1.2.3:1444/registry",
            "10.1.2.3:1444/registry",
            {"user": "reader", "password": "hunter2", "server": "10.1.2.3", "port": "1444", "database": "registry"},
        ),
        (
            "dm://reader@10.1.2.3/REGISTRY",
            "10.1.2.3:5236/REGISTRY",
            {"user": "reader", "password": "hunter2", "server": "10.1.2.3", "port": 5236, "schema": "REGISTRY"},
        ),
    ],
)
def test_a_url_becomes_the_drivers_arguments(url: str, address: str, arguments: dict[str, object]) -> None:
    dialect = at(url)
    assert dialect.address == address
    assert dialect.arguments.items() >= arguments.items()
    assert "hunter2" not in repr(dialect)


def test_a_url_may_name_arguments_of_the_driver() -> None:
    assert at("mssql://reader@10.1.2.3/r?tds_version=7.0").arguments["tds_version"] == "7.0"
    assert at("dm://reader@10.1.2.3/r?login_timeout=3").arguments["login_timeout"] == 3


@pytest.mark.parametrize("kind", ["oracle", "mssql", "dm", "kingbase", "mysql"])
def test_an_argument_that_the_driver_does_not_know_is_told(kind: str) -> None:
    with (
        pytest.raises(SourceError, match="no_such_thing") as error,
        at(f"{kind}://reader@127.0.0.1:1/registry?no_such_thing=1").snapshot(),
    ):
        pass
    assert error.value.message.code == "sql.unreachable"


def test_kingbase_has_a_port_of_its_own() -> None:
    assert at("kingbase://reader@10.1.2.3/registry").address == "10.1.2.3:54321/registry"


@pytest.mark.parametrize("kind", ["oracle", "mssql", "dm", "kingbase"])
def test_a_server_that_is_not_there_is_told_with_its_address(kind: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        dialect = at(f"{kind}://reader@127.0.0.1:{port}/registry")
        with pytest.raises(SourceError, match=f"127.0.0.1:{port}/registry") as error, dialect.snapshot():
            pass
    assert error.value.message.code == "sql.unreachable"
    said = error.value.text("zh") + error.value.text("en")
    assert "\n" not in said
    assert "hunter2" not in said
    assert not {"b'", "DmError", "Error object"} & {part for part in ("b'", "DmError", "Error object") if part in said}


@pytest.mark.parametrize("kind", EXTRAS)
def test_without_the_driver_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    module, extra = EXTRAS[kind]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SourceError, match=rf"pip install 'double-random-gateway\[{extra}\]'"):
        at(f"{kind}://reader@10.1.2.3/registry").snapshot()


# ---------------------------------------------------------------------------------------------------------- SQL


@pytest.mark.parametrize(
    ("kind", "quoted"), [("oracle", '"a""b]"'), ("mssql", '[a"b]]]'), ("dm", '"a""b]"'), ("kingbase", '"a""b]"')]
)
def test_a_name_is_quoted_as_the_database_has_it(kind: str, quoted: str) -> None:
    assert at(f"{kind}://reader@10.1.2.3/registry").quote('a"b]') == quoted


@pytest.mark.parametrize(
    ("kind", "column", "value", "condition"),
    [
        ("oracle", Column("N", "number"), "913701020000000001", '"N" >= 913701020000000001'),
        ("oracle", Column("T", "text"), "O'Neill", "\"T\" >= 'O''Neill'"),
        (
            "oracle",
            Column("D", "time"),
            "2024-02-29 08:30:00.123456789",
            "\"D\" >= TO_TIMESTAMP('2024-02-29 08:30:00.123456789', 'YYYY-MM-DD HH24:MI:SS.FF')",
        ),
        ("oracle", Column("D", "time"), "2024-02-29", "\"D\" >= TO_TIMESTAMP('2024-02-29', 'YYYY-MM-DD')"),
        (
            "oracle",
            Column("D", "time"),
            "2024-02-29 08:30:00.5+08",
            "\"D\" >= TO_TIMESTAMP_TZ('2024-02-29 08:30:00.5 +08:00', 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM')",
        ),
        (
            "oracle",
            Column("D", "time"),
            "2024-02-29 08:30:00+08:00",
            "\"D\" >= TO_TIMESTAMP_TZ('2024-02-29 08:30:00 +08:00', 'YYYY-MM-DD HH24:MI:SS TZH:TZM')",
        ),
        (
            "mssql",
            Column("d", "time"),
            "2024-02-29 08:30:00+08:00",
            "[d] >= CAST('2024-02-29 08:30:00+08:00' AS datetimeoffset)",
        ),
        ("mssql", Column("n", "number"), "1.5", "[n] >= 1.5"),
        ("mssql", Column("t", "text"), "统'一", "[t] >= N'统''一'"),
        (
            "mssql",
            Column("d", "time"),
            "2024-02-29 08:30:00.1234567",
            "[d] >= CAST('2024-02-29 08:30:00.1234567' AS datetime2)",
        ),
        (
            "mssql",
            Column("d", "time"),
            "2024-02-29 08:30:00+08",
            "[d] >= CAST('2024-02-29 08:30:00+08:00' AS datetimeoffset)",
        ),
        ("dm", Column("D", "time", "TIMESTAMP"), "2024-02-29", "\"D\" >= CAST('2024-02-29' AS TIMESTAMP)"),
        ("dm", Column("T", "text"), "O'Neill", "\"T\" >= 'O''Neill'"),
    ],
)
def test_a_position_is_compared_in_the_columns_own_type(kind: str, column: Column, value: str, condition: str) -> None:
    assert at(f"{kind}://reader@10.1.2.3/registry").compare(column, ">=", value) == condition


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", ["number", "time"])
def test_nothing_else_gets_into_a_condition(kind: str, content: Any) -> None:
    for value in ("1 OR 1=1", "'; DROP TABLE x --", "", "2024-02-29' OR '1'='1"):
        with pytest.raises(SourceError) as error:
            at(f"{kind}://reader@10.1.2.3/registry").compare(Column("c", content, "TIMESTAMP"), ">=", value)
        assert error.value.message.code == "sql.wrong_position"


@pytest.mark.parametrize(
    ("kind", "column", "written_by_the_server"),
    [
        ("oracle", Column("D", "time", "DB_TYPE_DATE"), 'TO_CHAR("D", \'YYYY-MM-DD HH24:MI:SS\') AS "D"'),
        (
            "oracle",
            Column("D", "time", "DB_TYPE_TIMESTAMP_TZ"),
            "TO_CHAR(\"D\" AT TIME ZONE '+08:00', 'YYYY-MM-DD HH24:MI:SS.FF') || '+08:00' AS \"D\"",
        ),
        ("oracle", Column("N", "number", "DB_TYPE_NUMBER"), '"N"'),
        ("mssql", Column("d", "time", "datetime2"), "CONVERT(varchar(33), [d], 121) AS [d]"),
        (
            "mssql",
            Column("d", "time", "datetimeoffset"),
            "CONVERT(varchar(27), SWITCHOFFSET([d], '+08:00'), 121) + '+08:00' AS [d]",
        ),
        ("mssql", Column("n", "number", "decimal"), "[n]"),
    ],
)
def test_times_that_the_driver_would_shorten_are_written_by_the_server(
    kind: str, column: Column, written_by_the_server: str
) -> None:
    assert at(f"{kind}://reader@10.1.2.3/registry").exact(column) == written_by_the_server


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("oracle", "SELECT * FROM (\nSELECT 1\n) WHERE ROWNUM <= 20"),
        ("mssql", "SELECT TOP 20 * FROM (\nSELECT 1\n) source_rows"),
        ("dm", "SELECT * FROM (\nSELECT 1\n) source_rows WHERE ROWNUM <= 20"),
    ],
)
def test_the_first_rows_are_asked_for_as_the_database_has_it(kind: str, first: str) -> None:
    assert at(f"{kind}://reader@10.1.2.3/registry").first("SELECT 1", 20) == first


def test_sql_servers_types_are_known_without_their_lengths() -> None:
    described = sqlserver._column("capital", "decimal(18,6)"), sqlserver._column("photo", "varbinary(max)")
    assert described == (Column("capital", "number", "decimal"), Column("photo", "binary", "varbinary"))


def test_every_type_of_the_drivers_that_is_named_is_one_of_theirs() -> None:
    assert {name for name in oracle._CONTENT if not hasattr(oracledb, name)} == set()
    assert {name for name in oracle._WRITTEN if not hasattr(oracledb, name)} == set()
    assert {name for name in dameng._CONTENT if not hasattr(dmPython, name)} == set()
    assert all(getattr(oracledb, name).name == name for name in oracle._CONTENT)
    assert all(getattr(dmPython, name).__name__ == name for name in dameng._CONTENT)


# ------------------------------------------------------------------------------------------------------- values

CHINA, NEW_YORK = timezone(timedelta(hours=8)), timezone(timedelta(hours=-5))
VALUES = [
    (None, None),
    ("", ""),
    ("统一\0\n", "统一\0\n"),
    ("007", "007"),
    (913701020000000001, "913701020000000001"),
    (10**38 - 1, "9" * 38),
    (True, "1"),
    (False, "0"),
    (Decimal("1.500000"), "1.500000"),
    (Decimal("1E+3"), "1000"),
    (Decimal("0.0000001"), "0.0000001"),
    (Decimal("99999999999999999999999999999999.999999"), "99999999999999999999999999999999.999999"),
    (0.1 + 0.2, "0.30000000000000004"),
    (1e22, "1e+22"),
    (date(2024, 2, 29), "2024-02-29"),
    (date(1, 1, 1), "0001-01-01"),
    (datetime.fromisoformat("2024-02-29T08:30:00"), "2024-02-29 08:30:00"),
    (datetime.fromisoformat("2024-02-29T08:30:00.250"), "2024-02-29 08:30:00.25"),
    (datetime(2024, 2, 29, 18, 30, tzinfo=UTC), "2024-03-01 02:30:00+08:00"),
    (datetime(2024, 2, 29, 8, 30, tzinfo=CHINA), "2024-02-29 08:30:00+08:00"),
    (datetime(2024, 2, 29, 8, 30, tzinfo=NEW_YORK), "2024-02-29 21:30:00+08:00"),
    (time(8, 30), "08:30:00"),
    (timedelta(days=1, hours=2, microseconds=500_000), "P1DT2H0M0.5S"),
    (timedelta(seconds=-90), "-P0DT0H1M30S"),
    (uuid.UUID("f0e1d2c3-0000-4000-8000-00000000000a"), "F0E1D2C3-0000-4000-8000-00000000000A"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_of_a_driver_has_one_exact_text(value: object, text: str | None) -> None:
    [(cell,)] = written([(value,)], [Column("c")])
    assert (cell.decode() if isinstance(cell, bytes) else cell) == text


def test_a_kind_of_value_without_an_exact_text_fails_with_its_name() -> None:
    with pytest.raises(SourceError, match="photo: object"):
        written([("a", object())], [Column("id"), Column("photo")])


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_of_four_bytes_is_written_as_short_as_names_it(value: float) -> None:
    text = short_float(value)
    assert struct.pack("f", float(text)) == struct.pack("f", value)
    assert len(text) <= len(repr(value))


def test_only_a_column_of_four_bytes_is_shortened() -> None:
    tenth = struct.unpack("f", struct.pack("f", 0.1))[0]
    assert written([(tenth, tenth)], [Column("a", "float"), Column("b", "number")]) == [
        (b"0.1", b"0.10000000149011612")
    ]


# ------------------------------------------------------------------------------------------------------- errors


def made(driver: Any, *arguments: Any) -> Any:
    return driver.DatabaseError(*arguments)


@pytest.mark.parametrize(
    ("judged", "error", "code", "words"),
    [
        (oracle.judged, "ORA-01017: invalid credential\nHelp: https://example.org/", "sql.login_refused", "ORA-01017"),
        (oracle.judged, "ORA-01031: insufficient privileges", "sql.no_rights", "insufficient"),
        (oracle.judged, "ORA-01456: may not perform insert", "sql.not_reading", "may not"),
        (oracle.judged, "ORA-00942: table or view does not exist", None, "does not exist"),
    ],
)
def test_errors_of_oracle_are_called_by_what_to_do(judged: Any, error: str, code: str | None, words: str) -> None:
    message, said = judged(made(oracledb, error))
    assert (message.code if message else None) == code
    assert words in said
    assert "Help:" not in said


def test_errors_of_sql_server_are_told_in_the_servers_words_once() -> None:
    said = b"Login failed for user 'reader'.DB-Lib error message 20018, severity 14:\nGeneral SQL Server error\n"
    message, words = sqlserver.judged(pymssql.OperationalError((18456, said + said)))
    assert message is not None
    assert (message.code, words) == ("sql.login_refused", "Login failed for user 'reader'. General SQL Server error")
    assert sqlserver.judged(pymssql.OperationalError("closed"))[1] == "closed"


# ------------------------------------------------------------------- what the three share, over a driver at hand


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        connection.execute("CREATE TABLE numbers (n integer, name text)")
        connection.executemany("INSERT INTO numbers VALUES (?, ?)", ((n, f"企业{n}") for n in range(1, 52_002)))
        connection.commit()
    return tmp_path / "registry.db"


def transaction(file: Path) -> Any:
    return one_transaction(
        lambda: sqlite3.connect(file), sqlite3.Error, "here", "hunter2", lambda error: (None, str(error))
    )


def test_rows_of_a_cursor_come_in_batches_and_are_numbered_through(file: Path) -> None:
    with transaction(file) as connection:
        batches = list(fetched(connection, "SELECT * FROM numbers ORDER BY n", [Column("n", "number"), Column("name")]))
        assert answer(connection, "SELECT count(*), 'x' FROM numbers") == [(52_001, "x")]
    assert [rows.height for rows, _ in batches] == [50_000, 2_001]
    assert batches[1][0].row(-1) == (52_001, "52001", "企业52001")


def test_whatever_a_statement_did_is_undone(file: Path) -> None:
    with transaction(file) as connection:
        list(fetched(connection, "DELETE FROM numbers RETURNING n", [Column("n")]))
    with transaction(file) as connection:
        assert answer(connection, "SELECT count(*) FROM numbers") == [(52_001,)]


def test_an_error_of_the_driver_becomes_a_sentence_without_the_password(file: Path) -> None:
    with pytest.raises(SourceError, match=r"no such table: \*\*\*") as error, transaction(file) as connection:
        answer(connection, "SELECT 1 FROM hunter2")
    assert error.value.message.code == "sql.failed"
    with pytest.raises(SourceError) as error, transaction(file.parent):
        pass
    assert error.value.message.code == "sql.unreachable"


@pytest.mark.parametrize("kind", ["oracle", "mssql", "dm"])
def test_the_catalogue_is_asked_by_names_that_are_quoted(kind: str) -> None:
    asked: list[str] = []

    def run(statement: str) -> list[tuple[str, ...]]:
        asked.append(statement)
        return [("A",), ("b'c",)]

    catalogue = replace(at(f"{kind}://reader@10.1.2.3/registry").catalogue(None), run=run)
    assert (catalogue.has_table("b'c", "s'"), catalogue.has_table("a", None)) == (True, False)
    assert catalogue.primary_key("b'c", "s'") == ["A", "b'c"]
    named, unnamed, key = asked
    assert ("'s'''" in named, "'s'" in unnamed, "'b''c'" in key) == (True, False, True)
    assert "{" not in named + unnamed + key


# ----------------------------------------------------------------------------------------------------- 人大金仓


def test_kingbase_is_read_as_postgresql_is(open_source: Any, rows_of: Any, company_pg: str) -> None:
    """Against a PostgreSQL server, which has the same protocol and catalogue: what our dialect sends is valid there."""
    url = sa.make_url(company_pg).set(drivername="kingbase")
    source = open_source(url=url.render_as_string(hide_password=False), table="companies", columns=["capital"])
    source.check()
    assert [row["capital"] for row in rows_of(source.read())] == ["100.000000", "200.000000", "300.000000"]


def test_kingbase_is_never_asked_for_a_version_that_cannot_be_read() -> None:
    engine = sa.create_engine("kingbase+psycopg://reader@127.0.0.1:1/registry")
    assert engine.dialect._get_server_version_info(None) == (9, 6)  # type: ignore[attr-defined]
    assert parse_url("kingbase://reader@10.1.2.3/r").get_backend_name() == "kingbase"
