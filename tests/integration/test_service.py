"""The running service, in processes of their own: fires, catching up, stopping, killing, two of them, a moved clock."""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import psycopg
import pytest

from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.state import leases
from gateway.state.database import Database
from tests.companies import COUNTY, company, county_map, county_register, uscc
from tests.deployment import REQUESTER, SECRET, Deployment, register
from tests.running_service import RunningService, set_clock, until
from tests.simulated_platform import SimulatedPlatform

Start = Callable[..., RunningService]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts services, and kills those that are left at the end."""
    started: list[RunningService] = []

    def starting(made: Deployment, *arguments: str, **more: Any) -> RunningService:
        started.append(RunningService(made, arguments, **more))
        return started[-1]

    yield starting
    for each in started:
        each.process.kill()
        each.process.wait()


def declare(made: Deployment, **more: Any) -> None:
    """A register of two companies, read every five minutes; the clock says ten."""
    register(made.directory / "register.csv", company(1), company(2))
    made.declare(targets_in=made.inbound("register.csv", schedule="every 5 minutes"), **more)
    set_clock(made, "2026-03-02 10:00")


def planned(made: Deployment, feed: str = "targets-in") -> list[str]:
    """The planned times of a feed whose runs finished, as hours and minutes in the time of China."""
    rows = made.query(
        "SELECT planned_for FROM planned_runs WHERE feed = :feed AND status = 'finished' ORDER BY planned_for",
        feed=feed,
    )
    return [f"{(int(moment[11:13]) + 8) % 24:02}{moment[13:16]}" for (moment,) in rows]


def runs(made: Deployment, feed: str = "targets-in") -> list[str]:
    """The statuses of a feed's runs."""
    return [status for (status,) in made.query("SELECT status FROM runs WHERE feed = :feed ORDER BY id", feed=feed)]


def ran(made: Deployment, *times: str, feed: str = "targets-in") -> None:
    """Wait until a feed's planned runs are finished up to the last of these times, which must be all there are."""
    until(lambda: planned(made, feed)[-1:] == [times[-1]], f"{feed} at {times[-1]}, not {planned(made, feed)}")
    assert planned(made, feed) == list(times)


def noticed(service: RunningService, feeds: int = 1) -> None:
    """Wait until the service that schedules has seen so many feeds."""
    service.logged("scheduler.started")
    made = service.made
    until(lambda: made.query("SELECT count(*) FROM planned_runs") == [(feeds,)], f"{feeds} feeds noticed")


# ------------------------------------------------------------------------------------------- times and the clock


def test_a_feed_runs_once_at_each_planned_time(on_either: Deployment, start: Start) -> None:
    declare(on_either)
    service = start(on_either)
    noticed(service)
    for moment in ("10:05", "10:07", "10:10:00"):
        set_clock(on_either, f"2026-03-02 {moment}")
        until(lambda expected=moment[:4]: planned(on_either)[-1:] and planned(on_either)[-1] >= expected, moment)
    ran(on_either, "10:05", "10:10")
    assert (service.stop(), runs(on_either)) == (0, ["succeeded", "succeeded"])


def test_a_clock_that_jumps_over_several_fires_makes_up_for_them_once(made: Deployment, start: Start) -> None:
    declare(made)
    noticed(start(made))
    set_clock(made, "2026-03-02 13:37")
    ran(made, "13:35")
    set_clock(made, "2026-03-02 13:40")
    ran(made, "13:35", "13:40")
    assert runs(made) == ["succeeded"] * 2


def test_a_clock_that_is_set_back_runs_nothing_twice_and_says_so(made: Deployment, start: Start) -> None:
    declare(made)
    service = start(made)
    noticed(service)
    set_clock(made, "2026-03-02 10:10")
    ran(made, "10:10")
    set_clock(made, "2026-03-02 09:00")
    until(lambda: service.health() == (503, ["service.ahead"]), "health")
    for moment in ("10:05", "10:10", "10:15"):
        set_clock(made, f"2026-03-02 {moment}")
    ran(made, "10:10", "10:15")
    until(lambda: service.health() == (200, []), "health")
    assert (runs(made), len(service.log("clock.moved")) >= 1) == (["succeeded"] * 2, True)


