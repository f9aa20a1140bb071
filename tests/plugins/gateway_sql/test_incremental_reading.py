"""Only what is new is read: late rows, equal times, rows without a time, clocks that are wrong, restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.errors import SourceError
from gateway.interfaces import Batch, Memory, ResumingSource

T = "2024-02-29 08:30:0"


@dataclass
class Department:
    """A department's own database, and how it writes to it."""

    kind: str
    url: str
    do: Callable[[str], object]
    open: Callable[..., Any]

    @property
    def time(self) -> str:
        """The type of a time to the microsecond."""
        return {"mariadb": "datetime(6)", "postgresql": "timestamp", "sqlite": "text"}[self.kind]

    def source(self, **options: Any) -> Any:
        cursor = {"column": "changed", **options.pop("cursor", {})}
        options = options if "query" in options else {"table": "companies", **options}
        return self.open(url=self.url, cursor=cursor, **options)

    def holds(self, *rows: tuple[int, str | None]) -> None:
        for number, changed in rows:
            self.do(f"INSERT INTO companies VALUES ({number}, {'NULL' if changed is None else repr(changed)})")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def department(request: pytest.FixtureRequest, open_source: Any, tmp_path: Path) -> Iterator[Department]:
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as connection:
            yield Department("sqlite", "sqlite:///registry.db", connection.execute, open_source)
    elif request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        with psycopg.connect(url, autocommit=True) as server:
            yield Department("postgresql", url, lambda statement: server.execute(statement.encode()), open_source)
    else:
        url = request.getfixturevalue("mariadb_url")
        yield Department("mariadb", url, request.getfixturevalue("mariadb"), open_source)


@pytest.fixture
def companies(department: Department) -> Department:
    department.do(f"CREATE TABLE companies (id integer PRIMARY KEY, changed {department.time})")
    return department


def read(source: Any, memory: Memory | None = None) -> tuple[list[int], dict[str, str] | None]:
    """The ids in the order in which they came, and the cursor of the last batch."""
    batches: list[Batch] = list(source.resume(memory or Memory()))
    return [int(row) for batch in batches for row in batch.rows["id"]], batches[-1].cursor  # type: ignore[return-value]


def at(position: str, **asked: Any) -> Memory:
    return Memory(cursor={"changed": position}, **asked)


def shown(department: Department, time: str) -> str:
    """As the database writes a time without a fraction."""
    return f"{time}.000000" if department.kind == "mariadb" and "." not in time else time


# -------------------------------------------------------------------------------------------- from run to run


def test_the_first_run_reads_everything_in_the_order_of_the_cursor(companies: Department) -> None:
    companies.holds((1, T + "3"), (2, T + "1"), (3, T + "2"))
    assert read(companies.source()) == ([2, 3, 1], {"changed": shown(companies, T + "3")})


def test_a_later_run_reads_what_changed_since(companies: Department) -> None:
    companies.holds((1, T + "1"), (2, T + "2"))
    _, cursor = read(companies.source())
    companies.holds((3, T + "3"))
    companies.do(f"UPDATE companies SET changed = '{T}4' WHERE id = 1")
    ids, cursor = read(companies.source(), Memory(cursor))
    assert (ids, cursor) == ([2, 3, 1], {"changed": shown(companies, T + "4")})


def test_a_row_of_the_very_time_of_the_position_is_not_lost(companies: Department) -> None:
    companies.holds((5, T + "2"))
    _, cursor = read(companies.source())
    companies.holds((4, T + "2"), (6, T + "2"))
    assert read(companies.source(), Memory(cursor)) == ([4, 5, 6], cursor)


def test_a_row_that_comes_late_is_read_as_far_as_is_looked_back(companies: Department) -> None:
    companies.holds((1, T + "9"))
    _, cursor = read(companies.source())
    companies.holds((2, "2024-02-29 08:25:09"), (3, "2024-02-29 08:25:08"))
    assert read(companies.source(), Memory(cursor))[0] == [1]
    assert read(companies.source(cursor={"look_back": "5 minutes"}), Memory(cursor))[0] == [2, 1]


