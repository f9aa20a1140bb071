"""SQLite files: exact text of every kind of cell, nothing written, one state of the database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest

from gateway.errors import SourceError
from gateway.interfaces import ROW

URL = "sqlite:///registry.db"


def created(path: Path, *statements: str, wal: bool = False) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {'wal' if wal else 'delete'}")
        for statement in statements:
            connection.execute(statement)
    return path


def numbers(path: Path, count: int, *, wal: bool = False) -> Path:
    return created(
        path,
        "CREATE TABLE numbers (n INTEGER PRIMARY KEY)",
        f"WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {count})"
        " INSERT INTO numbers SELECT n FROM up",
        wal=wal,
    )


def fingerprints(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def code_of(source: Any) -> str:
    with pytest.raises(SourceError) as error:
        source.check()
    with pytest.raises(SourceError) as while_reading:
        list(source.read())
    assert while_reading.value.message == error.value.message
    assert "\n" not in error.value.text("zh") + error.value.text("en")
    assert "{" not in error.value.text("zh") + error.value.text("en")
    return error.value.message.code


# ------------------------------------------------------------------------------------------------ what is read


def test_a_table_is_read_in_the_order_of_its_primary_key(open_source: Any, company_db: Path) -> None:
    source = open_source(url=URL, table="companies")
    source.check()
    [batch] = source.read()
    assert (batch.place, list(batch.faults), list(batch.left_out)) == ("companies", [], [])
    assert batch.rows.schema == {
        ROW: pl.Int64,
        "uscc": pl.String,
        "name": pl.String,
        "capital": pl.String,
        "remark": pl.String,
    }
    assert batch.rows.rows() == [
        (1, "91370102MA3C000001", "甲公司", "100", ""),
        (2, "91370102MA3C000002", "乙公司", "200", "在业"),
        (3, "91370102MA3C000003", "丙公司", "300", None),
    ]


def test_columns_and_order_are_taken_as_given(open_source: Any, rows_of: Any, company_db: Path) -> None:
    source = open_source(url=URL, table="companies", columns=["capital", "uscc"], order_by=["name"])
    assert [next(iter(row.items())) for row in rows_of(source.read())] == [
        ("capital", "300"),
        ("capital", "200"),
        ("capital", "100"),
    ]


def test_a_query_is_sent_as_it_was_written(open_source: Any, rows_of: Any, company_db: Path) -> None:
    query = "SELECT name || ' 10:30 :x 100%' AS \"说明%s\" FROM companies WHERE name LIKE '甲%' -- :done ?\n;\n"
    assert rows_of(open_source(url=URL, query=query).read()) == [{"说明%s": "甲公司 10:30 :x 100%"}]


def test_columns_and_order_apply_to_a_query_too(open_source: Any, rows_of: Any, company_db: Path) -> None:
    source = open_source(
        url=URL, query="SELECT * FROM companies -- all", columns=["uscc"], order_by=["capital", "uscc"]
    )
    assert [row["uscc"][-1] for row in rows_of(source.read())] == ["1", "2", "3"]


def test_a_view_and_a_function_that_gives_a_table_are_read(open_source: Any, rows_of: Any, company_db: Path) -> None:
    assert rows_of(open_source(url=URL, table="active").read()) == [{"uscc": "91370102MA3C000002"}]
    listed = open_source(url=URL, query="SELECT value FROM json_each('[\"甲\", 2]')")
    assert rows_of(listed.read()) == [{"value": "甲"}, {"value": "2"}]


def test_the_schema_main_may_be_named(open_source: Any, company_db: Path) -> None:
    [batch] = open_source(url=URL, table="companies", schema="main").read()
    assert (batch.place, batch.rows.height) == ("main.companies", 3)


@pytest.mark.parametrize("name", ['a"b', "企业 名录", "100%", "a:b", "a?b", "a.b", "select", "a'b"])
def test_any_name_of_a_table_and_a_column_is_quoted(open_source: Any, rows_of: Any, tmp_path: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    created(
        tmp_path / "registry.db",
        f"CREATE TABLE {quoted} ({quoted} TEXT PRIMARY KEY)",
        f"INSERT INTO {quoted} VALUES ('1')",
    )
    source = open_source(url=URL, table=name, columns=[name], order_by=[name])
    source.check()
    assert rows_of(source.read()) == [{name: "1"}]


def test_a_source_without_rows_gives_one_empty_batch_with_its_columns(open_source: Any, company_db: Path) -> None:
    [batch] = open_source(url=URL, query="SELECT uscc, capital FROM companies WHERE capital < 0").read()
    assert batch.rows.schema == {ROW: pl.Int64, "uscc": pl.String, "capital": pl.String}
    assert batch.rows.height == 0


def test_rows_come_in_batches_and_are_numbered_through(open_source: Any, tmp_path: Path) -> None:
    numbers(tmp_path / "registry.db", 120_001)
    batches = list(open_source(url=URL, table="numbers").read())
    assert [batch.rows.height for batch in batches] == [50_000, 50_000, 20_001]
    assert [batch.rows.n_chunks() for batch in batches] == [1, 1, 1]
    rows = pl.concat(batch.rows for batch in batches)
    assert rows[ROW].to_list() == list(range(1, 120_002))
    assert rows["n"].to_list() == [str(number) for number in range(1, 120_002)]


def test_a_full_last_batch_is_followed_by_no_empty_one(open_source: Any, tmp_path: Path) -> None:
    numbers(tmp_path / "registry.db", 50_000)
    assert [batch.rows.height for batch in open_source(url=URL, table="numbers").read()] == [50_000]


# ------------------------------------------------------------------------------------------------ exact text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("NULL", None),
        ("''", ""),
        ("x''", ""),
        ("'007'", "007"),
        ("913701020000000000", "913701020000000000"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0.1", "0.1"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1.0", "1.0"),
        ("-0.0", "-0.0"),
        ("'999999999999.999999'", "999999999999.999999"),
        ("1e22", "1e+22"),
        ("9e999", "inf"),
        ("TRUE", "1"),
        ("'2024-02-29'", "2024-02-29"),
        ("CAST('统一' AS BLOB)", "统一"),
        ("'a' || char(0) || 'b'", "a\0b"),
    ],
)
def test_a_cell_is_the_text_of_what_is_stored(
    open_source: Any, rows_of: Any, company_db: Path, sql: str, text: str | None
) -> None:
    alone = open_source(url=URL, query=f"SELECT {sql} AS v")
    assert rows_of(alone.read()) == [{"v": text}]
    among_nulls = open_source(url=URL, query=f"SELECT NULL AS v UNION ALL SELECT {sql}")
    assert rows_of(among_nulls.read()) == [{"v": None}, {"v": text}]
    among_others = open_source(url=URL, query=f"SELECT {sql} AS v UNION ALL SELECT 5 UNION ALL SELECT 'x'")
    assert rows_of(among_others.read()) == [{"v": text}, {"v": "5"}, {"v": "x"}]


def test_hostile_text_comes_back_as_it_was(
    open_source: Any, rows_of: Any, tmp_path: Path, hostile_texts: Sequence[str]
) -> None:
    texts = [*hostile_texts, "\0", "a\0", "\0\n"]
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        connection.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, v TEXT)")
        connection.executemany("INSERT INTO texts (v) VALUES (?)", ((text,) for text in texts))
        connection.commit()
    read = rows_of(open_source(url=URL, table="texts", columns=["v"]).read())
    assert [row["v"] for row in read] == texts


def test_a_database_in_utf_16_reads_the_same(open_source: Any, rows_of: Any, tmp_path: Path) -> None:
    created(
        tmp_path / "registry.db",
        "PRAGMA encoding = 'UTF-16'",
        "CREATE TABLE t (v TEXT)",
        "INSERT INTO t VALUES ('统𠮷')",
    )
    assert rows_of(open_source(url=URL, table="t").read()) == [{"v": "统𠮷"}]


def test_a_cell_that_is_no_text_sets_its_row_aside_and_the_others_go_on(open_source: Any, tmp_path: Path) -> None:
    bad = {1, 2_000, 2_001, 50_000, 50_001}
    with closing(sqlite3.connect(tmp_path / "registry.db")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, remark)")
        rows = (
            (n, "张三".encode("gbk") if n in bad else "张三", b"\xff\xfe" if n == 2_000 else None)
            for n in range(1, 50_011)
        )
        connection.executemany("INSERT INTO t VALUES (?, CAST(? AS TEXT), ?)", rows)
        connection.commit()
    batches = list(open_source(url=URL, table="t").read())
    faults = [fault for batch in batches for fault in batch.faults]
    assert [fault.row for fault in faults] == sorted(bad)
    assert faults[0].message.code == "sql.cell_not_text"
    assert faults[0].values == {"columns": "name", "bytes": "d5 c5 c8 fd"}
    assert faults[0].text == "1\t\\xd5\\xc5\\xc8\\xfd\t"
    assert faults[1].values["columns"] == "name, remark"
    rows_read = pl.concat(batch.rows for batch in batches)
    assert rows_read[ROW].to_list() == [n for n in range(1, 50_011) if n not in bad]
    assert set(rows_read["name"]) == {"张三"}


def test_a_mixed_column_tells_text_numbers_and_broken_bytes_apart(open_source: Any, company_db: Path) -> None:
    query = "SELECT column1 AS v FROM (VALUES (1), (1.5), ('a'), (NULL), (x'ff'), (''))"
    [batch] = open_source(url=URL, query=query).read()
    assert batch.rows.rows() == [(1, "1"), (2, "1.5"), (3, "a"), (4, None), (6, "")]
    assert [fault.row for fault in batch.faults] == [5]


# ------------------------------------------------------------------------------------------- what is refused


def test_columns_declared_binary_are_refused_by_name_unless_left_out(
    open_source: Any, rows_of: Any, tmp_path: Path
) -> None:
    created(tmp_path / "registry.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, photo BLOB, scan longblob)")
    source = open_source(url=URL, table="t")
    assert code_of(source) == "sql.binary_columns"
    with pytest.raises(SourceError, match="photo, scan"):
        source.check()
    open_source(url=URL, table="t", columns=["id"]).check()


def test_doubled_columns_of_a_query_are_named(open_source: Any, company_db: Path) -> None:
    source = open_source(url=URL, query="SELECT uscc, name, uscc, 1 AS name, capital FROM companies")
    assert code_of(source) == "sql.doubled_columns"
    with pytest.raises(SourceError, match="name, uscc"):
        source.check()


def test_a_column_that_is_named_like_the_rows_number_is_refused(open_source: Any, company_db: Path) -> None:
    assert code_of(open_source(url=URL, query=f"SELECT 1 AS {ROW}")) == "sql.reserved_column"


def test_a_missing_table_offers_the_nearest_ones(open_source: Any, company_db: Path) -> None:
    source = open_source(url=URL, table="Company")
    assert code_of(source) == "sql.unknown_table"
    with pytest.raises(SourceError, match=r"'Company'.*the nearest are: companies"):
        source.check()


def test_a_missing_schema_offers_the_nearest_ones(open_source: Any, company_db: Path) -> None:
    assert code_of(open_source(url=URL, table="companies", schema="mian")) == "sql.unknown_schema"


@pytest.mark.parametrize("option", ["columns", "order_by"])
@pytest.mark.parametrize("origin", [{"table": "companies"}, {"query": "SELECT * FROM companies"}])
def test_a_missing_column_is_never_read_as_a_string(
    open_source: Any, company_db: Path, option: str, origin: dict[str, str]
) -> None:
    source = open_source(url=URL, **origin, **{option: ["nmae"]})
    assert code_of(source) == "sql.unknown_column"
    with pytest.raises(SourceError, match=r"'nmae'.*the nearest are: name"):
        source.check()


def test_a_missing_file_is_an_error_and_stays_missing(open_source: Any, tmp_path: Path) -> None:
    assert code_of(open_source(url=URL, table="companies")) == "sql.missing_file"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"uscc,name\n" * 200, b"SQLite format 3\0" + b"\xaa" * 4096])
def test_a_file_of_another_kind_is_told(open_source: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "registry.db").write_bytes(content)
    assert code_of(open_source(url=URL, table="companies")) == "sql.not_sqlite"


def test_sql_that_fails_is_told_in_the_databases_words(open_source: Any, company_db: Path) -> None:
    source = open_source(url=URL, query="SELECT nmae FROM companies")
    assert code_of(source) == "sql.failed"
    with pytest.raises(SourceError, match="no such column: nmae"):
        source.check()


def test_a_statement_that_fails_at_a_later_row_is_told_too(open_source: Any, tmp_path: Path) -> None:
    numbers(tmp_path / "registry.db", 60_000)
    source = open_source(
        url=URL, query="SELECT abs(CASE n WHEN 55000 THEN -9223372036854775808 ELSE n END) AS n FROM numbers"
    )
    reading = source.read()
    assert next(reading).rows.height == 50_000
    with pytest.raises(SourceError, match="integer overflow"):
        next(reading)


@pytest.mark.parametrize("query", ["-- nothing", ";", "EXPLAIN SELECT 1; SELECT 2", "SELECT 1 WHERE 1 = :x"])
def test_what_is_not_one_whole_statement_is_refused(open_source: Any, company_db: Path, query: str) -> None:
    assert code_of(open_source(url=URL, query=query)) in {"sql.no_columns", "sql.failed"}


# ------------------------------------------------------------------------------------------ nothing is written


@pytest.mark.parametrize("wal", [False, True])
@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM numbers",
        "INSERT INTO numbers VALUES (99) RETURNING n",
        "UPDATE numbers SET n = n + 10",
        "DROP TABLE numbers",
        "CREATE TABLE other (a)",
        "CREATE TEMP TABLE other AS SELECT * FROM numbers",
        "WITH gone AS (SELECT 1) DELETE FROM numbers",
        "ATTACH 'other.db' AS other",
        "ATTACH 'file:other.db?mode=rwc' AS other",
        "VACUUM INTO 'other.db'",
        "PRAGMA user_version = 7",
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET sql = ''",
        "COMMIT",
        "SELECT load_extension('x')",
    ],
)
def test_a_query_that_would_write_is_refused_and_nothing_changes(
    open_source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, wal: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    numbers(tmp_path / "registry.db", 3, wal=wal)
    before = fingerprints(tmp_path)
    assert code_of(open_source(url=URL, query=query)) in {"sql.not_reading", "sql.failed"}
    assert fingerprints(tmp_path) == before


@pytest.mark.parametrize("wal", [False, True])
def test_reading_leaves_the_file_and_its_folder_untouched(
    open_source: Any, rows_of: Any, tmp_path: Path, wal: bool
) -> None:
    numbers(tmp_path / "registry.db", 3, wal=wal)
    before = fingerprints(tmp_path)
    source = open_source(url=URL, table="numbers")
    source.check()
    assert len(rows_of(source.read())) == 3
    assert fingerprints(tmp_path) == before


def test_a_relative_file_starts_at_the_deployments_folder_and_an_absolute_one_at_the_root(
    open_source: Any, rows_of: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "局 #1?%41"
    folder.mkdir()
    numbers(folder / "registry.db", 2)
    for url in (f"sqlite:///{quote(folder.name)}/registry.db", f"sqlite:///{quote(str(folder))}/registry.db"):
        assert len(rows_of(open_source(url=url, table="numbers").read())) == 2


# -------------------------------------------------------------------------------------- one state of the database


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The department's own program, in WAL mode and at work."""
    numbers(tmp_path / "registry.db", 60_000, wal=True)
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None, timeout=0)) as connection:
        connection.execute("INSERT INTO numbers VALUES (60001)")
        yield connection


