"""PostgreSQL: exact text whatever the server prefers, nothing written, one state of the database."""

from __future__ import annotations

import socket
import struct
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from gateway.errors import SourceError
from gateway.interfaces import ROW

Connection = psycopg.Connection[Any]


def code_of(source: Any) -> str:
    with pytest.raises(SourceError) as error:
        source.check()
    with pytest.raises(SourceError) as while_reading:
        list(source.read())
    assert while_reading.value.message == error.value.message
    assert "\n" not in error.value.text("zh") + error.value.text("en")
    assert "{" not in error.value.text("zh") + error.value.text("en")
    return error.value.message.code


def numbers(connection: Connection, count: int) -> None:
    connection.execute("CREATE TABLE numbers (n integer PRIMARY KEY)")
    connection.execute("INSERT INTO numbers SELECT generate_series(1, %s)", (count,))


def as_user(url: str, user: str) -> str:
    return sa.make_url(url).set(username=user, password=None).render_as_string()


# ------------------------------------------------------------------------------------------------ what is read


def test_a_table_is_read_in_the_order_of_its_primary_key(open_source: Any, company_pg: str) -> None:
    source = open_source(url=company_pg, table="companies")
    source.check()
    [batch] = source.read()
    assert (batch.place, list(batch.faults), list(batch.left_out)) == ("companies", [], [])
    assert batch.rows.schema == {ROW: pl.Int64, **dict.fromkeys(["uscc", "name", "capital", "remark"], pl.String)}
    assert batch.rows.rows() == [
        (1, "91370102MA3C000001", "甲公司", "100.000000", ""),
        (2, "91370102MA3C000002", "乙公司", "200.000000", "在业"),
        (3, "91370102MA3C000003", "丙公司", "300.000000", None),
    ]


def test_columns_order_and_schema_are_taken_as_given(open_source: Any, rows_of: Any, company_pg: str) -> None:
    source = open_source(
        url=company_pg, table="companies", schema="public", columns=["capital", "uscc"], order_by=["name", "uscc"]
    )
    [batch] = source.read()
    assert (batch.place, batch.rows.columns) == ("public.companies", [ROW, "capital", "uscc"])
    assert batch.rows["capital"].to_list() == ["300.000000", "200.000000", "100.000000"]


def test_a_query_is_sent_as_it_was_written(open_source: Any, rows_of: Any, company_pg: str) -> None:
    query = """
        SELECT name || ' 10:30 :x %s 100%' AS "说明%s", now()::date = '2000-01-01'::date AS "then"
        FROM companies WHERE name LIKE '甲%' -- :done
        ;
    """
    assert rows_of(open_source(url=company_pg, query=query).read()) == [
        {"说明%s": "甲公司 10:30 :x %s 100%", "then": "false"}
    ]


def test_columns_and_order_apply_to_a_query_too(open_source: Any, rows_of: Any, company_pg: str) -> None:
    source = open_source(url=company_pg, query="SELECT * FROM companies -- all", columns=["uscc"], order_by=["uscc"])
    assert [row["uscc"][-1] for row in rows_of(source.read())] == ["1", "2", "3"]


def test_views_of_both_kinds_are_read(open_source: Any, rows_of: Any, postgresql: Connection, company_pg: str) -> None:
    postgresql.execute("CREATE MATERIALIZED VIEW kept AS SELECT uscc FROM active")
    for name in ("active", "kept"):
        assert rows_of(open_source(url=company_pg, table=name).read()) == [{"uscc": "91370102MA3C000002"}]


@pytest.mark.parametrize("name", ['a"b', "企业 名录", "100%s", "a:b", "a$1b", "a.b", "select", "a'b", "Ab"])
def test_any_name_of_a_table_and_a_column_is_quoted(
    open_source: Any, rows_of: Any, postgresql: Connection, postgresql_url: str, name: str
) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    postgresql.execute(f"CREATE SCHEMA {quoted}")
    postgresql.execute(f"CREATE TABLE {quoted}.{quoted} ({quoted} text PRIMARY KEY)")
    postgresql.execute(f"INSERT INTO {quoted}.{quoted} VALUES ('1')")
    source = open_source(url=postgresql_url, schema=name, table=name, columns=[name], order_by=[name])
    source.check()
    assert rows_of(source.read()) == [{name: "1"}]


