"""kill −9 at every named point between row and receipt: the next run ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.identifiers import check_character_uscc
from gateway.pipeline.progress import Point
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from tests.companies import COUNTY, COUNTY_MAP, county_map, county_register
from tests.deployment import REQUESTER, SECRET, Deployment, register

ROWS = 1200  # several documents of 500
ROUNDS = (50, 80)  # the capital of some companies: the second round replaces versions


def uscc(number: int) -> str:
    start = f"9137040{number % 10}{number:09}"[:17]
    return start + check_character_uscc(start)


def write_register(path: Path, capital: int) -> Path:
    rows = [{"统一社会信用代码": uscc(number), "企业名称": f"企业{number}"} for number in range(ROWS)]
    rows[3]["注册日期"] = "1998-02-30"
    rows[5]["企业类型"] = "从未见过的类型"
    for row in rows[7:20]:
        row["注册资金"] = f"{capital}(万元人民币)"
    return register(path, *rows)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[str]:
    offer = load_plugins().sandbox("shandong")
    with serve(offer.open(tmp_path / "platform", {REQUESTER: SECRET})) as served:
        yield served.url


def deployment(directory: Path, url: str, platform: str) -> Deployment:
    directory.mkdir()
    made = Deployment(directory, url)
    made.declare(targets_in=made.inbound("register.csv"), targets_out=made.outbound(platform))
    return made


def outcome(made: Deployment) -> dict[str, Any]:
    """What must not depend on how often a process was killed; runs and times are left out."""
    return {
        "records": sorted(
            made.query("SELECT record_key, digest, change_number, operation, withdrawn FROM inspection_targets")
        ),
        "replaced": sorted(made.query("SELECT record_key, digest, change_number FROM inspection_targets_history")),
        "issues": sorted(made.query("SELECT identity, outcome, status FROM issues")),
        "deliveries": sorted(made.query("SELECT record_key, change_number, status FROM deliveries")),
        "documents": sorted(made.query("SELECT idempotency_key, status FROM documents")),
    }


def effects(platform: str) -> Counter[tuple[str, int]]:
    with urllib.request.urlopen(f"{platform}/_sandbox/effects") as answer:
        listed = json.load(answer)
    return Counter((key, int(version)) for key, version, _ in listed["effects"])


def kill_at(made: Deployment, point: Point) -> None:
    script = Path(__file__).with_name("killed_run.py")
    command = [sys.executable, str(script), str(made.directory), point.value, "targets-in", "targets-out"]
    process = subprocess.run(command, env={**os.environ, **made.environ}, capture_output=True, check=False)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the exchange and the outbox hold after each round when nothing happens."""
    folder = tmp_path_factory.mktemp("undisturbed")
    offer = load_plugins().sandbox("shandong")
    outcomes = []
    with serve(offer.open(folder / "platform", {REQUESTER: SECRET})) as served:
        made = deployment(folder / "made", f"sqlite:///{folder / 'gateway.db'}", served.url)
        for capital in ROUNDS:
            write_register(made.directory / "register.csv", capital)
            made.run("targets-in", "targets-out")
            outcomes.append(outcome(made))
    return outcomes


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("point", list(Point))
def test_a_run_killed_anywhere_ends_like_an_undisturbed_one(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    platform: str,
    undisturbed: list[dict[str, Any]],
    kind: str,
    point: Point,
) -> None:
    url = f"sqlite:///{tmp_path / 'killed.db'}" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    killed = deployment(tmp_path / "killed", url, platform)
    for capital, expected in zip(ROUNDS, undisturbed, strict=True):
        write_register(killed.directory / "register.csv", capital)
        kill_at(killed, point)
        killed.run("targets-in", "targets-out")
        assert outcome(killed) == expected
    taken = effects(platform)
    assert set(taken.values()) == {1}
    assert set(taken) == {(key, number) for key, number, _ in outcome(killed)["deliveries"]}


def test_a_run_that_is_resumed_writes_what_its_map_says_by_then(tmp_path: Path) -> None:
    """A first load keeps the records that it judged; those of another map are not taken for its own."""
    made = Deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    county_register(tmp_path / "i.csv", (1, "甲", ""))
    county_register(tmp_path / "j.csv", (2, "乙", ""))
    made.declare(i=made.inbound("i.csv", map=county_map(tmp_path)))
    made.declare(j=made.inbound("j.csv", map=county_map(tmp_path, COUNTY.replace(COUNTY_MAP, "county/j"), "county/j")))
    script = Path(__file__).with_name("killed_run.py")
    command = [sys.executable, str(script), str(tmp_path), Point.STORING.value, "i"]
    killed = subprocess.run(command, env={**os.environ, **made.environ}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    made.run("j")
    county_map(tmp_path, COUNTY.replace("name: {from: 名称", "name: {from: 省份"))
    made.run("i")
    assert made.query("SELECT name, run FROM inspection_targets ORDER BY run") == [("山东", 1), ("乙", 2)]