def test_what_another_connection_writes_meanwhile_is_not_seen(open_source: Any, writer: sqlite3.Connection) -> None:
    reading = open_source(url=URL, table="numbers").read()
    first = next(reading)
    writer.execute("DELETE FROM numbers WHERE n > 50000")
    writer.execute("INSERT INTO numbers VALUES (70000)")
    rest = pl.concat(batch.rows for batch in reading)
    assert (first.rows.height, rest["n"].to_list()) == (50_000, [str(n) for n in range(50_001, 60_002)])


def test_the_state_is_that_of_the_first_look_even_where_rows_change_before_the_reading(
    open_source: Any, writer: sqlite3.Connection
) -> None:
    with open_source(url=URL, table="numbers").dialect.snapshot() as connection:
        connection.exec_driver_sql("SELECT 1 FROM numbers").fetchone()
        writer.execute("DELETE FROM numbers")
        assert connection.exec_driver_sql("SELECT count(*) FROM numbers").scalar() == 60_001


def test_a_writer_in_rollback_mode_waits_until_everything_is_read(open_source: Any, tmp_path: Path) -> None:
    numbers(tmp_path / "registry.db", 60_000)
    reading = open_source(url=URL, table="numbers").read()
    next(reading)
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None, timeout=0)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            connection.execute("DELETE FROM numbers")
        assert sum(batch.rows.height for batch in reading) == 10_000
        connection.execute("DELETE FROM numbers")


