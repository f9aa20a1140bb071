"""The installed command: from a terminal, by its module, and interrupted."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from gateway.operations.demo_deployment import set_up
from gateway.operations.demo_inspection import point_feeds

GATEWAY = Path(sys.executable).parent / "gateway"


def _environ(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**clean, "COLUMNS": "80", **more}


def _run(command: list[str | Path], cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env=_environ(**environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    set_up(tmp_path / "demo", None)
    return tmp_path / "demo"


def test_the_module_is_the_command(tmp_path: Path) -> None:
    said = [_run([*start, "--help"], tmp_path).stdout for start in ([GATEWAY], [sys.executable, "-m", "gateway"])]
    assert said[0] == said[1]
    assert "用法：gateway" in said[0]


def test_json_reaches_a_program_whatever_the_locale(deployment: Path) -> None:
    done = _run([GATEWAY, "run", "market-regulation", "--json"], deployment, LC_ALL="C", LANG="C")
    (row,) = json.loads(done.stdout)
    assert (done.returncode, row["read"], row["rejected"], done.stderr) == (3, 300, 9, "")


def test_a_terminal_without_chinese_does_not_end_a_command(deployment: Path) -> None:
    done = subprocess.run(
        [str(GATEWAY), "run", "departments"],
        cwd=deployment,
        env=_environ(PYTHONIOENCODING="ascii", PYTHONUTF8="0"),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, b"departments" in done.stdout, b"Traceback" in done.stderr) == (3, True, False)


def test_the_sandbox_serves_until_it_is_interrupted_and_takes_what_is_sent(deployment: Path) -> None:
    _run([GATEWAY, "run", "departments"], deployment)
    serving = subprocess.Popen(
        [str(GATEWAY), "sandbox", "shandong", "--port", "0"],
        cwd=deployment,
        env=_environ(COLUMNS="200"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert serving.stdout is not None
        said = serving.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, said
        point_feeds(deployment, {"shandong": found[0]})
        done = _run([GATEWAY, "run", "shandong-departments", "--json"], deployment)
        with urllib.request.urlopen(f"{found[0]}/_sandbox/effects") as answer:
            taken = len(json.load(answer)["effects"])
    finally:
        serving.send_signal(signal.SIGINT)
        out, err = serving.communicate(timeout=20)
    (row,) = json.loads(done.stdout)
    assert (row["delivered"], taken, done.returncode) == (11, 11, 0)
    assert (serving.returncode, "Traceback" in out + err) == (0, False)


def test_a_production_deployment_serves_no_sandbox(deployment: Path) -> None:
    done = _run([GATEWAY, "sandbox", "shandong"], deployment, GATEWAY_ENVIRONMENT="production")
    assert (done.returncode, "production" in done.stderr) == (2, True)
    assert not (deployment / "sandboxes").exists()


def test_a_reader_that_goes_away_is_no_error(deployment: Path) -> None:
    _run([GATEWAY, "run", "market-regulation"], deployment)
    done = subprocess.run(
        f"'{GATEWAY}' issues --json --closed | head -c 10",
        shell=True,
        cwd=deployment,
        env=_environ(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