def test_a_run_without_news_gives_one_empty_batch_and_keeps_the_position(companies: Department) -> None:
    companies.holds((1, T + "1"))
    [batch] = companies.source().resume(at(T + "5"))
    assert (batch.rows.height, batch.rows.columns, batch.cursor) == (0, ["_row", "id", "changed"], {"changed": T + "5"})


def test_an_empty_table_has_no_position(companies: Department) -> None:
    assert read(companies.source()) == ([], None)


def test_a_position_does_not_go_back_where_the_newest_rows_were_taken_away(companies: Department) -> None:
    if companies.kind == "sqlite":
        pytest.skip("a column of text is in the order of its database alone")
    companies.holds((1, T + "1"))
    assert read(companies.source(cursor={"look_back": "1 hour"}), at(T + "5")) == ([1], {"changed": T + "5"})


def test_microseconds_are_kept_and_compared(companies: Department) -> None:
    companies.holds((1, T + "1.000001"), (2, T + "1.000002"), (3, T + "1.000003"))
    ids, cursor = read(companies.source(), at(T + "1.000002"))
    assert (ids, cursor) == ([2, 3], {"changed": T + "1.000003"})


def test_a_killed_run_goes_on_after_the_last_batch_that_was_stored(companies: Department) -> None:
    rows = "SELECT seq AS n FROM seq_1_to_120000"
    if companies.kind == "postgresql":
        rows = "SELECT generate_series(1, 120000) AS n"
    if companies.kind == "sqlite":
        rows = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 120000) SELECT n FROM up"
    companies.do("CREATE TABLE many (id integer PRIMARY KEY, changed integer)")
    companies.do(f"INSERT INTO many SELECT n, (n - 1) / 7 - MOD(n - 1, 7) / 7.0 FROM ({rows}) source_rows")
    source = companies.source(table="many")
    first = next(source.resume(Memory()))
    seen = [int(row) for row in first.rows["id"]]
    ids, _ = read(source, Memory(first.cursor))
    assert len(seen) == 50_000
    assert set(seen) | set(ids) == set(range(1, 120_001))
    assert len(set(seen) & set(ids)) < 60  # the rows of the very position alone are read twice


def test_what_is_written_while_reading_waits_for_the_next_run(companies: Department) -> None:
    if companies.kind == "sqlite":
        pytest.skip("its writers wait until everything is read")
    companies.holds((1, T + "1"))
    reading = companies.source().resume(Memory())
    batch = next(reading)
    companies.holds((2, T + "2"))
    assert list(reading) == []
    assert read(companies.source(), Memory(batch.cursor))[0] == [1, 2]


# ---------------------------------------------------------------------------------------------- where to begin


def test_since_is_read_from_instead_of_the_position(companies: Department) -> None:
    companies.holds((1, T + "1"), (2, T + "2"), (3, T + "3"))
    source = companies.source(cursor={"look_back": "1 hour", "start": T + "3"})
    assert read(source, at(T + "3", since=T + "2"))[0] == [2, 3]
    assert read(source, Memory(since="2024-02-29"))[0] == [1, 2, 3]


def test_the_first_run_begins_at_start_and_no_other_does(companies: Department) -> None:
    companies.holds((1, T + "1"), (2, T + "2"), (3, T + "3"))
    source = companies.source(cursor={"start": T + "2"})
    assert read(source)[0] == [2, 3]
    assert read(source, at(T + "1"))[0] == [1, 2, 3]


def test_everything_is_read_where_the_feed_reads_everything(companies: Department, rows_of: Any) -> None:
    companies.holds((2, T + "1"), (1, None))
    source = companies.source(cursor={"nulls": "read"})
    assert [row["id"] for row in rows_of(source.read())] == ["1", "2"]


def test_a_source_resumes_only_where_a_cursor_is_declared(companies: Department) -> None:
    assert isinstance(companies.source(), ResumingSource)
    assert not isinstance(companies.open(url=companies.url, table="companies"), ResumingSource)
    companies.source().settle(stored=True)