def test_what_was_missed_while_nobody_served_is_made_up_for_once_a_feed(made: Deployment, start: Start) -> None:
    declare(made, other=made.inbound("register.csv", schedule="daily 02:00", department="370400-zz"))
    first = start(made)
    noticed(first, 2)
    assert first.stop() == 0
    set_clock(made, "2026-03-05 03:31")
    start(made)
    ran(made, "03:30")
    ran(made, "02:00", feed="other")
    assert (len(runs(made)), len(runs(made, "other"))) == (1, 1)


def test_an_outbound_feed_follows_each_run_of_the_inbound_one(
    made: Deployment, start: Start, simulated: SimulatedPlatform
) -> None:
    declare(made, out=made.outbound(simulated.url, after=["targets-in"]))
    service = start(made)
    noticed(service, 2)
    set_clock(made, "2026-03-02 10:05")
    until(lambda: planned(made, "out"), "the first run that follows")
    register(made.directory / "register.csv", company(1), company(2), company(3))
    set_clock(made, "2026-03-02 10:10")
    until(lambda: len(planned(made, "out")) == 2, "the second run that follows")
    assert simulated.times_taken() == Counter({(f"{uscc(number)}|uscc|enterprise|", number): 1 for number in (1, 2, 3)})
    assert service.figure('gateway_deliveries_total{feed="out",outcome="delivered"}') == 3


# ---------------------------------------------------------------------------------------------- stopping, killing


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_service_stops_at_once_and_gives_the_lease_back(
    made: Deployment, start: Start, number: signal.Signals
) -> None:
    declare(made)
    service = start(made)
    noticed(service)
    service.send(number)
    assert (service.ends(), made.query("SELECT * FROM leases")) == (0, [])
    assert service.log()[-1] == {**service.log()[-1], "event": "service.stopped", "handed_back": []}