def test_a_source_without_rows_gives_one_empty_batch_with_its_columns(open_source: Any, company_pg: str) -> None:
    [batch] = open_source(url=company_pg, query="SELECT uscc, true AS yes FROM companies WHERE capital < 0").read()
    assert batch.rows.schema == {ROW: pl.Int64, "uscc": pl.String, "yes": pl.String}
    assert batch.rows.height == 0


def test_rows_come_in_batches_and_are_numbered_through(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    numbers(postgresql, 120_001)
    batches = list(open_source(url=postgresql_url, table="numbers").read())
    assert [batch.rows.height for batch in batches] == [50_000, 50_000, 20_001]
    assert [batch.rows.n_chunks() for batch in batches] == [1, 1, 1]
    rows = pl.concat(batch.rows for batch in batches)
    assert rows[ROW].to_list() == list(range(1, 120_002))
    assert rows["n"].to_list() == [str(number) for number in range(1, 120_002)]


# ------------------------------------------------------------------------------------------------ exact text

EXACT = [
    ("NULL::text", None),
    ("''", ""),
    ("'\\N'", "\\N"),
    ("'007'", "007"),
    ("9223372036854775807", "9223372036854775807"),
    ("1.5::numeric(18,6)", "1.500000"),
    ("999999999999.999999::numeric(18,6)", "999999999999.999999"),
    ("0.1::float8", "0.1"),
    ("0.1::float8 + 0.2::float8", "0.30000000000000004"),
    ("0.1::float4", "0.1"),
    ("1e22::float8", "1e+22"),
    ("100::float8", "100"),
    ("1234567.5::float4", "1234567.5"),
    ("-1.234567e6::float4", "-1234567"),
    ("16777216::float4", "1.6777216e+07"),
    ("13812345678::float4", "1.3812346e+10"),
    ("9007199254740991::float8", "9007199254740991"),
    ("370102198001011234::float8", "3.7010219800101126e+17"),
    ("1.5e-10::float8", "0.00000000015"),
    ("0.00001::float4", "0.00001"),
    ("1e-300::float8", "1e-300"),
    ("'NaN'::float4", "NaN"),
    ("'-Infinity'::float8", "-Infinity"),
    ("NULL::float4", None),
    ("true", "true"),
    ("false", "false"),
    ("NULL::boolean", None),
    ("DATE '2024-02-29'", "2024-02-29"),
    ("TIMESTAMP '2024-02-29 08:30:00'", "2024-02-29 08:30:00"),
    ("TIMESTAMP '2024-02-29 08:30:00.25'", "2024-02-29 08:30:00.25"),
    ("TIMESTAMPTZ '2024-02-29 18:30:00+00'", "2024-03-01 02:30:00+08:00"),
    ("TIMESTAMPTZ '2024-02-29 18:30:00.25+00'", "2024-03-01 02:30:00.25+08:00"),
    ("TIME '08:30'", "08:30:00"),
    ("INTERVAL '1 day 02:00'", "P1DT2H"),
    ("'ab'::char(4)", "ab  "),
    ('\'{"a": "\\\\n"}\'::json', '{"a": "\\\\n"}'),
    ("ARRAY['甲', NULL, '']", '{甲,NULL,""}'),
    ("'f0e1d2c3-0000-4000-8000-000000000001'::uuid", "f0e1d2c3-0000-4000-8000-000000000001"),
]


@pytest.mark.parametrize(
    "preferences",
    [
        "",
        "?options="
        + quote(
            "-c datestyle=German -c timezone=America/New_York -c extra_float_digits=0"
            " -c intervalstyle=postgres_verbose -c client_encoding=GBK"
        ),
    ],
)
def test_a_value_has_one_exact_text_whatever_the_server_prefers(
    open_source: Any, rows_of: Any, postgresql_url: str, preferences: str
) -> None:
    query = "SELECT " + ", ".join(f'{expression} AS "{at}"' for at, (expression, _) in enumerate(EXACT))
    assert rows_of(open_source(url=postgresql_url + preferences, query=query).read()) == [
        {str(at): text for at, (_, text) in enumerate(EXACT)}
    ]


@pytest.mark.parametrize("columns", [["v"], ["v", "id", "w"]])
def test_hostile_text_comes_back_as_it_was(
    open_source: Any,
    rows_of: Any,
    postgresql: Connection,
    postgresql_url: str,
    hostile_texts: Sequence[str],
    columns: list[str],
) -> None:
    postgresql.execute("CREATE TABLE texts (id integer PRIMARY KEY, v text, w text)")
    with postgresql.transaction(), postgresql.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO texts VALUES (%s, %s, %s)", [(at, text, text[::-1]) for at, text in enumerate(hostile_texts)]
        )
    read = rows_of(open_source(url=postgresql_url, table="texts", columns=columns).read())
    assert [row["v"] for row in read] == list(hostile_texts)
    if "w" in columns:
        assert [row["w"] for row in read] == [text[::-1] for text in hostile_texts]