# --------------------------------------------------------------------------------------------- rows without one


def test_rows_without_a_value_are_refused_because_they_would_never_be_read(companies: Department) -> None:
    companies.holds((1, None), (2, T + "1"), (3, None))
    for ask in (companies.source().check, lambda: list(companies.source().resume(Memory()))):
        with pytest.raises(SourceError, match="2 rows of companies have no 'changed'") as error:
            ask()
        assert error.value.message.code == "sql.cursor_nulls"


def test_rows_without_a_value_are_read_each_time_where_that_is_asked(companies: Department) -> None:
    companies.holds((1, None), (2, T + "1"), (3, None), (4, T + "2"))
    source = companies.source(cursor={"nulls": "read"})
    ids, cursor = read(source)
    assert (sorted(ids), cursor) == ([1, 2, 3, 4], {"changed": shown(companies, T + "2")})
    ids, again = read(source, Memory(cursor))
    assert (sorted(ids), again) == ([1, 3, 4], cursor)


def test_rows_without_a_value_alone_leave_no_position(companies: Department) -> None:
    companies.holds((1, None))
    assert read(companies.source(cursor={"nulls": "read"})) == ([1], None)


# -------------------------------------------------------------------------------------------------- wrong clocks


@pytest.mark.parametrize("late", ["2024-03-01 00:00:00", "2025-06-30 12:00:00"])
def test_a_row_from_the_future_does_not_move_the_position_beyond_the_last_real_one(
    companies: Department, late: str
) -> None:
    companies.holds((1, T + "1"), (2, "2999-01-01 00:00:00"), (3, "9999-12-31 00:00:00"))
    ids, cursor = read(companies.source())
    assert (ids, cursor) == ([1, 2, 3], {"changed": shown(companies, T + "1")})
    companies.holds((4, late))
    assert read(companies.source(), Memory(cursor)) == ([1, 4, 2, 3], {"changed": shown(companies, late)})


def test_rows_from_the_future_alone_leave_the_position_where_it_was(companies: Department) -> None:
    companies.holds((1, "2999-01-01 00:00:00"))
    assert read(companies.source()) == ([1], None)
    assert read(companies.source(), at(T + "1")) == ([1], {"changed": T + "1"})


def test_a_day_in_the_future_does_not_hide_the_days_before(companies: Department) -> None:
    companies.do(
        f"CREATE TABLE days (id integer PRIMARY KEY, changed {'text' if companies.kind == 'sqlite' else 'date'})"
    )
    companies.do("INSERT INTO days VALUES (1, '2999-01-01'), (2, '2024-02-29')")
    _, cursor = read(companies.source(table="days"))
    assert cursor == {"changed": "2024-02-29"}
    companies.do("INSERT INTO days VALUES (3, '2024-03-01')")
    assert read(companies.source(table="days"), Memory(cursor))[0] == [2, 3, 1]


@pytest.mark.parametrize("ahead", ["infinity", "12000-01-01"])
def test_times_that_few_calendars_have_do_not_become_the_position(
    open_source: Any, postgresql: Any, postgresql_url: str, ahead: str
) -> None:
    postgresql.execute("CREATE TABLE t (id integer, changed timestamptz)")
    postgresql.execute(f"INSERT INTO t VALUES (1, '2024-02-29 08:30:00+08'), (2, '{ahead}')")
    source = open_source(url=postgresql_url, table="t", cursor={"column": "changed"})
    assert read(source) == ([1, 2], {"changed": "2024-02-29 08:30:00+08:00"})


