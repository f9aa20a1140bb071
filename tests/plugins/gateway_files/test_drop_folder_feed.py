"""A feed over a drop folder, as a deployment runs it: killed anywhere, every file is stored once and ends in `done`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app import opened
from gateway.cli.application import run_command
from gateway.errors import StartError
from gateway.operations.check import check_feed
from gateway.pipeline.progress import Point
from gateway.pipeline.run_report import RunReport
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment, register

KILLED = Path(__file__).parents[2] / "integration" / "killed_run.py"
COMPANIES = {"甲": "91370401000000001T", "乙": "91370402000000002C"}


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    made = Deployment(tmp_path / "deployment", f"sqlite:///{tmp_path / 'gateway.db'}")
    (made.directory / "in").mkdir(parents=True)
    dropped = {"folder": "in", "pattern": "*.csv", "ready": {"stable_seconds": "0"}}
    made.declare(targets=made.inbound("", source={"type": "csv", "drop_folder": dropped}, reads="changes"))
    return made


def put(deployment: Deployment, name: str, *companies: str) -> Path:
    rows = [{"企业名称": each, "统一社会信用代码": COMPANIES[each]} for each in companies]
    return register(deployment.directory / "in" / name, *rows)


def run(deployment: Deployment) -> RunReport:
    (report,) = deployment.run("targets")
    return report


@pytest.fixture
def command(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], tuple[int, list[dict[str, Any]]]]:
    """`gateway run`, as an operator says it: its exit code, and a report a run."""
    for name, value in deployment.environ.items():
        monkeypatch.setenv(name, value)

    def ran() -> tuple[int, list[dict[str, Any]]]:
        code = run_command(["run", "targets", "--json", "--dir", str(deployment.directory)])
        return code, json.loads(capsys.readouterr().out)

    return ran


def stored(deployment: Deployment) -> list[str]:
    return [name for (name,) in deployment.query("SELECT name FROM inspection_targets ORDER BY name")]


def lying(deployment: Deployment) -> list[str]:
    folder = deployment.directory / "in"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv"))


def test_files_are_stored_once_whatever_they_are_called(deployment: Deployment) -> None:
    put(deployment, "1.csv", "甲")
    assert run(deployment).counts.accepted == 1
    put(deployment, "2.csv", "甲")
    put(deployment, "1.csv", "甲", "乙")
    more, again = run(deployment), run(deployment)
    assert (more.status, more.counts.accepted, more.counts.unchanged) == ("succeeded", 1, 1)
    assert (again.status, again.counts.read, again.counts.left_out) == ("succeeded", 0, 1)
    assert stored(deployment) == ["乙", "甲"]
    assert lying(deployment) == ["done/1.csv", "done/1~2.csv", "done/2.csv"]


def test_days_that_wait_together_are_stored_day_by_day(deployment: Deployment, command: Any) -> None:
    """A weekend of daily snapshots: the same keys three times, of which nothing is held."""
    for day, name in (("1121", "周六"), ("1122", "周日"), ("1123", "周一")):
        rows = [{"企业名称": f"{each}{name}", "统一社会信用代码": code} for each, code in COMPANIES.items()]
        register(deployment.directory / "in" / f"{day}.csv", *rows)
    code, reports = command()
    assert code == 0
    assert [(each["status"], each["accepted"], each["held"]) for each in reports] == [("succeeded", 2, 0)] * 3
    assert stored(deployment) == ["乙周一", "甲周一"]
    assert lying(deployment) == ["done/1121.csv", "done/1122.csv", "done/1123.csv"]


def test_a_file_that_fails_does_not_keep_the_next_ones_waiting(deployment: Deployment, command: Any) -> None:
    (deployment.directory / "in" / "1.csv").write_text("名称\n甲\n")
    put(deployment, "2.csv", "乙")
    code, reports = command()
    assert (code, [each["status"] for each in reports]) == (1, ["failed", "succeeded"])
    assert lying(deployment) == ["done/2.csv", "failed/1.csv"]


def test_a_folder_without_files_is_a_run_without_rows(deployment: Deployment) -> None:
    put(deployment, "1.csv", "甲")
    run(deployment)
    report = run(deployment)
    assert (report.status, report.counts.read, report.counts.withdrawn) == ("succeeded", 0, 0)
    assert stored(deployment) == ["甲"]


def test_a_check_of_a_folder_without_files_finds_nothing_wrong(deployment: Deployment) -> None:
    with opened(load_settings(deployment.directory, deployment.environ), load_plugins()) as gateway:
        found = check_feed(gateway, "targets", gateway.feeds["targets"])
    assert [each.message.code for each in found.remarks] == ["drop_folder.nothing_ready"]
    assert found.problems == []


def test_a_feed_that_would_read_everything_again_is_refused(deployment: Deployment) -> None:
    source = {"type": "csv", "drop_folder": {"folder": "in", "pattern": "*.csv", "ready": {"stable_seconds": "0"}}}
    deployment.declare(targets=deployment.inbound("", source=source, reads="everything"))
    with pytest.raises(StartError, match="write reads: changes"):
        run(deployment)


def test_a_file_without_its_required_column_goes_to_failed_and_the_next_one_is_stored(deployment: Deployment) -> None:
    (deployment.directory / "in" / "1.csv").write_text("名称\n甲\n")
    put(deployment, "2.csv", "乙")
    first, second = run(deployment), run(deployment)
    assert [first.status, second.status] == ["failed", "succeeded"]
    assert (stored(deployment), lying(deployment)) == (["乙"], ["done/2.csv", "failed/1.csv"])


@pytest.mark.parametrize("point", [Point.BATCH_SPOOLED, Point.SPOOL_COMPLETE, Point.STORED])
def test_a_run_killed_anywhere_ends_like_an_undisturbed_one(deployment: Deployment, point: Point) -> None:
    put(deployment, "1.csv", "甲")
    put(deployment, "2.csv", "乙")
    command = [sys.executable, str(KILLED), str(deployment.directory), point.value, "targets"]
    killed = subprocess.run(command, env={**os.environ, **deployment.environ}, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert [run(deployment).error for _ in range(2)] == [None, None]
    assert (stored(deployment), lying(deployment)) == (["乙", "甲"], ["done/1.csv", "done/2.csv"])
    assert deployment.query("SELECT operation, COUNT(*) FROM inspection_targets GROUP BY operation") == [("insert", 2)]
