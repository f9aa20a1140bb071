"""A vendor's interface through the whole inbound path: news is stored once, the same records as from a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline.run_report import RunReport
from tests.deployment import REGISTRY_MAP, Deployment
from tests.plugins.gateway_rest.vendor import Asked, Said, Vendor, declared, served

TARGETS = """\
map: tests/targets
dataset: inspection_targets
fields:
  identifier: {from: code}
  identifier_scheme: {constant: local}
  kind: {constant: project}
  name: {from: name}
ignore: {at: 增量读取用的更新时间}
"""
PAGE = {"type": "page", "page": "p", "page_size_name": "n", "page_size": "2"}


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    folder = tmp_path / "deployment" / "mappings" / "tests"
    folder.mkdir(parents=True)
    (folder / "targets.yml").write_text(TARGETS, encoding="utf-8")
    return Deployment(tmp_path / "deployment", f"sqlite:///{tmp_path / 'gateway.db'}")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor(lambda _: {"rows": []})) as vendor:
        yield vendor


def counted(report: RunReport) -> tuple[str, int, int, int, int]:
    counts = report.counts
    return report.status, counts.read, counts.accepted, counts.unchanged, counts.rejected


def holds(vendor: Vendor, *rows: tuple[str, str, str | None]) -> None:
    """A vendor that gives the rows from `since` on, in pages."""

    def answer(asked: Asked) -> Any:
        found = [
            {"code": code, "name": name, "at": at}
            for code, name, at in rows
            if (at or "~") >= asked.query.get("since", "")
        ]
        start = 2 * (int(asked.query["p"]) - 1)
        return {"rows": found[start : start + 2], "total": len(found)}

    vendor.answer = answer


def test_an_incremental_feed_reads_what_is_new_and_late_and_stores_it_once(made: Deployment, vendor: Vendor) -> None:
    cursor = {"field": "at", "ask": "since", "look_back": "1 hour"}
    paging = {"pagination": PAGE, "total": "total", "columns": ["code", "name", "at"], "cursor": cursor}
    source = {"type": "rest", **declared(url=vendor.url, **paging)}
    made.declare(vendor=made.inbound("", source=source, map="tests/targets", reads="changes"))
    first = [("1", "甲", "2026-03-01 08:00:00"), ("2", "乙", "2026-03-01 10:00:00"), ("3", "丙", None)]
    holds(vendor, *first)
    assert counted(made.run("vendor")[0]) == ("with_issues", 3, 2, 0, 1)
    late, changed = ("4", "丁", "2026-03-01 09:30:00"), ("2", "乙二", "2026-03-01 11:00:00")
    holds(vendor, first[0], changed, late)
    assert counted(made.run("vendor")[0])[1:] == (2, 2, 0, 0)
    assert counted(made.run("vendor")[0])[1:] == (1, 0, 1, 0)
    asked = [each.query.get("since") for each in vendor.asked if each.query["p"] == "1"]
    # The first walk has two pages, so that its start is asked for again.
    assert asked == [None, None, "2026-03-01 09:00:00", "2026-03-01 10:00:00"]
    stored = made.query("SELECT identifier, name FROM inspection_targets WHERE withdrawn = 0 ORDER BY identifier")
    assert stored == [("1", "甲"), ("2", "乙二"), ("4", "丁")]


def test_a_run_whose_walk_breaks_off_stores_nothing_and_is_read_again(made: Deployment, vendor: Vendor) -> None:
    cursor = {"field": "at", "ask": "since", "look_back": "1 hour"}
    paging = {"pagination": PAGE, "total": "total", "columns": ["code", "name", "at"], "cursor": cursor}
    source = {"type": "rest", **declared(url=vendor.url, **paging)}
    made.declare(vendor=made.inbound("", source=source, map="tests/targets", reads="changes"))
    holds(vendor, *((str(number), "甲", f"2026-03-0{number}") for number in range(1, 6)))
    whole = vendor.answer
    vendor.answer = lambda asked: Said({}, "500 Broken") if asked.query["p"] == "3" else whole(asked)
    assert made.run("vendor")[0].status == "failed"
    assert made.query("SELECT identifier FROM inspection_targets") == []
    vendor.answer = whole
    assert counted(made.run("vendor")[0]) == ("succeeded", 5, 5, 0, 0)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_the_real_registrations_are_the_same_records_from_a_file_and_by_rest(
    made: Deployment, vendor: Vendor, registry_folder: Path, charset: str
) -> None:
    file = min(registry_folder.glob("*.csv"), key=lambda path: path.stat().st_size)
    with file.open(encoding="utf-8", newline="") as lines:
        columns, *cells = csv.reader(lines)
    rows = [dict(zip(columns, each, strict=True)) for each in cells if len(each) == len(columns)]

    def answer(asked: Asked) -> Any:
        start = int(asked.query["from"])
        body = json.dumps({"rows": rows[start : start + 1000]}, ensure_ascii=False).encode(charset)
        return Said(body, content_type=f"application/json; charset={charset}")

    vendor.answer = answer
    paging = {"pagination": {"type": "offset", "offset": "from", "page_size": "1000"}, "columns": columns}
    by_rest = {"type": "rest", **declared(url=vendor.url, **paging)}
    made.declare(vendor=made.inbound("", source=by_rest, map=REGISTRY_MAP))
    made.declare(file=made.inbound(file, map=REGISTRY_MAP))
    (report,) = made.run("vendor")
    found = made.query("SELECT record_key, digest FROM inspection_targets WHERE withdrawn = 0 ORDER BY record_key")
    other = Deployment(made.directory, made.database_url.replace("gateway.db", "other.db"))
    (expected,) = other.run("file")
    assert found == other.query(
        "SELECT record_key, digest FROM inspection_targets WHERE withdrawn = 0 ORDER BY record_key"
    )
    assert len(found) > 1000
    assert report.counts.accepted == expected.counts.accepted
