"""A tap as a feed: it goes on where the last stored run ended, and a tap that fails leaves everything as it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.companies import county_map, uscc
from tests.deployment import Deployment

TAP = [sys.executable, str(Path(__file__).with_name("a_tap.py"))]


def company(number: int, moment: str) -> dict[str, Any]:
    return {
        "代码": uscc(number),
        "名称": f"企业{number}",
        "类别": "企业",
        "省份": "山东",
        "版本": "",
        "updated_at": moment,
    }


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    made = Deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    name = county_map(made.directory)
    with (made.directory / "mappings" / f"{name}.yml").open("a", encoding="utf-8") as file:
        file.write("ignore: {updated_at: 只用于增量}\n")
    declare(made)
    return made


def declare(made: Deployment, **config: str) -> None:
    source = {"type": "singer", "command": TAP, "config": {"rows": "rows.json", **config}, "stream": "companies"}
    made.declare(
        companies={
            "direction": "inbound",
            "dataset": "inspection_targets",
            "department": "CX-SCJG",
            "map": "county/targets",
            "reads": "changes",
            "source": source,
        }
    )


def give(made: Deployment, *rows: dict[str, Any]) -> None:
    (made.directory / "rows.json").write_text(json.dumps({"companies": rows}), encoding="utf-8")


def test_each_run_goes_on_after_the_state_of_the_last(made: Deployment) -> None:
    rows = [company(1, "2026-01-01"), company(2, "2026-01-02")]
    give(made, *rows)
    counts = [made.run("companies")[0].counts for _ in range(2)]
    assert [(each.read, each.accepted) for each in counts] == [(2, 2), (0, 0)]
    give(made, *rows, company(3, "2026-01-03"))
    (report,) = made.run("companies")
    assert (report.status, report.counts.read, report.counts.accepted) == ("succeeded", 1, 1)
    assert len(made.query("SELECT * FROM inspection_targets WHERE withdrawn = 0")) == 3


def test_a_tap_that_fails_stores_nothing_and_its_state_is_not_kept(made: Deployment) -> None:
    lines = [
        {"type": "SCHEMA", "stream": "companies", "schema": {"properties": {name: {} for name in company(1, "")}}},
        {"type": "RECORD", "stream": "companies", "record": company(1, "2026-01-01")},
        {"type": "STATE", "value": {"bookmarks": {"companies": "2026-01-01"}}},
    ]
    (made.directory / "say").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    give(made, company(1, "2026-01-01"))
    source = {"command": TAP, "stream": "companies", "config": {"say": "say", "exit": "1"}, "select": "nothing"}
    feed = json.loads((made.directory / "config/feeds/companies.yml").read_text(encoding="utf-8"))["companies"]
    made.declare(companies={**feed, "source": {"type": "singer", **source}})
    (failed,) = made.run("companies")
    assert failed.error is not None
    assert (failed.error.message.code, made.query("SELECT count(*) FROM inspection_targets")) == (
        "singer.failed",
        [(0,)],
    )
    declare(made)
    assert made.run("companies")[0].counts.accepted == 1