def test_a_source_that_is_not_read_to_its_end_lets_go_of_the_file(open_source: Any, tmp_path: Path) -> None:
    numbers(tmp_path / "registry.db", 60_000)
    reading = open_source(url=URL, table="numbers").read()
    next(reading)
    reading.close()
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None, timeout=0)) as connection:
        connection.execute("DELETE FROM numbers")


def test_a_file_that_was_closed_and_changes_while_it_is_read_fails_the_run(open_source: Any, tmp_path: Path) -> None:
    path = numbers(tmp_path / "registry.db", 60_000, wal=True)
    reading = open_source(url=URL, table="numbers").read()
    next(reading)
    created(path, "UPDATE numbers SET n = -n", wal=True)
    with pytest.raises(SourceError) as error:
        list(reading)
    assert error.value.message.code in {"sql.changed_while_read", "sql.failed"}


def test_what_a_killed_writer_had_committed_is_read(
    open_source: Any, writer: sqlite3.Connection, tmp_path: Path
) -> None:
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(tmp_path / f"registry.db{suffix}", tmp_path / f"left.db{suffix}")
    batches = open_source(url="sqlite:///left.db", table="numbers").read()
    assert sum(batch.rows.height for batch in batches) == 60_001


def test_a_copy_without_its_index_is_refused_because_reading_it_would_write(
    open_source: Any, writer: sqlite3.Connection, tmp_path: Path
) -> None:
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"registry.db{suffix}", tmp_path / f"copy.db{suffix}")
    assert code_of(open_source(url="sqlite:///copy.db", table="numbers")) == "sql.interrupted_writing"
    assert not (tmp_path / "copy.db-shm").exists()


def test_a_file_that_a_killed_writer_left_half_changed_is_refused(open_source: Any, tmp_path: Path) -> None:
    path = numbers(tmp_path / "registry.db", 60_000)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN")
        connection.execute("UPDATE numbers SET n = -n")
        for suffix in ("", "-journal"):
            shutil.copy(f"{path}{suffix}", tmp_path / f"half.db{suffix}")
    assert code_of(open_source(url="sqlite:///half.db", table="numbers")) == "sql.interrupted_writing"