def test_the_position_stays_behind_the_clock_by_the_safety_asked_for(companies: Department) -> None:
    if companies.kind == "sqlite":
        pytest.skip("a file has no clock")
    now = (
        "now() AT TIME ZONE 'Asia/Shanghai'" if companies.kind == "postgresql" else "UTC_TIMESTAMP(6) + INTERVAL 8 HOUR"
    )
    companies.do(f"INSERT INTO companies SELECT 1, {now} - INTERVAL '1' HOUR")
    companies.do(f"INSERT INTO companies SELECT 2, {now} - INTERVAL '1' MINUTE")
    exact, cautious = read(companies.source())[1], read(companies.source(cursor={"safety": "10 minutes"}))[1]
    assert exact is not None
    assert cautious is not None
    behind = datetime.fromisoformat(exact["changed"]) - datetime.fromisoformat(cautious["changed"])
    assert timedelta(minutes=58) < behind < timedelta(minutes=60)


# ----------------------------------------------------------------------------------------- other kinds of cursors


@pytest.mark.parametrize("origin", [{"table": "numbered"}, {"query": "SELECT id + 0 AS id FROM numbered"}])
def test_long_numbers_are_compared_to_the_last_digit(companies: Department, origin: dict[str, str]) -> None:
    companies.do("CREATE TABLE numbered (id bigint PRIMARY KEY)")
    companies.do("INSERT INTO numbered VALUES (9007199254740992), (9007199254740993), (913701020000000001)")
    source = companies.source(**origin, cursor={"column": "id"})
    ids, cursor = read(source, Memory({"id": "9007199254740993"}))
    assert (ids, cursor) == ([9007199254740993, 913701020000000001], {"id": "913701020000000001"})


def test_a_number_is_looked_back_from_by_a_number(companies: Department) -> None:
    companies.holds(*((number, T + "1") for number in range(1, 10)))
    source = companies.source(cursor={"column": "id", "look_back": "3"})
    assert read(source, Memory({"id": "9"})) == ([6, 7, 8, 9], {"id": "9"})


@pytest.mark.parametrize(
    ("late", "last", "position"),
    [
        ("20240229080000", "20240229090000", "20240229083000"),
        ("2024/02/29 08:00:00", "2024/02/29 09:00:00", "2024/02/29 08:30:00"),
        ("2024-02-29T08:00:00", "2024-02-29T09:00:00", "2024-02-29T08:30:00"),
    ],
)
def test_times_that_are_kept_as_text_are_looked_back_from_as_they_are_written(
    companies: Department, late: str, last: str, position: str
) -> None:
    companies.do("CREATE TABLE texts (id integer PRIMARY KEY, changed varchar(30))")
    companies.do(f"INSERT INTO texts VALUES (1, '{late}'), (2, '{last}'), (3, '{late[:-1]}'), (4, 'O''Neill\\\\')")
    source = companies.source(table="texts", cursor={"look_back": "30 minutes"})
    assert set(read(source, at(position))[0]) >= {1, 2}
    assert 3 not in read(source, at(position))[0]


def test_a_position_of_any_text_is_compared_as_it_is(companies: Department) -> None:
    companies.do("CREATE TABLE texts (id integer PRIMARY KEY, changed varchar(30))")
    backslash = "\\\\" if companies.kind == "mariadb" else "\\"
    companies.do(f"INSERT INTO texts VALUES (0, 'a'), (1, 'a''b{backslash}'), (2, 'b')")
    ids, cursor = read(companies.source(table="texts"), at("a'b\\"))
    assert (ids, cursor) == ([1, 2], {"changed": "b"})


def test_a_query_is_read_by_a_cursor_too(companies: Department) -> None:
    companies.holds((1, T + "1"), (2, T + "2"), (3, T + "3"))
    source = companies.source(query="SELECT id, changed FROM companies WHERE id <> 3 -- all but one")
    assert read(source, at(T + "2"))[0] == [2]
    numbered = companies.source(query="SELECT id + 0 AS id FROM companies;", cursor={"column": "id", "look_back": 1})
    assert read(numbered, Memory({"id": "3"}))[0] == [2, 3]