class SlowPlatform:
    """A platform whose answers to deliveries wait until the gate is opened."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.gate = threading.Event()
        self.waiting = threading.Semaphore(0)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and not environ["PATH_INFO"].startswith("/_sandbox/"):
            self.waiting.release()
            self.gate.wait(60)
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[SlowPlatform, SimulatedPlatform]]:
    application = SlowPlatform(load_plugins().sandbox("shandong").open(tmp_path / "slow", {REQUESTER: SECRET}))
    with serve(application) as served:
        yield application, SimulatedPlatform(served.url)
        application.gate.set()


def deliveries(made: Deployment) -> Counter[str]:
    return Counter(status for (status,) in made.query("SELECT status FROM deliveries"))


def declare_sending(made: Deployment, url: str, companies: int) -> None:
    """Two documents that are sent one after the other as soon as the service makes up for what was missed."""
    register(made.directory / "register.csv", *(company(number) for number in range(companies)))
    outbound = made.outbound(url, schedule="every 5 minutes", parallel="1")
    outbound["destination"]["timeout_seconds"] = "60"
    made.declare(i=made.inbound("register.csv"), out=outbound)
    set_clock(made, "2026-03-02 10:00")
    made.run("i")


def test_stopping_while_sending_waits_for_the_answer_and_leaves_the_rest_to_the_next_start(
    on_either: Deployment, start: Start, slow: tuple[SlowPlatform, SimulatedPlatform]
) -> None:
    platform, simulated = slow
    declare_sending(on_either, simulated.url, 600)
    service = start(on_either)
    noticed(service)
    set_clock(on_either, "2026-03-02 10:05")
    assert platform.waiting.acquire(timeout=60)
    service.send(signal.SIGTERM)
    assert service.logged("scheduler.stopping")["under_way"] == ["out"]
    platform.gate.set()
    assert service.ends() == 0
    assert deliveries(on_either) == Counter(delivered=500, waiting=100)
    assert on_either.query("SELECT * FROM leases") == []
    start(on_either)
    ran(on_either, "10:05", feed="out")
    assert (deliveries(on_either), set(simulated.times_taken().values())) == (Counter(delivered=600), {1})


def test_a_service_killed_while_sending_is_continued_and_nothing_is_sent_twice(
    on_either: Deployment, start: Start, slow: tuple[SlowPlatform, SimulatedPlatform]
) -> None:
    platform, simulated = slow
    declare_sending(on_either, simulated.url, 600)
    service = start(on_either)
    noticed(service)
    set_clock(on_either, "2026-03-02 10:05")
    assert platform.waiting.acquire(timeout=60)
    service.kill()
    platform.gate.set()
    start(on_either)
    ran(on_either, "10:05", feed="out")
    assert (deliveries(on_either), set(simulated.times_taken().values())) == (Counter(delivered=600), {1})


@pytest.mark.parametrize(
    ("point", "statuses"),
    [
        ("run_started", ["failed", "succeeded"]),  # nothing was read whole: read anew
        ("spool_complete", ["succeeded", "succeeded"]),  # what was read whole is stored, then the source read again
        ("stored", ["succeeded"]),  # all was done but for saying so
    ],
)
def test_a_planned_run_that_was_killed_is_neither_lost_nor_done_twice(
    made: Deployment, start: Start, point: str, statuses: list[str]
) -> None:
    declare(made)
    service = start(made, "kill", point)
    noticed(service)
    set_clock(made, "2026-03-02 10:05")
    assert service.ends() == -signal.SIGKILL
    assert planned(made) == []
    again = start(made)
    until(lambda: made.query("SELECT count(*) FROM planned_runs WHERE status = 'running'") == [(0,)], "taken up")
    set_clock(made, "2026-03-02 10:10")
    ran(made, "10:05", "10:10")
    assert again.stop() == 0
    assert runs(made) == [*statuses, "succeeded"]


def test_a_run_that_does_not_come_to_its_end_is_handed_back_in_time(made: Deployment, start: Start) -> None:
    declare(made)
    service = start(made, "hang", "batch_spooled")
    noticed(service)
    set_clock(made, "2026-03-02 10:05")
    until(lambda: runs(made), "the run")
    assert service.stop() == 0
    assert service.logged("service.stopped")["handed_back"] == ["targets-in"]
    start(made)
    ran(made, "10:05")
    assert runs(made) == ["failed", "succeeded"]


def test_a_second_signal_does_not_wait(made: Deployment, start: Start) -> None:
    declare(made)
    service = start(made, "hang", "batch_spooled")
    noticed(service)
    set_clock(made, "2026-03-02 10:05")
    until(lambda: runs(made), "the run")
    service.send(signal.SIGTERM)
    service.send(signal.SIGINT)
    assert service.ends() == 0


# -------------------------------------------------------------------------------------------------- two services


def test_two_services_on_one_database_run_nothing_twice_and_the_other_takes_over_from_a_dead_one(
    on_either: Deployment, start: Start
) -> None:
    declare(on_either)
    one, other = start(on_either), start(on_either)
    leader = until(lambda: next((each for each in (one, other) if each.log("scheduler.started")), None), "a leader")
    standby = other if leader is one else one
    standby.logged("scheduler.standing_by")
    noticed(leader)
    for moment in ("10:05", "10:10"):
        set_clock(on_either, f"2026-03-02 {moment}")
        until(lambda expected=moment: planned(on_either)[-1:] == [expected], moment)
    roles = [each.figure("gateway_scheduler_lease") for each in (leader, standby)]
    assert (roles, standby.health(), standby.log("run.finished")) == ([1, 0], (200, []), [])
    leader.kill()
    set_clock(on_either, "2026-03-02 10:15")
    ran(on_either, "10:05", "10:10", "10:15")
    assert (runs(on_either), len(standby.log("run.finished"))) == (["succeeded"] * 3, 1)


def test_a_service_that_lost_its_lease_stops_scheduling_and_stands_by(made: Deployment, start: Start) -> None:
    declare(made)
    service = start(made)
    noticed(service)
    database = Database(made.database_url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE leases SET holder = 'elsewhere:1:abcd' WHERE name = 'scheduler'")
    set_clock(made, "2026-03-02 10:05")
    assert service.logged("scheduler.standing_by")["holder"] == "elsewhere:1:abcd"
    assert (planned(made), service.figure("gateway_scheduler_lease")) == ([], 0)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE leases SET expires_at = '2020-01-01T00:00:00.000000+00:00'")
    database.close()
    ran(made, "10:05")


def test_a_feed_that_somebody_runs_by_hand_is_run_after_that(made: Deployment, start: Start) -> None:
    declare(made)
    service = start(made)
    noticed(service)
    database = Database(made.database_url)
    with leases.hold(database, "feed:targets-in"):
        set_clock(made, "2026-03-02 10:05")
        service.logged("feed.busy", 2)
        assert (planned(made), runs(made)) == ([], [])
    database.close()
    ran(made, "10:05")


def test_a_database_that_goes_away_and_comes_back_is_said_and_waited_for(
    tmp_path: Path, start: Start, postgresql_url: str, postgresql_server: str
) -> None:
    (tmp_path / "deployment").mkdir()
    made = Deployment(tmp_path / "deployment", postgresql_url)
    declare(made)
    service = start(made)
    noticed(service)
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            set_clock(made, "2026-03-02 10:05")
            until(lambda: "service.no_database" in service.health()[1], "health")
            service.logged("feed.broken")
        finally:
            server.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    ran(made, "10:05")
    until(lambda: service.health() == (200, []), "health")
    assert service.stop() == 0


# ------------------------------------------------------------------------------------------ what is said of it all


def test_a_failed_feed_is_said_and_does_not_stop_the_others(made: Deployment, start: Start) -> None:
    declare(made, missing=made.inbound("missing.csv", schedule="every 5 minutes", department="370400-zz"))
    service = start(made)
    noticed(service, 2)
    set_clock(made, "2026-03-02 10:05")
    ran(made, "10:05")
    ran(made, "10:05", feed="missing")
    assert service.health() == (503, ["service.feed_failed"])
    assert service.figure('gateway_runs_total{feed="missing",status="failed"}') == 1
    assert service.figure('gateway_rows_total{feed="targets-in",outcome="accepted"}') == 2
    register(made.directory / "missing.csv", company(9))
    set_clock(made, "2026-03-02 10:10")
    until(lambda: service.health() == (200, []), "health")


def test_changed_feeds_count_at_once_and_wrong_ones_leave_those_of_before_in_force(
    made: Deployment, start: Start
) -> None:
    declare(made)
    service = start(made)
    noticed(service)
    new = made.directory / "config" / "feeds" / "new.yml"
    new.write_text("new: {direction: inbound, schedule: weekly}", encoding="utf-8")
    until(lambda: service.health() == (503, ["service.wrong_files"]), "health")
    set_clock(made, "2026-03-02 10:05")
    ran(made, "10:05")
    made.declare(new=made.inbound("register.csv", schedule="every minute", department="370400-zz"))
    # It may have looked while the file was being written, and read half of it before the whole.
    until(lambda: [each["scheduled"] for each in service.log("feeds.read")][-1:] == [2], "both feeds")
    until(lambda: service.health() == (200, []), "health")
    until(lambda: made.query("SELECT 1 FROM planned_runs WHERE feed = 'new'"), "the new feed")
    set_clock(made, "2026-03-02 10:06")
    ran(made, "10:06", feed="new")


def test_a_feed_whose_map_is_broken_runs_as_soon_as_it_is_mended(made: Deployment, start: Start) -> None:
    county_register(made.directory / "county.csv", (1, "甲", "1"))
    broken = county_map(made.directory, "map: [")
    made.declare(county=made.inbound("county.csv", map=broken, schedule="every hour"))
    set_clock(made, "2026-03-02 10:00")
    service = start(made)
    noticed(service)
    set_clock(made, "2026-03-02 11:00")
    until(lambda: service.health() == (503, ["service.feed_broken"]), "health")
    county_map(made.directory, COUNTY)
    ran(made, "11:00", feed="county")
    assert service.health() == (200, [])


def test_the_log_is_json_and_tells_nothing_of_rows_and_secrets(
    made: Deployment, start: Start, simulated: SimulatedPlatform
) -> None:
    declare(made, out=made.outbound(simulated.url, after=["targets-in"]))
    rows = [company(1, "枣庄甲商贸"), company(2, 法人代表="张三丰", 注册日期="1998-02-30"), company(3, 企业类型="奇特")]
    register(made.directory / "register.csv", *rows)
    simulated.fail("500", times=50)
    service = start(made)
    noticed(service, 2)
    set_clock(made, "2026-03-02 10:05")
    service.logged("run.finished", 2)
    assert service.stop() == 0
    text = service.log_file.read_text(encoding="utf-8")
    assert {type(json.loads(line)) for line in text.splitlines()} == {dict}
    said = ["枣庄", "张三丰", "1998-02-30", "奇特", SECRET, *(uscc(number) for number in (1, 2, 3))]
    assert [each for each in said if each in text] == []
    first = service.log("run.finished")[0]
    assert {**first, "seconds": 0, "timestamp": ""} == {
        "event": "run.finished",
        "level": "info",
        "feed": "targets-in",
        "run": 1,
        "planned_for": "2026-03-02T10:05:00+08:00",
        "status": "with_issues",
        "read": 3,
        "accepted": first["accepted"],
        "records": first["records"],
        **({"rejected": first["rejected"]} if "rejected" in first else {}),
        **({"held": first["held"]} if "held" in first else {}),
        "seconds": 0,
        "timestamp": "",
    }


def test_other_pages_are_not_there(made: Deployment, start: Start) -> None:
    declare(made)
    assert start(made).page("")[0] == 404


# -------------------------------------------------------------------------------------------------- the command


def command(made: Deployment, *options: str) -> dict[str, tuple[str, ...]]:
    return {"command": (sys.executable, "-m", "gateway", "serve", "--dir", str(made.directory), *options)}


def test_the_command_serves_on_loopback_until_it_is_told_to_stop(made: Deployment, start: Start) -> None:
    declare(made)
    service = start(made, **command(made, "--port", "0"))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", service.logged("service.listening")["url"])
    service.logged("scheduler.started")
    assert (service.health(), service.figure("gateway_scheduler_lease")) == ((200, []), 1)
    assert service.stop() == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "缺省只能在本机回环地址提供，不能在“0.0.0.0”上提供"),
        (["--host", "192.0.2.1", "--allow-network"], "监控页面不能使用 192.0.2.1 的端口"),
        (["--port", "70000"], "--port 的值“70000”不是 0 到 65535 的整数"),
    ],
)
def test_a_place_where_the_pages_cannot_be_served_is_refused(
    made: Deployment, start: Start, options: list[str], said: str
) -> None:
    declare(made)
    service = start(made, **command(made, *options))
    assert (service.ends(), said in service.log_file.read_text(encoding="utf-8")) == (2, True)


def test_feeds_that_are_declared_wrong_stop_the_start(made: Deployment, start: Start) -> None:
    made.declare(i=made.inbound("register.csv", schedule="0 2 * * 1"))
    service = start(made, **command(made, "--port", "0"))
    assert service.ends() == 2
    assert "星期不能写成数字（1）" in service.log_file.read_text(encoding="utf-8")