@pytest.mark.parametrize("text", ["\ufeff统一", "x\x01", "x\u009c", "\\N", "", "."])
def test_the_first_cell_of_a_block_is_not_taken_for_a_mark_or_compressed(
    open_source: Any, rows_of: Any, postgresql: Connection, postgresql_url: str, text: str
) -> None:
    postgresql.execute("CREATE TABLE texts (v text)")
    postgresql.execute("INSERT INTO texts VALUES (%s)", (text,))
    assert rows_of(open_source(url=postgresql_url, table="texts").read()) == [{"v": text}]


@pytest.fixture
def database_without_encoding(postgresql_server: str) -> Iterator[str]:
    name = f"gateway_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'").format(
                sql.Identifier(name)
            )
        )
        yield postgresql_server.rsplit("/", 1)[0] + f"/{name}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_a_row_that_is_not_utf_8_is_set_aside_where_the_server_has_no_encoding(
    open_source: Any, database_without_encoding: str
) -> None:
    with psycopg.connect(database_without_encoding, autocommit=True) as connection:
        connection.execute("CREATE TABLE 企业 (n integer PRIMARY KEY, 名称 text)".encode())
        connection.execute("INSERT INTO 企业 VALUES (1, '张三'), (3, '')".encode())
        connection.execute(b"INSERT INTO " + "企业".encode() + b" VALUES (2, '" + "张三".encode("gbk") + b"')")
    source = open_source(url=database_without_encoding, table="企业")
    source.check()
    [batch] = source.read()
    assert batch.rows.rows() == [(1, "1", "张三"), (3, "3", "")]
    assert [(fault.row, fault.values["columns"]) for fault in batch.faults] == [(2, "名称")]


# ------------------------------------------------------------------------------------------- what is refused


