"""Several processes at once: a feed is run by one of them, and what they do together is what one would have done."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.pipeline.progress import Point
from gateway.pipeline.run_report import Counts, RunReport
from gateway.state import leases
from tests.companies import company, county_map
from tests.deployment import Deployment, register
from tests.simulated_platform import SimulatedPlatform

WORKER = Path(__file__).with_name("paused_run.py")


@contextmanager
def another_process(made: Deployment, point: Point, *feeds: str) -> Iterator[Callable[[], str]]:
    """Run feeds in another process up to a point; calling what comes back lets it go on and gives what it printed."""
    command = [sys.executable, str(WORKER), str(made.directory), point.value, *feeds]
    process = subprocess.Popen(
        command,
        env={**os.environ, **made.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "paused\n", process.stderr and process.stderr.read()

        def go_on() -> str:
            said, complaints = process.communicate("go on\n", timeout=30)
            assert process.returncode == 0, complaints
            return said

        try:
            yield go_on
        finally:
            process.kill()


def at_the_same_time(work: Callable[[], list[RunReport]]) -> Callable[[], list[RunReport]]:
    """Begin work in a thread; calling what comes back waits for its reports."""
    reports: list[RunReport] = []
    thread = threading.Thread(target=lambda: reports.extend(work()))
    thread.start()

    def finished() -> list[RunReport]:
        thread.join(timeout=30)
        assert not thread.is_alive()
        return reports

    return finished


def wait_until_somebody_waits(url: str, sessions: int = 1) -> None:
    """Return once so many sessions of the database wait for locks that others hold."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 20
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(waiting).fetchall()[0][0] < sessions:
            assert time.monotonic() < deadline, "nobody came to wait"


def prepared(made: Deployment, url: str) -> None:
    made.declare(i=made.inbound("r.csv"), o=made.outbound(url))
    register(made.directory / "r.csv", *map(company, range(3)))


def test_a_feed_that_another_process_reads_is_not_read_twice(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    prepared(on_either, simulated.url)
    with another_process(on_either, Point.SPOOL_COMPLETE, "i") as go_on:
        (refused,) = on_either.run("i")
        assert (refused.status, refused.run, refused.counts) == ("failed", None, Counts())
        assert refused.error is not None
        assert refused.error.message.code == "lease.held"
        assert "feed:i" in refused.error.text("zh")
        assert "accepted=3" in go_on()
    assert on_either.query("SELECT status FROM runs") == [("succeeded",)]
    assert on_either.run("i")[0].counts == Counts(read=3, unchanged=3)


@pytest.mark.parametrize("point", [Point.SENDING, Point.SENT])
def test_a_feed_that_another_process_sends_is_not_sent_twice(
    on_either: Deployment, simulated: SimulatedPlatform, point: Point
) -> None:
    prepared(on_either, simulated.url)
    simulated.set(deduplicates=False)
    on_either.run("i")
    with another_process(on_either, point, "o") as go_on:
        (refused,) = on_either.run("o")
        assert (refused.status, refused.error and refused.error.message.code) == ("failed", "lease.held")
        assert "delivered=3" in go_on()
    assert on_either.run("o")[0].counts == Counts()
    assert set(simulated.times_taken().values()) == {1}
    assert len(simulated.effects()) == 3


def test_other_feeds_run_beside_it(made: Deployment, simulated: SimulatedPlatform) -> None:
    prepared(made, simulated.url)
    made.declare(other=made.inbound("other.csv"))
    register(made.directory / "other.csv", company(7))
    with another_process(made, Point.SPOOL_COMPLETE, "i") as go_on:
        assert made.run("other")[0].status == "succeeded"
        assert "accepted=3" in go_on()


def test_a_process_that_went_away_holds_nothing_back(made: Deployment, simulated: SimulatedPlatform) -> None:
    prepared(made, simulated.url)
    with another_process(made, Point.SPOOL_COMPLETE, "i"):
        pass  # killed when the block ends
    assert made.run("i")[0].counts == Counts(read=3, unchanged=3)
    assert made.query("SELECT status FROM runs ORDER BY id") == [("succeeded",), ("succeeded",)]


def postgresql(tmp_path: Path, url: str) -> Deployment:
    (tmp_path / "deployment").mkdir()
    return Deployment(tmp_path / "deployment", url)


@contextmanager
def stalled(url: str, table: str) -> Iterator[Callable[[], None]]:
    """Let the table be read and not written until the block ends, or what comes back is called."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE".encode())
        yield connection.rollback


def departments(made: Deployment) -> dict[str, Any]:
    """A feed of another dataset."""
    text = """\
map: county/departments
dataset: departments
fields:
  department_code: {from: 编码}
  name: {from: 名称}
  region_code: {constant: "370400"}
"""
    county_map(made.directory, text, "county/departments")
    (made.directory / "d.csv").write_text("编码,名称\n370400-sjj,市局\n", encoding="utf-8")
    return made.inbound("d.csv", dataset="departments", map="county/departments")


def test_two_feeds_that_bring_one_new_record_at_once_do_not_both_have_it(tmp_path: Path, postgresql_url: str) -> None:
    made = postgresql(tmp_path, postgresql_url)
    made.declare(a=made.inbound("a.csv"), b=made.inbound("b.csv"), before=made.inbound("before.csv"))
    register(made.directory / "a.csv", company(1))
    register(made.directory / "b.csv", company(1), company(2))
    register(made.directory / "before.csv", company(3))
    made.run("before")
    with stalled(postgresql_url, "inspection_targets") as release:
        both = [at_the_same_time(lambda: made.run("a")), at_the_same_time(lambda: made.run("b"))]
        wait_until_somebody_waits(postgresql_url, sessions=2)
        release()
        reports = [report for finished in both for report in finished()]
    assert [report.error for report in reports] == [None, None]
    assert sum(report.counts.held for report in reports) == 1
    assert sum(report.counts.accepted for report in reports) == 2


def test_two_feeds_to_one_destination_that_enqueue_at_once_send_a_version_once(
    tmp_path: Path, postgresql_url: str, simulated: SimulatedPlatform
) -> None:
    made = postgresql(tmp_path, postgresql_url)
    prepared(made, simulated.url)
    made.declare(o2=made.outbound(simulated.url))
    made.run("i")
    with another_process(made, Point.ENQUEUING, "o") as go_on:
        second = at_the_same_time(lambda: made.run("o2"))
        wait_until_somebody_waits(postgresql_url)
        assert "delivered=3" in go_on()
        (report,) = second()
    assert report.error is None
    assert report.counts == Counts()
    assert set(simulated.times_taken().values()) == {1}


def test_a_long_storing_does_not_keep_other_feeds_from_running(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LIFE", dt.timedelta(seconds=0.1))
    made = postgresql(tmp_path, postgresql_url)
    made.declare(a=made.inbound("a.csv"), d=departments(made))
    register(made.directory / "a.csv", company(1))
    made.run("d")
    with stalled(postgresql_url, "inspection_targets") as release:
        storing = at_the_same_time(lambda: made.run("a"))
        wait_until_somebody_waits(postgresql_url, sessions=2)  # the storing one, and the one that renews its lease
        assert at_the_same_time(lambda: made.run("d"))()[0].status == "succeeded"
        (refused,) = at_the_same_time(lambda: made.run("a"))()
        assert refused.error is not None
        assert refused.error.message.code == "lease.held"
        release()
        assert storing()[0].status == "succeeded"
