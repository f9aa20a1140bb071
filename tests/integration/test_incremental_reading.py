"""What is new is read once, and nothing is skipped: cursors, files read whole, since, reset, limit, kills."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StartError
from gateway.pipeline.progress import Point
from gateway.pipeline.reading import Asked
from gateway.pipeline.reading import declared as digests
from gateway.pipeline.run_report import RunReport
from gateway.state.database import Database
from tests.deployment import Deployment
from tests.resuming_sources import resuming_sources

__all__ = ["resuming_sources"]

pytestmark = pytest.mark.usefixtures("resuming_sources")

TARGETS = """\
map: tests/targets
dataset: inspection_targets
fields:
  identifier: {from: 标识}
  identifier_scheme: {constant: local}
  kind: {constant: project}
  name: {from: 名称}
"""
INBOUND = [
    Point.RUN_STARTED,
    Point.BATCH_SPOOLED,
    Point.SPOOL_COMPLETE,
    Point.BATCH_JUDGED,
    Point.STORING,
    Point.STORED,
]


@pytest.fixture
def deployment(made: Deployment) -> Deployment:
    return declared(made)


def declared(made: Deployment) -> Deployment:
    folder = made.directory / "mappings" / "tests"
    folder.mkdir(parents=True)
    (folder / "targets.yml").write_text(TARGETS, encoding="utf-8")
    with closing(sqlite3.connect(made.directory / "outside.db")) as outside, outside:
        outside.execute('CREATE TABLE register ("标识" TEXT, "名称" TEXT, "更新" INTEGER, "登记" INTEGER)')
        outside.execute("CREATE TABLE told (stored INTEGER)")
        outside.execute("CREATE TABLE locked (x INTEGER)")
    (made.directory / "inbox").mkdir()
    declare_table(made)
    inbox = {"type": "outside_inbox", "folder": "inbox"}
    made.declare(inbox=made.inbound("", source=inbox, map="tests/targets", reads="changes"))
    return made


def declare_table(made: Deployment, *, reads: str = "changes", expect: Any = None, **source: Any) -> None:
    table = {"type": "outside_table", "path": "outside.db", "cursor": {"column": "更新", "look_back": 1}, **source}
    more = {"expect": expect} if expect else {}
    made.declare(table=made.inbound("", source=table, map="tests/targets", reads=reads, **more))


def add(made: Deployment, *rows: tuple[str, str, int]) -> None:
    outside(made, 'INSERT INTO register ("标识", "名称", "更新", "登记") VALUES (?, ?, ?, 0)', *rows)


def outside(made: Deployment, statement: str, *values: tuple[Any, ...]) -> None:
    with closing(sqlite3.connect(made.directory / "outside.db")) as database, database:
        database.executemany(statement, values or [()])


def told(made: Deployment) -> list[int]:
    with closing(sqlite3.connect(made.directory / "outside.db")) as database:
        return [stored for (stored,) in database.execute("SELECT stored FROM told")]


def run(made: Deployment, feed: str = "table", **asked: Any) -> RunReport:
    (report,) = made.run(feed, asked=Asked(**asked))
    return report


def names(made: Deployment) -> dict[str, str]:
    return dict(made.query("SELECT identifier, name FROM inspection_targets WHERE withdrawn = 0 ORDER BY identifier"))


def cursor(made: Deployment) -> Any:
    found = made.query("SELECT cursor FROM reading_positions WHERE feed = 'table'")
    return json.loads(found[0][0])["更新"] if found and found[0][0] else None


def drop(made: Deployment, name: str, *rows: str) -> None:
    (made.directory / "inbox" / name).write_text("\n".join(["标识,名称", *rows]) + "\n", encoding="utf-8")


def lying_in(made: Deployment, folder: str) -> list[str]:
    return sorted(file.name for file in (made.directory / "inbox" / folder).glob("*.csv"))


# ---------------------------------------------------------------------------------------------------- cursors


def test_a_second_run_reads_only_what_is_new(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20), ("P3", "三", 30))
    assert run(deployment).counts.read == 3
    add(deployment, ("P4", "四", 40))
    report = run(deployment)
    assert (report.counts.read, report.counts.unchanged, report.counts.accepted) == (2, 1, 1)
    assert (cursor(deployment), names(deployment)["P4"]) == ("40", "四")


def test_rows_of_an_equal_time_and_late_ones_within_the_look_back_are_read(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20))
    run(deployment)
    add(deployment, ("P3", "同时", 20), ("P4", "迟到", 19))
    run(deployment)
    assert names(deployment) == {"P1": "一", "P2": "二", "P3": "同时", "P4": "迟到"}


def test_nothing_is_withdrawn_because_it_was_not_read_again(deployment: Deployment) -> None:
    add(deployment, *((f"P{number}", "名", number * 10) for number in range(1, 9)))
    run(deployment)
    report = run(deployment)
    assert (report.counts.read, report.counts.withdrawn, len(names(deployment))) == (1, 0, 8)


def test_a_run_without_any_batch_is_a_success_that_keeps_every_issue(deployment: Deployment) -> None:
    add(deployment, ("P1", "", 10), ("P2", "二", 20))
    assert run(deployment).counts.rejected == 1
    outside(deployment, "DELETE FROM register")
    report = run(deployment)
    assert (report.status, report.counts.read, report.counts.withdrawn) == ("succeeded", 0, 0)
    assert deployment.query("SELECT status FROM issues") == [("open",)]
    assert (cursor(deployment), names(deployment)) == ("20", {"P2": "二"})


def test_an_issue_of_the_columns_stays_open_while_none_are_seen(deployment: Deployment) -> None:
    file = deployment.directory / "mappings" / "tests" / "targets.yml"
    file.write_text(TARGETS.replace("  name: {from: 名称}", "  name: {constant: 某}"), encoding="utf-8")
    add(deployment, ("P1", "一", 10))
    assert run(deployment).status == "with_issues"
    outside(deployment, "DELETE FROM register")
    run(deployment)
    assert deployment.query("SELECT code, status FROM issues") == [("map.unmapped_column", "open")]


def test_a_run_that_fails_moves_no_cursor(deployment: Deployment) -> None:
    declare_table(deployment, expect={"rows_at_most": "2"})
    add(deployment, ("P1", "一", 10), ("P2", "二", 20), ("P3", "三", 30))
    assert run(deployment).status == "failed"
    assert (cursor(deployment), names(deployment), told(deployment)) == (None, {}, [0])
    declare_table(deployment)
    run(deployment)
    assert (cursor(deployment), len(names(deployment)), told(deployment)) == ("30", 3, [0, 1])


def test_a_feed_that_reads_everything_is_not_resumed(deployment: Deployment) -> None:
    declare_table(deployment, reads="everything")
    add(deployment, ("P1", "一", 10), ("P2", "二", 20))
    assert [run(deployment).counts.read for _ in range(2)] == [2, 2]
    assert (cursor(deployment), told(deployment)) == (None, [])


# ------------------------------------------------------------------------------------- another declaration


def test_a_position_of_another_column_is_refused_until_it_is_reset(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20))
    run(deployment)
    outside(deployment, """INSERT INTO register VALUES ('P3', '三', 5, 1)""")
    declare_table(deployment, cursor={"column": "登记"})
    refused = run(deployment)
    assert (refused.status, refused.error.message.code) == ("failed", "reading.declared_otherwise")  # type: ignore[union-attr]
    assert "cursor.column" in str(refused.error)
    assert "P3" not in names(deployment)
    report = run(deployment, reset=True)
    assert (report.status, report.counts.read, names(deployment)["P3"]) == ("succeeded", 3, "三")


@pytest.mark.parametrize("more", [{"password": "other"}, {"cursor": {"column": "更新", "look_back": 15}}])
def test_who_asks_and_how_far_it_looks_back_may_change(deployment: Deployment, more: dict[str, Any]) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20))
    run(deployment)
    declare_table(deployment, **more)
    assert run(deployment).status == "succeeded"


@pytest.mark.parametrize(
    ("member", "matters"),
    [
        ("url", True),
        ("table", True),
        ("cursor.column", True),
        ("cursor.start", True),
        ("ask.status", True),
        ("password", False),
        ("secrets.token", False),
        ("partitions.parts", False),
        ("timeout_seconds", False),
        ("cursor.safety", False),
    ],
)
def test_what_is_read_matters_and_the_manner_does_not(member: str, matters: bool) -> None:
    name, _, part = member.partition(".")
    assert bool(digests({name: {part: "x"} if part else "x"})) == matters


# ------------------------------------------------------------------------------------- since, reset, limit


def test_since_reads_again_and_leaves_the_position_as_it_was(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20), ("P3", "三", 30))
    run(deployment)
    outside(deployment, "UPDATE register SET 名称 = '新' WHERE 标识 = 'P1'")
    report = run(deployment, since="10")
    assert (report.counts.read, report.counts.accepted, cursor(deployment)) == (3, 1, "30")


def test_since_beyond_the_position_skips_nothing(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10))
    run(deployment)
    add(deployment, ("P2", "二", 20), ("P9", "九", 90))
    assert run(deployment, since="90").counts.read == 1
    assert cursor(deployment) == "10"
    run(deployment)
    assert sorted(names(deployment)) == ["P1", "P2", "P9"]


def test_since_begins_a_feed_that_never_ran(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20))
    assert run(deployment, since="20").counts.read == 1
    assert cursor(deployment) == "20"


def test_reset_reads_from_the_beginning_and_says_what_it_forgot(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10), ("P2", "二", 20))
    run(deployment)
    report = run(deployment, reset=True)
    assert (report.counts.read, report.counts.unchanged) == (2, 2)
    (notice,) = report.notices
    assert notice.text("en") == (
        "as asked, the position (更新=20) was forgotten and this run reads from the "
        "beginning; what is stored stays as it is"
    )
    logged = deployment.query("SELECT action, detail FROM event_log WHERE action IN ('reading.forgotten', 'run.asked')")
    assert [(action, json.loads(detail)["feed"]) for action, detail in logged] == [
        ("reading.forgotten", "table"),
        ("run.asked", "table"),
    ]


@pytest.mark.parametrize("asked", [{"since": "10"}, {"reset": True}])
def test_a_feed_that_keeps_no_position_refuses_what_speaks_of_one(deployment: Deployment, asked: Any) -> None:
    declare_table(deployment, reads="everything")
    with pytest.raises(StartError, match="reads its whole source each time"):
        run(deployment, **asked)
    assert deployment.query("SELECT * FROM runs") == []


@pytest.mark.parametrize(("limit", "expected"), [(1, None), (2, "20"), (3, "20"), (4, "40"), (9, "50")])
def test_a_limited_run_stores_the_cursor_of_its_last_whole_batch(
    deployment: Deployment, limit: int, expected: str | None
) -> None:
    add(deployment, *((f"P{number}", "名", number * 10) for number in range(1, 6)))
    report = run(deployment, limit=limit)
    assert (report.counts.read, cursor(deployment), told(deployment)) == (min(limit, 5), expected, [])
    assert [notice.message.code for notice in report.notices] == ["reading.limited"]
    run(deployment)
    assert len(names(deployment)) == 5


def test_a_limited_snapshot_withdraws_nothing_and_closes_no_issue(deployment: Deployment) -> None:
    declare_table(deployment, reads="everything", expect={"rows_at_least": "3"})
    add(deployment, ("P1", "一", 10), ("P2", "二", 20), ("P3", "", 30))
    run(deployment)
    report = run(deployment, limit=1)
    assert (report.status, report.counts.read, report.counts.withdrawn) == ("succeeded", 1, 0)
    assert deployment.query("SELECT status FROM issues") == [("open",)]
    assert names(deployment) == {"P1": "一", "P2": "二"}


@pytest.mark.parametrize(
    ("asked", "accepts", "expected"),
    [
        (Asked(), False, []),
        (Asked(), True, [{"since": None, "reset": False, "limit": None, "accept_withdrawals": True}]),
        (Asked(since="5", limit=7), False, [{"since": "5", "reset": False, "limit": 7, "accept_withdrawals": False}]),
    ],
)
def test_what_an_operator_asked_of_a_run_stands_in_the_log(
    deployment: Deployment, asked: Asked, accepts: bool, expected: list[dict[str, Any]]
) -> None:
    deployment.run("table", asked=asked, accept_withdrawals=accepts)
    logged = deployment.query("SELECT detail FROM event_log WHERE action = 'run.asked'")
    assert [json.loads(detail) for (detail,) in logged] == [{"run": 1, "feed": "table", **each} for each in expected]


# ------------------------------------------------------------------------------------------ files read whole


def test_the_same_bytes_are_read_once_whatever_their_name(deployment: Deployment) -> None:
    drop(deployment, "a.csv", "P1,一")
    assert run(deployment, "inbox").counts.accepted == 1
    drop(deployment, "b.csv", "P1,一")
    assert run(deployment, "inbox").counts.read == 0
    drop(deployment, "a.csv", "P1,新名")
    assert run(deployment, "inbox").counts.accepted == 1
    assert names(deployment) == {"P1": "新名"}


def test_files_of_a_failed_run_are_set_aside_and_not_remembered(deployment: Deployment) -> None:
    (deployment.directory / "inbox" / "a.csv").write_text("标识,名称\nP1\n", encoding="utf-8")
    file = deployment.directory / "mappings" / "tests" / "targets.yml"
    file.write_text(TARGETS.replace("{from: 名称}", "{from: 不在}"), encoding="utf-8")
    assert run(deployment, "inbox").status == "failed"
    assert lying_in(deployment, "failed") == ["a.csv"]
    assert deployment.query("SELECT * FROM contents_read") == []


def test_a_file_cut_short_by_a_limit_is_read_whole_by_the_next_run(deployment: Deployment) -> None:
    drop(deployment, "a.csv", "P1,一", "P2,二", "P3,三")
    assert run(deployment, "inbox", limit=2).counts.accepted == 2
    assert (lying_in(deployment, "done"), lying_in(deployment, "processing")) == ([], ["a.csv"])
    assert run(deployment, "inbox").counts.accepted == 1
    assert (lying_in(deployment, "done"), len(names(deployment))) == (["a.csv"], 3)


def test_reset_forgets_the_files(deployment: Deployment) -> None:
    drop(deployment, "a.csv", "P1,一")
    run(deployment, "inbox")
    drop(deployment, "a.csv", "P1,一")
    report = run(deployment, "inbox", reset=True)
    assert (report.counts.read, report.counts.unchanged) == (1, 1)


# ------------------------------------------------------------------------------------------------- settling


def test_what_is_stored_stands_where_the_source_cannot_be_settled_and_that_is_made_up(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10))
    outside(deployment, "INSERT INTO locked VALUES (1)")
    report = run(deployment)
    assert (report.status, report.counts.accepted, told(deployment)) == ("succeeded", 1, [])
    assert [notice.text("zh") for notice in report.notices] == [
        "读取已结束，但来源未能收尾（外部系统暂不可用）；已入库的数据不受影响，下次运行会再次收尾"
    ]
    outside(deployment, "DELETE FROM locked")
    assert (run(deployment).notices, told(deployment)) == ((), [1, 1])


def test_a_run_that_another_process_took_over_settles_nothing(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10))

    def taken_over(point: Point) -> None:
        if point == Point.SPOOL_COMPLETE:
            database = Database(deployment.database_url)
            with database.write() as connection:
                connection.exec_driver_sql("UPDATE leases SET holder = 'another:1:x'")
            database.close()

    (report,) = deployment.run("table", reached=taken_over)
    assert (report.error and report.error.message.code, told(deployment)) == ("lease.lost", [])


# --------------------------------------------------------------------------------------- the shipped sources


def test_a_table_of_a_database_is_read_on_from_its_cursor(deployment: Deployment) -> None:
    table = {"type": "sql", "url": "sqlite:///outside.db", "table": "register", "columns": ["标识", "名称", "更新"]}
    feed = deployment.inbound("", map="tests/targets", reads="changes")
    deployment.declare(table={**feed, "source": {**table, "cursor": {"column": "更新", "look_back": "1"}}})
    add(deployment, ("P1", "一", 9), ("P2", "二", 10))
    run(deployment)
    add(deployment, ("P3", "三", 11), ("P4", "同时", 10))
    report = run(deployment)
    assert (report.counts.read, report.counts.unchanged, report.counts.accepted) == (4, 2, 2)
    assert (cursor(deployment), run(deployment, since="9").counts.read, cursor(deployment)) == ("11", 4, "11")


def test_a_drop_folder_is_emptied_run_by_run(deployment: Deployment) -> None:
    folder = {"folder": "inbox", "pattern": "*.csv", "ready": {"stable_seconds": "0"}}
    feed = deployment.inbound("", map="tests/targets", reads="changes")
    deployment.declare(inbox={**feed, "source": {"type": "csv", "drop_folder": folder}})
    drop(deployment, "a.csv", "P1,一", "P2,二")
    assert [run(deployment, "inbox").counts.read for _ in range(2)] == [2, 0]
    assert lying_in(deployment, "done") == ["a.csv"]
    drop(deployment, "b.csv", "P1,一", "P2,二")
    assert (run(deployment, "inbox").counts.read, len(lying_in(deployment, "done"))) == (0, 2)
    drop(deployment, "a.csv", "P3,三", "P4,四")
    assert run(deployment, "inbox", limit=1).counts.read == 1
    assert (run(deployment, "inbox").counts.accepted, sorted(names(deployment))) == (1, ["P1", "P2", "P3", "P4"])
    assert lying_in(deployment, "processing") == []


# --------------------------------------------------------------------------------------------------- kills


def state(made: Deployment) -> dict[str, Any]:
    """What must not depend on how often a process was killed."""
    return {
        "records": sorted(
            made.query("SELECT record_key, digest, change_number, operation, withdrawn FROM inspection_targets")
        ),
        "issues": sorted(made.query("SELECT identity, outcome, status FROM issues")),
        "positions": sorted(map(str, made.query("SELECT feed, cursor, settled FROM reading_positions"))),
        "contents": sorted(made.query("SELECT digest, name FROM contents_read")),
        "done": lying_in(made, "done"),
    }


def kill_at(made: Deployment, point: Point, feed: str) -> None:
    script = Path(__file__).with_name("killed_run.py")
    command = [sys.executable, str(script), str(made.directory), point.value, feed]
    killed = subprocess.run(command, env={**os.environ, **made.environ}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()


FIRST = [("P1", "一", 10), ("P2", "二", 20), ("P3", "", 30)]
LATER = [("P3", "三", 31), ("P4", "四", 40), ("P5", "五", 40)]


def give(made: Deployment, feed: str, rows: list[tuple[str, str, int]]) -> None:
    if feed == "table":
        outside(made, "DELETE FROM register WHERE 标识 = ?", *((identifier,) for identifier, _, _ in rows))
        add(made, *rows)
    else:
        drop(made, f"{len(rows)}-{rows[0][2]}.csv", *(f"{identifier},{name}" for identifier, name, _ in rows))


@pytest.mark.parametrize(
    ("feed", "point"),
    [
        *(("table", point) for point in INBOUND),
        *(("inbox", point) for point in (Point.BATCH_SPOOLED, Point.SPOOL_COMPLETE, Point.STORED)),
    ],
)
def test_a_run_killed_anywhere_ends_like_an_undisturbed_one(tmp_path: Path, feed: str, point: Point) -> None:
    assert _after_kills(tmp_path, f"sqlite:///{tmp_path / 'killed.db'}", point, feed) == _undisturbed(tmp_path, feed)


def test_a_run_on_postgresql_that_is_killed_after_storing_is_settled_by_the_next(
    tmp_path: Path, postgresql_url: str
) -> None:
    killed, expected = _after_kills(tmp_path, postgresql_url, Point.STORED, "table"), _undisturbed(tmp_path, "table")
    assert killed.pop("positions") == ["('table', {'更新': '40'}, True)"]
    assert killed == {name: each for name, each in expected.items() if name != "positions"}


def _undisturbed(folder: Path, feed: str) -> dict[str, Any]:
    made = _new(folder / "undisturbed", f"sqlite:///{folder / 'undisturbed.db'}")
    for rows in (FIRST, LATER):
        give(made, feed, rows)
        run(made, feed)
    return state(made)


def _after_kills(folder: Path, url: str, point: Point, feed: str) -> dict[str, Any]:
    made = _new(folder / "killed", url)
    for rows in (FIRST, LATER):
        give(made, feed, rows)
        kill_at(made, point, feed)
        run(made, feed)
    assert feed == "inbox" or told(made)[-1] == 1
    return state(made)


def _new(folder: Path, url: str) -> Deployment:
    folder.mkdir()
    return declared(Deployment(folder, url))


def test_a_killed_run_stores_the_position_of_the_declaration_that_it_read_by(deployment: Deployment) -> None:
    add(deployment, ("P1", "一", 10))
    kill_at(deployment, Point.SPOOL_COMPLETE, "table")
    declare_table(deployment, cursor={"column": "登记"})
    report = run(deployment)
    assert (report.error and report.error.message.code, names(deployment)) == (
        "reading.declared_otherwise",
        {"P1": "一"},
    )


@pytest.mark.parametrize("point", [Point.SPOOL_COMPLETE, Point.STORED])
def test_files_that_a_killed_run_read_whole_are_not_read_again(deployment: Deployment, point: Point) -> None:
    drop(deployment, "a.csv", "P1,一", "P2,二")
    kill_at(deployment, point, "inbox")
    report = run(deployment, "inbox")
    assert (report.counts.read, len(names(deployment)), len(deployment.query("SELECT * FROM contents_read"))) == (
        0,
        2,
        1,
    )
