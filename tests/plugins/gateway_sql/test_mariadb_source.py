"""MariaDB: exact text whatever the server prefers, nothing written, one state of the database."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.interfaces import ROW

Run = Callable[..., Any]


def code_of(source: Any) -> str:
    with pytest.raises(SourceError) as error:
        source.check()
    with pytest.raises(SourceError) as while_reading:
        list(source.read())
    assert while_reading.value.message == error.value.message
    assert "\n" not in error.value.text("zh") + error.value.text("en")
    assert "{" not in error.value.text("zh") + error.value.text("en")
    return error.value.message.code


def numbers(mariadb: Run, count: int) -> None:
    mariadb(f"CREATE TABLE numbers (n bigint PRIMARY KEY) SELECT seq AS n FROM seq_1_to_{count}")


# ------------------------------------------------------------------------------------------------ what is read


def test_a_table_is_read_in_the_order_of_its_primary_key(open_source: Any, company_mariadb: str) -> None:
    source = open_source(url=company_mariadb, table="companies")
    source.check()
    [batch] = source.read()
    assert (batch.place, list(batch.faults), list(batch.left_out)) == ("companies", [], [])
    assert batch.rows.schema == {ROW: pl.Int64, **dict.fromkeys(["uscc", "name", "capital", "remark"], pl.String)}
    assert batch.rows.rows() == [
        (1, "91370102MA3C000001", "甲公司", "100.000000", ""),
        (2, "91370102MA3C000002", "乙公司", "200.000000", "在业"),
        (3, "91370102MA3C000003", "丙公司", "300.000000", None),
    ]


def test_columns_order_and_database_are_taken_as_given(open_source: Any, company_mariadb: str) -> None:
    database = sa.make_url(company_mariadb).database
    elsewhere = sa.make_url(company_mariadb).set(database="").render_as_string(hide_password=False)
    source = open_source(
        url=elsewhere, table="companies", schema=database, columns=["capital", "uscc"], order_by=["name", "uscc"]
    )
    [batch] = source.read()
    assert (batch.place, batch.rows.columns) == (f"{database}.companies", [ROW, "capital", "uscc"])
    assert batch.rows["capital"].to_list() == ["300.000000", "200.000000", "100.000000"]


def test_a_query_is_sent_as_it_was_written(open_source: Any, rows_of: Any, company_mariadb: str) -> None:
    query = """
        SELECT CONCAT(name, ' 10:30 :x %s 100% \\\\ "') AS `说明%s` FROM companies
        WHERE name LIKE '%甲%' -- :done ? %d
        ;
    """
    assert rows_of(open_source(url=company_mariadb, query=query).read()) == [{"说明%s": '甲公司 10:30 :x %s 100% \\ "'}]


def test_columns_and_order_apply_to_a_query_too(open_source: Any, rows_of: Any, company_mariadb: str) -> None:
    source = open_source(
        url=company_mariadb, query="SELECT * FROM companies -- all", columns=["uscc"], order_by=["uscc"]
    )
    assert [row["uscc"][-1] for row in rows_of(source.read())] == ["1", "2", "3"]


def test_a_view_is_read(open_source: Any, rows_of: Any, company_mariadb: str) -> None:
    assert rows_of(open_source(url=company_mariadb, table="active").read()) == [{"uscc": "91370102MA3C000002"}]


@pytest.mark.parametrize("name", ["a`b", 'a"b', "企业 名录", "100%s", "a:b", "a?b", "a\\b", "select", "a'b", "Ab"])
def test_any_name_of_a_table_and_a_column_is_quoted(
    open_source: Any, rows_of: Any, mariadb: Run, mariadb_url: str, name: str
) -> None:
    quoted = "`" + name.replace("`", "``") + "`"
    mariadb(f"CREATE TABLE {quoted} ({quoted} varchar(10) PRIMARY KEY)")
    mariadb(f"INSERT INTO {quoted} VALUES ('1')")
    source = open_source(url=mariadb_url, table=name, columns=[name], order_by=[name])
    source.check()
    assert rows_of(source.read()) == [{name: "1"}]


def test_a_source_without_rows_gives_one_empty_batch_with_its_columns(open_source: Any, company_mariadb: str) -> None:
    [batch] = open_source(url=company_mariadb, query="SELECT uscc, 1 AS yes FROM companies WHERE capital < 0").read()
    assert batch.rows.schema == {ROW: pl.Int64, "uscc": pl.String, "yes": pl.String}
    assert batch.rows.height == 0


def test_rows_come_in_batches_and_are_numbered_through(open_source: Any, mariadb: Run, mariadb_url: str) -> None:
    numbers(mariadb, 120_001)
    batches = list(open_source(url=mariadb_url, table="numbers").read())
    assert [batch.rows.height for batch in batches] == [50_000, 50_000, 20_001]
    assert [batch.rows.n_chunks() for batch in batches] == [1, 1, 1]
    rows = pl.concat(batch.rows for batch in batches)
    assert rows[ROW].to_list() == list(range(1, 120_002))
    assert rows["n"].to_list() == [str(number) for number in range(1, 120_002)]


# ------------------------------------------------------------------------------------------------ exact text

EXACT = [
    ("varchar(9)", "NULL", None),
    ("varchar(9)", "''", ""),
    ("varchar(9)", "'007'", "007"),
    ("varchar(99)", "'𠮷👩‍🌾'", "𠮷👩‍🌾"),
    ("varchar(9) CHARACTER SET gbk", "'张三'", "张三"),
    ("varchar(9) CHARACTER SET latin1", "'é'", "é"),
    ("char(4)", "'ab'", "ab"),
    ("text", "CONCAT('a', CHAR(0), 'b')", "a\0b"),
    ("longtext", "REPEAT('经营范围', 30000)", "经营范围" * 30_000),
    ("tinyint(1)", "2", "2"),
    ("boolean", "TRUE", "1"),
    ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
    ("bigint", "-9223372036854775808", "-9223372036854775808"),
    ("int(8) ZEROFILL", "42", "00000042"),
    ("bit(1)", "b'1'", "1"),
    ("bit(1)", "NULL", None),
    ("bit(10)", "b'1000000001'", "513"),
    ("bit(64)", "b'1111111111111111111111111111111111111111111111111111111111111111'", "18446744073709551615"),
    ("decimal(18,6)", "1.5", "1.500000"),
    ("decimal(30,6)", "999999999999999999999999.999999", "999999999999999999999999.999999"),
    ("float", "0.1", "0.1"),
    ("float", "16777215", "16777215"),
    ("float", "NULL", None),
    ("float", "1.17549e-38", "1.17549e-38"),
    ("double", "0.1 + 0.2e0", "0.30000000000000004"),
    ("double", "100", "100"),
    ("double", "1e15", "1000000000000000"),
    ("double", "1.5e-7", "0.00000015"),
    ("double", "370102198001011234", "3.7010219800101126e17"),
    ("double", "NULL", None),
    ("date", "'2024-02-29'", "2024-02-29"),
    ("date", "'0000-00-00'", "0000-00-00"),
    ("date", "'2024-00-00'", "2024-00-00"),
    ("datetime", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    ("datetime", "'2024-02-29 08:30:00'", "2024-02-29 08:30:00"),
    ("datetime(6)", "'2024-02-29 08:30:00.000001'", "2024-02-29 08:30:00.000001"),
    ("timestamp NULL", "FROM_UNIXTIME(1709231400)", "2024-03-01 02:30:00"),
    ("time(3)", "'-838:59:59.5'", "-838:59:59.500"),
    ("year", "2024", "2024"),
    ("json", """'{"名称": "甲\\\\n"}'""", '{"名称": "甲\\n"}'),
    ("enum('企业','个体')", "'个体'", "个体"),
    ("set('a','b')", "'b,a'", "a,b"),
    ("uuid", "'f0e1d2c3-0000-4000-8000-000000000001'", "f0e1d2c3-0000-4000-8000-000000000001"),
    ("inet6", "'::1'", "::1"),
]


@pytest.fixture
def exact_table(mariadb: Run, mariadb_url: str) -> str:
    declared = ", ".join(f"`{at}` {kind}" for at, (kind, _, _) in enumerate(EXACT))
    mariadb(f"CREATE TABLE exact ({declared}) CHARACTER SET utf8mb4")
    mariadb("SET time_zone = '-05:00'")
    mariadb(f"INSERT INTO exact VALUES ({', '.join(value for _, value, _ in EXACT)})")
    return mariadb_url


def test_a_value_has_one_exact_text(open_source: Any, rows_of: Any, exact_table: str) -> None:
    assert rows_of(open_source(url=exact_table, table="exact").read()) == [
        {str(at): text for at, (_, _, text) in enumerate(EXACT)}
    ]


def test_a_query_gives_the_same_text(open_source: Any, rows_of: Any, exact_table: str) -> None:
    assert rows_of(open_source(url=exact_table, query="SELECT * FROM exact").read()) == [
        {str(at): text for at, (_, _, text) in enumerate(EXACT)}
    ]


@pytest.mark.parametrize("columns", [["v"], ["v", "id", "w"]])
def test_hostile_text_comes_back_as_it_was(
    open_source: Any,
    rows_of: Any,
    mariadb: Run,
    mariadb_url: str,
    hostile_texts: Sequence[str],
    columns: list[str],
) -> None:
    texts = [*hostile_texts, "\0", "a\0", "x" * 250, "x" * 251, "x" * 70_000]
    mariadb("CREATE TABLE texts (id integer PRIMARY KEY, v longtext, w longtext)")
    rows = [(at, text, text[::-1]) for at, text in enumerate(texts)]
    for at in range(0, len(rows), 10_000):
        mariadb("INSERT INTO texts VALUES (%s, %s, %s)", rows[at : at + 10_000])
    read = rows_of(open_source(url=mariadb_url, table="texts", columns=columns).read())
    assert [row["v"] for row in read] == texts
    if "w" in columns:
        assert [row["w"] for row in read] == [text[::-1] for text in texts]


def test_a_table_that_keeps_other_bytes_as_text_is_read_by_converting_it_in_a_query(
    open_source: Any, rows_of: Any, mariadb: Run, mariadb_url: str
) -> None:
    mariadb("CREATE TABLE old (name varchar(20) CHARACTER SET latin1)")
    mariadb(f"INSERT INTO old VALUES (_latin1 x'{'张三'.encode('gbk').hex()}')")
    query = "SELECT CONVERT(CAST(name AS BINARY) USING gbk) AS name FROM old"
    assert rows_of(open_source(url=mariadb_url, query=query).read()) == [{"name": "张三"}]


# ------------------------------------------------------------------------------------------- what is refused


def test_binary_columns_are_refused_by_name_unless_left_out(open_source: Any, mariadb: Run, mariadb_url: str) -> None:
    mariadb("CREATE TABLE t (id integer, photo longblob, paper varbinary(9), place point)")
    source = open_source(url=mariadb_url, table="t")
    assert code_of(source) == "sql.binary_columns"
    with pytest.raises(SourceError, match="photo, paper, place"):
        source.check()
    open_source(url=mariadb_url, table="t", columns=["id"]).check()


def test_doubled_columns_of_a_query_are_named(open_source: Any, company_mariadb: str) -> None:
    source = open_source(url=company_mariadb, query="SELECT uscc, name, uscc, 1 AS name, capital FROM companies")
    assert code_of(source) == "sql.doubled_columns"
    with pytest.raises(SourceError, match="name, uscc"):
        source.check()


def test_a_missing_table_schema_or_column_offers_the_nearest_ones(open_source: Any, company_mariadb: str) -> None:
    database = sa.make_url(company_mariadb).database
    wrong = {
        "sql.unknown_table": ({"table": "company"}, "the nearest are: companies"),
        "sql.unknown_schema": ({"table": "companies", "schema": f"{database}x"}, f"the nearest are: .*{database}"),
        "sql.unknown_column": ({"table": "companies", "columns": ["nmae"]}, "the nearest are: name"),
    }
    for code, (options, near) in wrong.items():
        source = open_source(url=company_mariadb, **options)
        assert code_of(source) == code
        with pytest.raises(SourceError, match=near):
            source.check()


def test_sql_that_fails_is_told_in_the_databases_words(open_source: Any, company_mariadb: str) -> None:
    source = open_source(url=company_mariadb, query="SELECT nmae FROM companies")
    assert code_of(source) == "sql.failed"
    with pytest.raises(SourceError, match="Unknown column 'nmae'"):
        source.check()


def test_a_statement_that_fails_at_a_later_row_is_told_too(open_source: Any, mariadb: Run, mariadb_url: str) -> None:
    numbers(mariadb, 120_000)
    query = "SELECT IF(n = 110000, (SELECT 1 UNION SELECT 2), n) AS n FROM numbers ORDER BY numbers.n"
    reading = open_source(url=mariadb_url, query=query).read()
    with pytest.raises(SourceError, match="more than 1 row"):
        list(reading)


def test_a_connection_that_breaks_while_reading_is_told(open_source: Any, mariadb: Run, mariadb_url: str) -> None:
    numbers(mariadb, 1_000_000)
    reading = open_source(url=mariadb_url, query="SELECT n, REPEAT('x', 200) AS x FROM numbers").read()
    next(reading)
    user = sa.make_url(mariadb_url).username
    [(left,)] = mariadb(f"SELECT id FROM information_schema.processlist WHERE user = '{user}'")
    mariadb(f"KILL {left}")
    with pytest.raises(SourceError) as error:
        list(reading)
    assert error.value.message.code == "sql.failed"
    assert "\n" not in error.value.text("en")


def test_a_server_that_is_not_there_is_told_with_its_address(open_source: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        source = open_source(url=f"mysql://reader@127.0.0.1:{port}/registry", table="companies")
        assert code_of(source) == "sql.unreachable"
        with pytest.raises(SourceError, match=f"127.0.0.1:{port}/registry"):
            source.check()


def test_a_wrong_password_or_user_is_told_and_no_password_shown(open_source: Any, mariadb_url: str) -> None:
    url = sa.make_url(mariadb_url)
    for wrong in (url.set(password="hunter2"), url.set(username="nobody-of-that-name")):
        source = open_source(url=wrong.render_as_string(hide_password=False), table="companies")
        assert code_of(source) == "sql.login_refused"
        with pytest.raises(SourceError, match="Access denied") as error:
            source.check()
        assert str(wrong.password) not in error.value.text("zh") + error.value.text("en") + repr(source)


def test_a_database_that_is_not_there_is_told(open_source: Any, mariadb_url: str) -> None:
    url = sa.make_url(mariadb_url)
    elsewhere = url.set(database=f"{url.database}_x").render_as_string(hide_password=False)
    assert code_of(open_source(url=elsewhere, table="companies")) in {"sql.unreachable", "sql.login_refused"}


@pytest.fixture
def rights(mariadb: Run, company_mariadb: str) -> Iterator[Callable[[str], None]]:
    """Gives the reader other rights, until the end of the test."""
    url = sa.make_url(company_mariadb)

    def only(right: str) -> None:
        mariadb(f"REVOKE ALL, GRANT OPTION FROM '{url.username}'@'%'")
        mariadb(f"GRANT {right} TO '{url.username}'@'%'")

    yield only
    only(f"SELECT ON {url.database}.*")


@pytest.mark.parametrize("origin", [{"table": "companies"}, {"query": "SELECT * FROM companies"}])
def test_a_table_that_may_not_be_read_is_told(
    open_source: Any, company_mariadb: str, rights: Callable[[str], None], origin: dict[str, str]
) -> None:
    rights(f"SELECT ON {sa.make_url(company_mariadb).database}.active")
    assert code_of(open_source(url=company_mariadb, **origin)) == "sql.no_rights"


# ------------------------------------------------------------------------------------------ nothing is written


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM companies",
        "DELETE FROM companies RETURNING uscc",
        "INSERT INTO companies (uscc) VALUES ('9') RETURNING uscc",
        "UPDATE companies SET name = 'x'",
        "DROP TABLE companies",
        "CREATE TEMPORARY TABLE other AS SELECT 1 AS a",
        "SELECT 1 AS a; DELETE FROM companies",
        "SELECT 1 AS a) AS b, (SELECT 2 AS c",
        "SELECT * FROM companies FOR UPDATE",
        "SELECT uscc FROM companies INTO OUTFILE '/tmp/other'",
        "SELECT uscc FROM companies INTO @other",
        "SELECT NEXTVAL(counter)",
        "COMMIT",
        "SET @other = 1",
        "SHOW TABLES",
        "CALL other()",
        "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE companies",
        "SELECT ? AS a",
        "SELECT",
        ";",
        "-- nothing",
    ],
)
def test_a_query_that_would_write_is_refused_and_nothing_changes(
    open_source: Any, mariadb: Run, company_mariadb: str, rights: Callable[[str], None], query: str
) -> None:
    rights(f"ALL ON {sa.make_url(company_mariadb).database}.*")
    mariadb("CREATE SEQUENCE counter")
    state = "SELECT GROUP_CONCAT(uscc, name ORDER BY uscc), (SELECT next_not_cached_value FROM counter) FROM companies"
    before = mariadb(state)
    with pytest.raises(SourceError) as error:
        list(open_source(url=company_mariadb, query=query).read())
    assert error.value.message.code in {"sql.not_reading", "sql.failed", "sql.no_columns"}
    assert mariadb(state) == before


# -------------------------------------------------------------------------------------- one state of the database


def test_what_another_connection_writes_meanwhile_is_not_seen(open_source: Any, mariadb: Run, mariadb_url: str) -> None:
    numbers(mariadb, 60_001)
    reading = open_source(url=mariadb_url, table="numbers").read()
    first = next(reading)
    mariadb("DELETE FROM numbers WHERE n > 50000")
    mariadb("INSERT INTO numbers VALUES (70000)")
    rest = pl.concat(batch.rows for batch in reading)
    assert (first.rows.height, rest["n"].to_list()) == (50_000, [str(n) for n in range(50_001, 60_002)])


def test_the_state_is_that_of_the_first_look_even_where_rows_change_before_the_reading(
    open_source: Any, mariadb: Run, mariadb_url: str
) -> None:
    numbers(mariadb, 3)
    with open_source(url=mariadb_url, table="numbers").dialect.snapshot() as connection:
        mariadb("DELETE FROM numbers")
        assert connection.exec_driver_sql("SELECT count(*) FROM numbers").scalar() == 3


def test_a_source_that_is_not_read_to_its_end_leaves_nothing_behind(
    open_source: Any, mariadb: Run, mariadb_url: str
) -> None:
    numbers(mariadb, 1_000_000)
    reading = open_source(url=mariadb_url, table="numbers").read()
    next(reading)
    reading.close()
    mariadb("SET lock_wait_timeout = 10")
    mariadb("DROP TABLE numbers")


def test_a_mode_that_reads_quotes_and_backslashes_otherwise_changes_nothing(
    open_source: Any, rows_of: Any, company_mariadb: str
) -> None:
    url = f"{company_mariadb}?sql_mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES"
    query = """SELECT "name", 'a\\' AS v FROM companies WHERE "uscc" LIKE '%1'"""
    assert rows_of(open_source(url=url, query=query).read()) == [{"name": "甲公司", "v": "a\\"}]
    assert len(rows_of(open_source(url=url, table="companies", order_by=["name"]).read())) == 3