def test_times_with_a_zone_and_dates_of_postgresql(open_source: Any, postgresql: Any, postgresql_url: str) -> None:
    postgresql.execute("CREATE TABLE t (id integer, changed timestamptz, day date)")
    postgresql.execute(
        "INSERT INTO t VALUES (1, '2024-02-29 18:30:00.5+00', '2024-02-28'), (2, '-infinity', '-infinity')"
    )
    postgresql.execute("INSERT INTO t VALUES (3, '2024-02-29 19:30:00+00', '2024-02-29')")
    by_time = open_source(url=postgresql_url, table="t", cursor={"column": "changed", "look_back": "1 hour"})
    assert read(by_time) == ([2, 1, 3], {"changed": "2024-03-01 03:30:00+08:00"})
    assert read(by_time, at("2024-03-01 03:30:00+08"))[0] == [1, 3]
    by_day = open_source(url=postgresql_url, table="t", cursor={"column": "day", "look_back": "1 day"})
    assert read(by_day, Memory({"day": "2024-02-29"}))[0] == [1, 3]


def test_what_is_no_number_does_not_become_the_position(open_source: Any, postgresql: Any, postgresql_url: str) -> None:
    postgresql.execute("CREATE TABLE t (id integer, changed float8)")
    postgresql.execute("INSERT INTO t VALUES (1, 1.5), (2, 'NaN'), (3, 'Infinity')")
    assert read(open_source(url=postgresql_url, table="t", cursor={"column": "changed"}), at("1.25")) == (
        [1, 3, 2],
        {"changed": "1.5"},
    )


@pytest.mark.parametrize("column", ["CHARACTER SET gbk", "COLLATE utf8mb4_bin", "COLLATE utf8mb4_unicode_ci"])
def test_texts_of_mariadb_are_compared_as_their_column_orders_them(
    open_source: Any, mariadb: Any, mariadb_url: str, column: str
) -> None:
    mariadb(f"CREATE TABLE t (id integer PRIMARY KEY, changed varchar(20) {column})")
    mariadb("INSERT INTO t VALUES (1, '甲'), (2, '20240229'), (3, '20240301'), (4, '乙')")
    source = open_source(url=mariadb_url, table="t", cursor={"column": "changed", "nulls": "read"})
    first = read(source)
    assert read(source, at("20240301"))[0] == first[0][1:]
    assert read(source, Memory(first[1]))[0] == first[0][-1:]


def test_zero_dates_of_mariadb_are_read_and_passed(open_source: Any, mariadb: Any, mariadb_url: str) -> None:
    mariadb("CREATE TABLE t (id integer PRIMARY KEY, changed datetime)")
    mariadb("INSERT INTO t VALUES (1, '0000-00-00 00:00:00'), (2, '2024-02-29 08:30:00')")
    source = open_source(url=mariadb_url, table="t", cursor={"column": "changed", "look_back": "1 day"})
    assert read(source)[0] == [1, 2]
    assert read(source, at("0000-00-00 00:00:00"))[0] == [1, 2]
    assert read(source, at("2024-02-29 08:30:00"))[0] == [2]


# ---------------------------------------------------------------------------------------------- what is refused


def code_of(source: Any, memory: Memory | None = None) -> str:
    with pytest.raises(SourceError) as error:
        list(source.resume(memory or Memory()))
    assert "{" not in error.value.text("zh") + error.value.text("en")
    return error.value.message.code


def test_a_position_of_another_column_is_refused(companies: Department) -> None:
    assert code_of(companies.source(), Memory({"id": "3"})) == "sql.cursor_changed"


def test_a_cursor_column_that_is_not_there_offers_the_nearest_ones(companies: Department) -> None:
    with pytest.raises(SourceError, match=r"'chnaged'.*the nearest are: changed"):
        companies.source(cursor={"column": "chnaged"}).check()


@pytest.mark.parametrize("look_back", ["3", "2 hours"])
def test_a_look_back_that_does_not_fit_the_column_is_refused_at_once(companies: Department, look_back: str) -> None:
    column = "changed" if look_back == "3" else "id"
    source = companies.source(cursor={"column": column, "look_back": look_back})
    assert code_of(source) == "sql.wrong_look_back"
    with pytest.raises(SourceError):
        source.check()