def test_binary_columns_are_refused_by_name_unless_left_out(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    postgresql.execute("CREATE DOMAIN scan AS bytea; CREATE TABLE t (id integer, photo bytea, paper scan)")
    source = open_source(url=postgresql_url, table="t")
    assert code_of(source) == "sql.binary_columns"
    with pytest.raises(SourceError, match="photo, paper"):
        source.check()
    open_source(url=postgresql_url, table="t", columns=["id"]).check()


def test_doubled_columns_of_a_query_are_named(open_source: Any, company_pg: str) -> None:
    source = open_source(url=company_pg, query="SELECT uscc, name, uscc, 1 AS name, capital FROM companies")
    assert code_of(source) == "sql.doubled_columns"
    with pytest.raises(SourceError, match="name, uscc"):
        source.check()


def test_a_column_that_is_named_like_the_rows_number_is_refused(open_source: Any, company_pg: str) -> None:
    assert code_of(open_source(url=company_pg, query=f"SELECT 1 AS {ROW}")) == "sql.reserved_column"


@pytest.mark.parametrize(("name", "near"), [("Companies", "companies"), ("activ", "active"), ("kpet", "kept")])
def test_a_missing_table_offers_the_nearest_tables_and_views(
    open_source: Any, postgresql: Connection, company_pg: str, name: str, near: str
) -> None:
    postgresql.execute("CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one")
    source = open_source(url=company_pg, table=name)
    assert code_of(source) == "sql.unknown_table"
    with pytest.raises(SourceError, match=rf"'{name}'.*the nearest are: .*{near}"):
        source.check()


def test_a_missing_schema_offers_the_nearest_ones(open_source: Any, company_pg: str) -> None:
    source = open_source(url=company_pg, table="companies", schema="pubilc")
    assert code_of(source) == "sql.unknown_schema"
    with pytest.raises(SourceError, match="the nearest are: public"):
        source.check()


@pytest.mark.parametrize("option", ["columns", "order_by"])
@pytest.mark.parametrize("origin", [{"table": "companies"}, {"query": "SELECT * FROM companies"}])
def test_a_missing_column_offers_the_nearest_ones(
    open_source: Any, company_pg: str, option: str, origin: dict[str, str]
) -> None:
    source = open_source(url=company_pg, **origin, **{option: ["nmae"]})
    assert code_of(source) == "sql.unknown_column"
    with pytest.raises(SourceError, match=r"'nmae'.*the nearest are: name"):
        source.check()


def test_sql_that_fails_is_told_in_the_databases_words(open_source: Any, company_pg: str) -> None:
    source = open_source(url=company_pg, query="SELECT nmae FROM companies")
    assert code_of(source) == "sql.failed"
    with pytest.raises(SourceError, match='column "nmae" does not exist'):
        source.check()


def test_a_table_that_may_not_be_read_is_told(open_source: Any, postgresql: Connection, company_pg: str) -> None:
    role = f"gateway_test_{uuid.uuid4().hex[:12]}"
    postgresql.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'correct horse battery'")
    try:
        source = open_source(url=as_user(company_pg, role), table="companies", password="department-password")
        assert code_of(source) == "sql.no_rights"
        with pytest.raises(SourceError, match="permission denied"):
            source.check()
    finally:
        postgresql.execute(f"DROP ROLE {role}")


def test_a_statement_that_fails_at_a_later_row_is_told_too(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    numbers(postgresql, 200_000)
    reading = open_source(
        url=postgresql_url, query="SELECT 1 / (150000 - n) AS n FROM numbers ORDER BY numbers.n"
    ).read()
    assert next(reading).rows.height == 50_000
    with pytest.raises(SourceError, match="division by zero"):
        list(reading)


def test_a_connection_that_breaks_while_reading_is_told(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    numbers(postgresql, 1_000_000)
    reading = open_source(url=postgresql_url, table="numbers").read()
    next(reading)
    postgresql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(SourceError) as error:
        list(reading)
    assert error.value.message.code == "sql.failed"
    assert "\n" not in error.value.text("en")


def test_a_server_that_is_not_there_is_told_with_its_address(open_source: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        source = open_source(url=f"postgresql://reader@127.0.0.1:{port}/registry", table="companies")
        assert code_of(source) == "sql.unreachable"
        with pytest.raises(SourceError, match=f"127.0.0.1:{port}/registry"):
            source.check()


def test_a_database_or_user_that_is_not_there_is_told(open_source: Any, postgresql_url: str) -> None:
    assert code_of(open_source(url=postgresql_url + "x", table="companies")) == "sql.unreachable"
    stranger = as_user(postgresql_url, "nobody-of-that-name")
    assert code_of(open_source(url=stranger, table="companies")) == "sql.login_refused"


@pytest.fixture
def server_that_tells_passwords() -> Iterator[tuple[int, list[bytes]]]:
    """A server that asks for the password in plain and refuses it, repeating it."""
    asked: list[bytes] = []

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def answer(client: socket.socket) -> None:
        with client, client.makefile("rb") as sent:
            while (length := struct.unpack("!i", sent.read(4))[0]) == 8:  # asks for TLS or GSSAPI
                sent.read(4)
                client.sendall(b"N")
            sent.read(length - 4)
            client.sendall(message(b"R", struct.pack("!i", 3)))
            sent.read(1)
            password = sent.read(struct.unpack("!i", sent.read(4))[0] - 4).rstrip(b"\0")
            asked.append(password)
            text = b"password authentication failed for " + password
            client.sendall(message(b"E", b"SFATAL\0VFATAL\0C28P01\0M" + text + b"\0\0"))

    def serve() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            answer(client)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], asked
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_wrong_password_is_told_and_never_shown(
    open_source: Any, server_that_tells_passwords: tuple[int, list[bytes]]
) -> None:
    port, asked = server_that_tells_passwords
    source = open_source(
        url=f"postgresql://reader@127.0.0.1:{port}/registry", table="companies", password="department-password"
    )
    with pytest.raises(SourceError, match="password authentication failed") as error:
        source.check()
    assert set(asked) == {b"correct horse battery"}
    assert error.value.message.code == "sql.login_refused"
    shown = (error.value.text("zh"), error.value.text("en"), str(error.value), repr(error.value.values), repr(source))
    assert not any("correct horse battery" in each for each in shown)
    assert error.value.__suppress_context__


# ------------------------------------------------------------------------------------------ nothing is written


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM companies",
        "DELETE FROM companies RETURNING uscc",
        "INSERT INTO companies (uscc) VALUES ('9') RETURNING uscc",
        "UPDATE companies SET name = 'x'",
        "DROP TABLE companies",
        "CREATE TEMP TABLE other AS SELECT 1 AS a",
        "WITH gone AS (DELETE FROM companies RETURNING uscc) SELECT * FROM gone",
        "SELECT 1 AS a; DELETE FROM companies",
        "SELECT 1 AS a; COMMIT; DELETE FROM companies",
        "SELECT 1 AS a) TO STDOUT; COMMIT; DELETE FROM companies; COPY (SELECT 1 AS a",
        "SELECT 1 AS a) AS b, (SELECT 2 AS c",
        "SELECT set_config('transaction_read_only', 'off', false), 1 AS a",
        "SELECT * FROM companies FOR UPDATE",
        "SELECT uscc INTO other FROM companies",
        "SELECT nextval('counter')",
        "COMMIT",
        "SET TRANSACTION READ WRITE",
        "COPY companies TO PROGRAM 'true'",
        "SELECT 1 AS a WHERE 1 = $1",
        "SELECT",
        "",
        ";",
        "-- nothing",
    ],
)
def test_a_query_that_would_write_is_refused_and_nothing_changes(
    open_source: Any, postgresql: Connection, company_pg: str, query: str
) -> None:
    postgresql.execute("CREATE SEQUENCE counter")
    state = "SELECT (SELECT array_agg(c ORDER BY c) FROM companies c)::text, (SELECT last_value FROM counter)"
    before = postgresql.execute(state).fetchone()
    source = open_source(url=company_pg, query=query or " ")
    with pytest.raises(SourceError) as error:
        list(source.read())
    assert error.value.message.code in {"sql.not_reading", "sql.failed", "sql.no_columns"}
    assert postgresql.execute(state).fetchone() == before


def test_what_a_read_only_transaction_lets_a_function_write_is_undone(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    with suppress(SourceError):  # refused from version 16 on
        assert len(list(open_source(url=postgresql_url, query="SELECT lo_create(4711) AS a").read())) == 1
    assert postgresql.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (0,)


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM companies RETURNING uscc", "WITH gone AS (DELETE FROM companies RETURNING uscc) SELECT * FROM gone"],
)
def test_a_statement_that_writes_is_called_so_without_being_run(open_source: Any, company_pg: str, query: str) -> None:
    assert code_of(open_source(url=company_pg, query=query)) == "sql.not_reading"


def test_a_function_that_writes_is_called_so_when_it_runs(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    postgresql.execute("CREATE SEQUENCE counter")
    with pytest.raises(SourceError) as error:
        list(open_source(url=postgresql_url, query="SELECT nextval('counter')").read())
    assert error.value.message.code == "sql.not_reading"


# -------------------------------------------------------------------------------------- one state of the database


def test_what_another_connection_writes_meanwhile_is_not_seen(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    numbers(postgresql, 60_001)
    reading = open_source(url=postgresql_url, table="numbers").read()
    first = next(reading)
    postgresql.execute("DELETE FROM numbers WHERE n > 50000")
    postgresql.execute("INSERT INTO numbers VALUES (70000)")
    rest = pl.concat(batch.rows for batch in reading)
    assert (first.rows.height, rest["n"].to_list()) == (50_000, [str(n) for n in range(50_001, 60_002)])


def test_the_state_is_that_of_the_first_look_even_where_rows_change_before_the_reading(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    numbers(postgresql, 3)
    source = open_source(url=postgresql_url, table="numbers")
    with source.dialect.snapshot() as connection:
        source.check()
        connection.exec_driver_sql("SELECT 1 FROM numbers")
        postgresql.execute("DELETE FROM numbers")
        assert connection.exec_driver_sql("SELECT count(*) FROM numbers").scalar() == 3


def test_a_source_that_is_not_read_to_its_end_leaves_no_transaction_behind(
    open_source: Any, postgresql: Connection, postgresql_url: str
) -> None:
    numbers(postgresql, 1_000_000)
    reading = open_source(url=postgresql_url, table="numbers").read()
    next(reading)
    reading.close()
    postgresql.execute("SET lock_timeout = '10s'")
    postgresql.execute("DROP TABLE numbers")
