"""One whole inspection over a socket: registries up, lists down, results up, and everything comes back as it went."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import ClassVar

import pytest

from gateway.domain.datasets import DATASETS
from tests.deployment import PROFILE, Deployment
from tests.integration.inspecting_department import Department, Province
from tests.integration.inspection_contract import InspectionContract
from tests.simulated_platform import SimulatedPlatform

SHANDONG = Province(
    profile=PROFILE,
    region="370400",
    sent={
        "departments": ("/sjjh/bm/list", "BM"),
        "inspection_items": ("/sjjh/jcsx/list", "JCSX"),
        "inspectors": ("/sjjh/zfry/list", "ZFRY"),
        "inspection_targets": ("/sjjh/jcdx/list", "JCDX"),
        "inspection_results": ("/sjjh/jcjg/list", "JCJG"),
        "inspection_result_items": ("/sjjh/jcjgmx/list", "JCJGMX"),
        "evidence_files": ("/sjjh/zjcl/list", "ZJCL"),
    },
    pulled={
        "inspection_tasks": ("/sjjh/rw/query", "RW"),
        "drawn_targets": ("/sjjh/cqmd/query", "CQMD"),
        "inspector_assignments": ("/sjjh/rypp/query", "RYPP"),
    },
    question=("sjlx", "gsbb", "bmbm", "ym", "mytj"),
    between=",",
    total="data.zs",
    rows="data.jglb",
    usual={"inspection_targets": {"province": "山东", "region_code": "370402", "region_name": "枣庄"}},
    kept_back={
        "inspectors": frozenset({"resident_id"}),
        "evidence_files": frozenset({"place", "media_type", "size", "taken_at", "keep_until"}),
    },
)


# Tables as a department's own system might have them, and the keys of each.
OWN_TABLES = """
CREATE TABLE rw (rwbh TEXT PRIMARY KEY, rwmc TEXT NOT NULL, jhbh TEXT, cclx TEXT, ksrq TEXT, jsrq TEXT, qtbm TEXT,
    cybm TEXT, sxbm TEXT, cqs INTEGER, rwzt TEXT);
CREATE TABLE cqmd (rwbh TEXT, bslx TEXT, bs TEXT, lb TEXT, xkbq TEXT, mc TEXT, qhdm TEXT, zs TEXT, cqsj TEXT, pfsj TEXT,
    hbrw TEXT, PRIMARY KEY (rwbh, bslx, bs, lb, xkbq));
"""
OWN = (("inspection_tasks", "rw", ["rwbh"]), ("drawn_targets", "cqmd", ["rwbh", "bslx", "bs", "lb", "xkbq"]))


@pytest.fixture
def department(on_either: Deployment, simulated: SimulatedPlatform) -> Department:
    return Department(on_either, simulated, SHANDONG)


def test_registries_go_up_lists_come_down_and_results_go_up(department: Department) -> None:
    department.registries_up()
    department.task("lock", "dispatch", "match")
    pulled = department.pull_down()
    assert {feed: counts.accepted for feed, counts in pulled.items()} == {
        "pull_inspection_tasks": 1,
        "pull_drawn_targets": 4,
        "pull_inspector_assignments": 8,
    }
    department.inspect("A1", "A2")
    done = department.both_ways(SHANDONG.results)
    assert {feed: (counts.accepted, counts.delivered) for feed, counts in done.items()} == {
        "in_inspection_results": (4, 0),
        "out_inspection_results": (0, 4),
        "in_inspection_result_items": (8, 0),
        "out_inspection_result_items": (0, 8),
        "in_evidence_files": (4, 0),
        "out_evidence_files": (0, 4),
    }
    assert department.made.query("SELECT code FROM issues WHERE outcome <> 'note'") == []


def test_tasks_and_lists_reach_the_departments_own_database(department: Department) -> None:
    own = department.made.directory / "own.db"
    with closing(sqlite3.connect(own)) as database:
        database.executescript(OWN_TABLES)
    for dataset, table, keys in OWN:
        destination = {"name": "own", "type": "sql", "url": "sqlite:///own.db", "table": table, "keys": keys}
        profile = "departments/demo/market_regulation_tables/2026-01"
        department.made.declare(
            **{
                f"own_{dataset}": department.made.outbound(
                    "", dataset=dataset, profile=profile, destination=destination
                )
            }
        )
    department.registries_up(10)
    task = department.task("lock", "dispatch")
    department.pull_down()
    for delivered in (True, False):
        done = department.run(*(f"own_{dataset}" for dataset, _, _ in OWN))
        assert [counts.delivered for counts in done.values()] == ([1, 2] if delivered else [0, 0])
    with closing(sqlite3.connect(own)) as database:
        assert database.execute("SELECT rwbh, ksrq, cqs, rwzt FROM rw").fetchall() == [
            (task, "2026-03-02", 2, "dispatched")
        ]
        names = database.execute("SELECT mc FROM cqmd WHERE rwbh = ? ORDER BY bs", (task,)).fetchall()
    assert names == [(row["name"],) for row in department.rows("drawn_targets")]


class TestShandong(InspectionContract):
    """What holds everywhere."""

    province = SHANDONG
    unlisted = ("R306", f"事项“A9”不在部门“{SHANDONG.lead}”的抽查事项清单内")
    not_told: ClassVar = {"evidence_files": {"place": {"constant": "-"}}}


def test_nothing_of_the_exchange_is_unknown_to_the_platform() -> None:
    assert {*SHANDONG.sent, *SHANDONG.pulled} == {*DATASETS}
