"""What the service says of itself: one JSON object a line, figures and health, and nothing that a row says."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import RunError, StartError
from gateway.messages import Message
from gateway.pipeline.run_report import Counts, RunReport
from gateway.service.health import FEED_BROKEN, FEED_FAILED, WRONG_FILES, Health
from gateway.service.log import json_log, take_in, told_with_place
from gateway.service.metrics import Metrics
from gateway.service.monitoring import served
from gateway.state import outbox
from gateway.state.database import Database
from gateway.state.outbox import Address

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SECRETIVE = Message("test.secretive", zh="值 {value}", en="value {value}")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def health(database: Database) -> Health:
    return Health(database, lambda: NOON)


@pytest.fixture
def metrics(database: Database) -> Metrics:
    return Metrics(database, lambda: ["a"])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_log_line_is_one_json_object_with_its_moment_in_utc() -> None:
    stream = io.StringIO()
    json_log(stream).info("run.finished", feed="名录\n一", read=3)
    (line,) = lines(stream)
    assert dt.datetime.fromisoformat(line.pop("timestamp")).utcoffset() == dt.timedelta(0)
    assert line == {"event": "run.finished", "level": "info", "feed": "名录\n一", "read": 3}


def test_an_error_is_told_by_its_code_or_by_its_kind_and_place_and_never_by_its_values() -> None:
    try:
        read = {}["370404198001011234"]
    except KeyError as error:
        told = told_with_place(error)
        assert (told["error"], told["at"].partition(":")[0]) == ("KeyError", "test_watching.py")
    else:
        pytest.fail(read)
    assert told_with_place(RunError(SECRETIVE, value="370404198001011234")) == {"error": "test.secretive"}


def test_a_warning_of_a_library_stands_in_the_log_without_its_values() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        take_in(json_log(stream))
        logging.getLogger("lib").warning("no answer for %s", "370404198001011234")
        logging.getLogger("lib").info("not worth a line")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    (line,) = lines(stream)
    assert (line["library"], line["said"], line["level"]) == ("lib", "no answer for %s", "warning")


def test_health_is_what_is_wrong_until_it_is_put_right(health: Health) -> None:
    health.looked()
    health.trouble("a", FEED_BROKEN, feed="a", reason_code="x", seconds=5)
    health.trouble("a", FEED_FAILED, feed="a", reason_code="source.gone", run=7)
    well, page = health.page()
    assert (well, page["status"], page["role"], page["at"]) == (False, "degraded", "scheduler", NOON.isoformat())
    assert page["reasons"] == [
        {
            "code": "service.feed_failed",
            "feed": "a",
            "reason_code": "source.gone",
            "run": 7,
            "zh": "数据流“a”最近一次运行（7）失败（source.gone）；可用 gateway runs --feed a 查看原因",
            "en": "the last run (7) of feed 'a' failed (source.gone); gateway runs --feed a shows why",
        }
    ]
    health.well("a")
    assert health.page()[0]


def test_one_that_stands_by_leaves_the_feeds_to_the_scheduler(health: Health) -> None:
    health.looked()
    health.trouble("a", FEED_FAILED, feed="a", reason_code="x", run=7)
    health.trouble("files", WRONG_FILES, reason_code="y")
    health.stands_by()
    well, page = health.page()
    reasons = page["reasons"]
    assert isinstance(reasons, list)
    assert (well, page["role"], [each["code"] for each in reasons]) == (False, "standby", ["service.wrong_files"])


def test_a_scheduler_that_looks_no_more_is_not_well(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    health.looked()
    monkeypatch.setattr("gateway.service.health._STALLED_AFTER", 0.0)
    assert "已" in str(health.page()[1]["reasons"])


def test_figures_count_what_runs_report(metrics: Metrics, database: Database) -> None:
    report = RunReport(feed="a", run=1, status="with_issues", counts=Counts(read=3, accepted=2, rejected=1), seconds=2)
    metrics.ran(report, NOON)
    metrics.ran(RunReport(feed="a", run=2, status="failed", counts=Counts(), seconds=1), NOON + dt.timedelta(1))
    metrics.scheduling(held=True)
    with database.write() as connection:
        outbox.add_document(connection, Address("a", "d", "s", "p", "rehearsal"), 1, "key", 1, b"")
    said = dict(line.rsplit(" ", 1) for line in metrics.page().decode().splitlines() if not line.startswith("#"))
    expected = {
        'gateway_runs_total{feed="a",status="with_issues"}': "1.0",
        'gateway_runs_total{feed="a",status="failed"}': "1.0",
        'gateway_rows_total{feed="a",outcome="accepted"}': "2.0",
        'gateway_rows_total{feed="a",outcome="rejected"}': "1.0",
        'gateway_run_seconds_sum{feed="a"}': "3.0",
        'gateway_last_success_timestamp_seconds{feed="a"}': str(NOON.timestamp()),
        "gateway_scheduler_lease": "1.0",
        'gateway_outbox_documents{feed="a",status="waiting"}': "1.0",
    }
    assert {name: float(said[name]) for name in expected} == {name: float(value) for name, value in expected.items()}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_pages_are_served_on_loopback(metrics: Metrics, health: Health, host: str) -> None:
    with (
        served(host, 0, metrics, health, allow_network=False) as url,
        urllib.request.urlopen(f"{url}/health") as answer,
    ):
        assert (answer.status, json.load(answer)["status"]) == (200, "ok")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_the_pages_are_not_served_elsewhere_unless_that_is_allowed(metrics: Metrics, health: Health, host: str) -> None:
    with (
        pytest.raises(StartError, match="are served on a loopback address"),
        served(host, 0, metrics, health, allow_network=False),
    ):
        pass


def test_a_port_that_is_taken_is_named(metrics: Metrics, health: Health) -> None:
    with served("127.0.0.1", 0, metrics, health, allow_network=False) as url:
        port = int(url.rpartition(":")[2])
        with (
            pytest.raises(StartError, match=f"cannot use port {port}"),
            served("127.0.0.1", port, metrics, health, allow_network=False),
        ):
            pass