def test_a_since_that_the_column_does_not_have_is_refused(companies: Department) -> None:
    with pytest.raises(SourceError, match=r"--since 'yesterday' cannot be compared with the cursor 'id'"):
        list(companies.source(cursor={"column": "id"}).resume(Memory(since="yesterday")))
    if companies.kind != "sqlite":
        for since in ("1 OR 1=1", "2024-13-01", "2024-02-30 08:30:00"):
            assert code_of(companies.source(), Memory(since=since)) == "sql.wrong_since"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["9"], "10"),
        (["9", "10"], "11"),
        (["v9"], "v10"),
        (["2024/9/30"], "2024/10/1"),
        (["2024-09-30 8:05"], "2024-09-30 10:05"),
        (["2024-01-01", "9999"], "2024-02-01"),
        (["2024-02-29T08:30:00Z"], "2024-02-29T09:30:00+08:00"),
    ],
)
def test_texts_that_are_not_in_the_order_they_came_cannot_say_what_is_new(
    companies: Department, before: list[str], after: str
) -> None:
    companies.do("CREATE TABLE texts (id integer PRIMARY KEY, changed varchar(30))")
    for number, text in enumerate(before):
        companies.do(f"INSERT INTO texts VALUES ({number}, '{text}')")
    source = companies.source(table="texts")

    def read_twice() -> None:
        _, cursor = read(source)
        companies.do(f"INSERT INTO texts VALUES (99, '{after}')")
        read(source, Memory(cursor))

    with pytest.raises(SourceError) as error:
        read_twice()
    assert error.value.message.code == "sql.cursor_out_of_order"
    assert "{" not in error.value.text("zh") + error.value.text("en")


def test_texts_that_are_in_order_say_what_is_new(companies: Department) -> None:
    companies.do("CREATE TABLE texts (id integer PRIMARY KEY, day varchar(30), code varchar(30))")
    companies.do("INSERT INTO texts VALUES (1, '2024-09-30', 'f0a1-9b'), (2, '2024-09-30 08:30:00', 'f0aa-10')")
    companies.do("INSERT INTO texts VALUES (3, '2024-10-01 08:30:00.5', 'f0ab-c9'), (4, '2024-10-01 10:30', 'f0ac-ff')")
    companies.do("UPDATE texts SET code = 'f0aa-1b' WHERE id = 2")
    assert read(companies.source(table="texts", cursor={"column": "day"}))[0] == [1, 2, 3, 4]
    assert read(companies.source(table="texts", cursor={"column": "code"}), Memory({"code": "f0aa-1b"}))[0] == [2, 3, 4]


def test_kinds_that_postgresql_orders_in_its_own_way_are_left_to_it(
    open_source: Any, postgresql: Any, postgresql_url: str
) -> None:
    postgresql.execute("CREATE TABLE t (id integer, changed xid8)")
    postgresql.execute("INSERT INTO t VALUES (1, '9'), (2, '10')")
    source = open_source(url=postgresql_url, table="t", cursor={"column": "changed"})
    assert read(source) == ([1, 2], {"changed": "10"})
    assert read(source, at("9"))[0] == [1, 2]


def test_truth_and_bytes_cannot_say_what_is_new(open_source: Any, postgresql: Any, postgresql_url: str) -> None:
    postgresql.execute("CREATE TABLE t (id integer, checked boolean, scan bytea)")
    for column in ("checked", "scan"):
        source = open_source(url=postgresql_url, query="SELECT * FROM t", cursor={"column": column})
        assert code_of(source) in {"sql.cursor_column", "sql.binary_columns"}


def test_a_float_of_mariadb_which_no_text_compares_with_cannot_either(
    open_source: Any, mariadb: Any, mariadb_url: str
) -> None:
    mariadb("CREATE TABLE t (id integer, share float)")
    assert code_of(open_source(url=mariadb_url, table="t", cursor={"column": "share"})) == "sql.cursor_column"
