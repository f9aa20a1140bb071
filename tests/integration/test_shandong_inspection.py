"""One whole inspection over a socket: registries up, lists down, results up, and everything comes back as it went."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.datasets import DATASETS
from gateway.formats.profile import load_profile
from gateway.pipeline.run_report import Counts, RunReport
from gateway.shipped import shipped
from tests.canonical_files import canonical_fields, inverse_fields, write_canonical, write_map
from tests.companies import uscc
from tests.deployment import PROFILE, REQUESTER, SERVICE, Deployment
from tests.simulated_platform import SimulatedPlatform

LEAD, OTHER = "370400-scjg", "370400-yjj"
REGISTRIES = ("departments", "inspection_items", "inspectors", "inspection_targets")
PULLED = {
    "inspection_tasks": ("rw", "RW"),
    "drawn_targets": ("cqmd", "CQMD"),
    "inspector_assignments": ("rypp", "RYPP"),
}
RESULTS = ("inspection_results", "inspection_result_items", "evidence_files")
PATHS = {
    "departments": ("bm", "BM"),
    "inspection_items": ("jcsx", "JCSX"),
    "inspectors": ("zfry", "ZFRY"),
    "inspection_targets": ("jcdx", "JCDX"),
    "inspection_results": ("jcjg", "JCJG"),
    "inspection_result_items": ("jcjgmx", "JCJGMX"),
    "evidence_files": ("zjcl", "ZJCL"),
}
# Of these the platform is not told, so they do not come back.
KEPT_BACK = {
    "inspectors": {"resident_id"},
    "evidence_files": {"place", "media_type", "size", "taken_at", "keep_until"},
}


# Tables as a department's own system might have them, and the keys of each.
OWN_TABLES = """
CREATE TABLE rw (rwbh TEXT PRIMARY KEY, rwmc TEXT NOT NULL, jhbh TEXT, cclx TEXT, ksrq TEXT, jsrq TEXT, qtbm TEXT,
    cybm TEXT, sxbm TEXT, cqs INTEGER, rwzt TEXT);
CREATE TABLE cqmd (rwbh TEXT, bslx TEXT, bs TEXT, lb TEXT, xkbq TEXT, mc TEXT, qhdm TEXT, zs TEXT, cqsj TEXT, pfsj TEXT,
    hbrw TEXT, PRIMARY KEY (rwbh, bslx, bs, lb, xkbq));
"""
OWN = (("inspection_tasks", "rw", ["rwbh"]), ("drawn_targets", "cqmd", ["rwbh", "bslx", "bs", "lb", "xkbq"]))


class Department:
    """A department's deployment in front of the platform."""

    def __init__(self, made: Deployment, platform: SimulatedPlatform) -> None:
        self.made = made
        self.platform = platform
        for name in (*REGISTRIES, *RESULTS):
            read = {"map": write_map(made.directory, f"own/{name}", DATASETS[name], canonical_fields(DATASETS[name]))}
            made.declare(**{f"in_{name}": made.inbound(f"{name}.csv", dataset=name, **read)})
            made.declare(**{f"out_{name}": made.outbound(platform.url, dataset=name)})
        for name, (path, code) in PULLED.items():
            source = pull(platform.url, f"/sjjh/{path}/query", code, wire_columns(name))
            shipped_map = {"map": f"{PROFILE}/inbound_{name}", "source": source}
            made.declare(**{f"pull_{name}": made.inbound("", dataset=name, **shipped_map)})

    def write(self, dataset: str, *rows: Mapping[str, str]) -> None:
        write_canonical(self.made.directory / f"{dataset}.csv", DATASETS[dataset], *rows)

    def run(self, *feeds: str) -> dict[str, Counts]:
        """Run feeds, none of which may fail."""
        reports = self.made.run(*(feed.replace("_", "-") for feed in feeds))
        assert {report.feed: report.error for report in reports if report.error} == {}
        return {feed: counted(report) for feed, report in zip(feeds, reports, strict=True)}

    def registries_up(self, targets: int = 20) -> None:
        """Two departments, three items, five inspectors and some companies, taken by the platform."""
        self.write(
            "departments",
            {"department_code": LEAD, "name": "枣庄市市场监督管理局", "region_code": "370400", "level": "city"},
            {"department_code": OTHER, "name": "枣庄市应急管理局", "region_code": "370400", "superior_code": LEAD},
        )
        self.write("inspection_items", *(item(code, LEAD) for code in ("A1", "A2")), item("B1", OTHER))
        self.write("inspectors", *(inspector(n, LEAD) for n in (1, 2, 3)), *(inspector(n, OTHER) for n in (4, 5)))
        self.write("inspection_targets", *(company(number) for number in range(1, targets + 1)))
        self.run(*(f"{way}_{name}" for name in REGISTRIES for way in ("in", "out")))

    def staff(self, door: str, **content: Any) -> dict[str, Any]:
        """What the platform's staff do."""
        body = json.dumps(content).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.platform.url}/_sandbox/{door}", body)) as answer:
            done: dict[str, Any] = json.load(answer)
            return done

    def task(self, *steps: str, **said: Any) -> str:
        """A task drawn by the staff, and the steps it goes through."""
        usual = {"name": "联合抽查", "lead_department": LEAD, "departments": [OTHER], "rate": 2000, "region": "370400"}
        days = {"starts_on": "2026-03-02", "ends_on": "2026-03-31"}
        number: str = self.staff("tasks", **{**usual, **days, **said})["task_number"]
        for step in steps:
            self.staff(step, task_number=number)
        return number

    def pull_down(self) -> dict[str, Counts]:
        return self.run(*(f"pull_{name}" for name in PULLED))

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """The records in force, by their declared fields."""
        names = [each.name for each in DATASETS[dataset].fields if each.name not in KEPT_BACK.get(dataset, set())]
        found = self.made.query(f"SELECT {', '.join(names)} FROM {dataset} WHERE withdrawn = 0 ORDER BY record_key")
        return [dict(zip(names, row, strict=True)) for row in found]

    def results(self, *items: str, of: int | None = None) -> None:
        """Results of the drawn targets by the lead's inspectors, each with these items and a photo."""
        drawn = self.rows("drawn_targets")[:of]
        team = [row for row in self.rows("inspector_assignments") if row["department_code"] == LEAD]
        self.write("inspection_results", *(result(each, team) for each in drawn))
        self.write("inspection_result_items", *(result_item(each, code) for each in drawn for code in items))
        self.write("evidence_files", *(photo(each) for each in drawn))


def counted(report: RunReport) -> Counts:
    return report.counts


def pull(url: str, path: str, code: str, columns: list[str], **more: Any) -> dict[str, Any]:
    return {
        "type": "rest",
        "url": url,
        "path": path,
        "platform": PROFILE,
        "requester": REQUESTER,
        "service": SERVICE,
        "secret": "shandong",
        "ask": {"sjlx": code, "gsbb": "2023-01", "bmbm": f"{LEAD},{OTHER}"},
        "page": "ym",
        "page_size_name": "mytj",
        "page_size": "3",
        "total": "data.zs",
        "rows": "data.jglb",
        "columns": columns,
        **more,
    }


def wire_columns(dataset: str) -> list[str]:
    """The columns that a shipped map reads."""
    from gateway.mapping import load_field_map

    name = f"{PROFILE}/inbound_{dataset}"
    field_map = load_field_map((shipped("mappings") / f"{name}.yml").read_text(encoding="utf-8"), name)
    return [origin.column for origin in field_map.fields.values()]  # type: ignore[union-attr]


def item(code: str, department: str) -> dict[str, str]:
    return {
        "item_code": code,
        "department_code": department,
        "name": f"事项{code}",
        "sub_item": "子项",
        "category": "登记事项",
        "inspected_objects": "企业",
        "content": "公示信息",
        "item_class": "1",
        "level": "市级",
        "basis": "《企业信息公示暂行条例》",
        "methods": "实地核查",
        "result_vocabulary": "conclusions",
        "joint": "true",
        "state": "1",
    }


def inspector(number: int, department: str) -> dict[str, str]:
    return {
        "inspector_number": f"0370400{number:04}",
        "department_code": department,
        "certificate_kind": "certificate",
        "name": f"检查员{number}",
        "category": "civil",
        "position": "科员",
        "post": "监管",
        "phone": "0632-0000000",
        "certificate_valid_until": "2027-12-31",
        "region_code": "370402",
        "expert": "false",
        "state": "1",
    }


def company(number: int) -> dict[str, str]:
    return {
        "identifier": uscc(number),
        "identifier_scheme": "uscc",
        "kind": "enterprise",
        "name": f"企业{number}",
        "legal_representative": "某某",
        "enterprise_type": "有限责任公司",
        "registered_capital": "100000050",
        "capital_currency": "CNY",
        "established_on": "1998-01-01",
        "registration_state": "1",
        "industry_code": "F5211",
        "business_scope": "批发零售",
        "province": "山东",
        "region_code": "370402",
        "region_name": "枣庄",
        "address": "光明路1号",
        "phone": "0632-0000000",
        "risk_class": "A",
        "credit_class": "B",
    }


def reference(drawn: Mapping[str, Any]) -> dict[str, str]:
    names = ("target_identifier", "target_scheme", "target_kind", "target_label", "task_number")
    return {name: drawn[name] for name in names}


def result(drawn: Mapping[str, Any], team: list[dict[str, Any]]) -> dict[str, str]:
    own = [row["inspector_number"] for row in team if row["target_identifier"] == drawn["target_identifier"]]
    return {
        **reference(drawn),
        "department_code": LEAD,
        "target_name": drawn["name"],
        "inspected_on": "2026-03-10",
        "finished_on": "2026-03-11",
        "inspectors": ";".join(own),
        "method": "1",
        "conclusions": "5;7",
        "description": "已责令改正",
        "signature_refused": "false",
    }


def result_item(drawn: Mapping[str, Any], code: str) -> dict[str, str]:
    said = {
        "item_code": code,
        "item_name": f"事项{code}",
        "outcome": "abnormal",
        "problem": "未公示",
        "handling": "改正",
    }
    return {**reference(drawn), "department_code": LEAD, **said}


def photo(drawn: Mapping[str, Any]) -> dict[str, str]:
    digest = f"{int(drawn['target_identifier'][6:15]):064x}"
    place = {"place": "//server/photos/1.jpg", "media_type": "image/jpeg", "size": "12345"}
    return {**reference(drawn), "file_digest": digest, "kind": "photo", **place}


@pytest.fixture
def department(on_either: Deployment, simulated: SimulatedPlatform) -> Department:
    return Department(on_either, simulated)


def test_registries_go_up_lists_come_down_and_results_go_up(department: Department) -> None:
    department.registries_up()
    department.task("lock", "dispatch", "match")
    pulled = department.pull_down()
    assert {feed: counts.accepted for feed, counts in pulled.items()} == {
        "pull_inspection_tasks": 1,
        "pull_drawn_targets": 4,
        "pull_inspector_assignments": 8,
    }
    department.results("A1", "A2")
    done = department.run(*(f"{way}_{name}" for name in RESULTS for way in ("in", "out")))
    assert {feed: (counts.accepted, counts.delivered) for feed, counts in done.items()} == {
        "in_inspection_results": (4, 0),
        "out_inspection_results": (0, 4),
        "in_inspection_result_items": (8, 0),
        "out_inspection_result_items": (0, 8),
        "in_evidence_files": (4, 0),
        "out_evidence_files": (0, 4),
    }
    assert department.made.query("SELECT code FROM issues WHERE outcome <> 'note'") == []


def test_nothing_comes_down_before_the_list_is_dispatched(department: Department) -> None:
    department.registries_up(5)
    task = department.task("lock")
    assert {counts.read for counts in department.pull_down().values()} == {0}
    department.staff("dispatch", task_number=task)
    assert [counts.accepted for counts in department.pull_down().values()] == [1, 1, 0]


def test_pulling_again_changes_nothing(department: Department) -> None:
    department.registries_up(10)
    department.task("lock", "dispatch", "match")
    department.pull_down()
    again = department.pull_down()
    assert {feed: (counts.accepted, counts.unchanged) for feed, counts in again.items()} == {
        "pull_inspection_tasks": (0, 1),
        "pull_drawn_targets": (0, 2),
        "pull_inspector_assignments": (0, 4),
    }


def test_an_unlisted_item_is_held_here_and_refused_there_until_it_is_listed(department: Department) -> None:
    department.registries_up(5)
    department.task("lock", "dispatch", "match")
    department.pull_down()
    department.results("A1", "A9")
    held = department.run("in_inspection_results", "out_inspection_results", "in_inspection_result_items")
    counts = held["in_inspection_result_items"]
    assert (counts.accepted, counts.held) == (1, 1)

    # Listed here, but the platform has not been told yet.
    department.write("inspection_items", *(item(code, LEAD) for code in ("A1", "A2", "A9")), item("B1", OTHER))
    done = department.run("in_inspection_items", "in_inspection_result_items", "out_inspection_result_items")
    assert done["in_inspection_result_items"].held == 0
    assert (done["out_inspection_result_items"].delivered, done["out_inspection_result_items"].refused) == (1, 1)
    (arguments,) = department.made.query("SELECT arguments FROM issues WHERE outcome = 'refused'")[0]
    said = json.loads(arguments)
    assert (said["reason_code"], said["reason"]) == ("R306", f"事项“A9”不在部门“{LEAD}”的抽查事项清单内")


def test_a_platform_that_is_busy_while_lists_are_pulled_is_waited_for(department: Department) -> None:
    department.registries_up(5)
    department.task("lock", "dispatch")
    department.platform.fail("html", request="pull")
    assert department.run("pull_inspection_tasks")["pull_inspection_tasks"].accepted == 1


def test_a_page_that_lacks_rows_fails_the_pull_and_stores_nothing(department: Department) -> None:
    department.registries_up(20)
    department.task("lock", "dispatch")
    department.run("pull_inspection_tasks")
    department.platform.fail("half_answer", request="pull")
    (report,) = department.made.run("pull-drawn-targets")
    assert (report.status, report.error.message.code if report.error else "") == ("failed", "rest.changed_while_pulled")
    assert department.rows("drawn_targets") == []


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


def test_every_dataset_comes_back_from_the_platform_as_it_was_sent(
    made: Deployment, simulated: SimulatedPlatform, tmp_path: Path
) -> None:
    department = Department(made, simulated)
    department.registries_up()
    department.task("lock", "dispatch", "match")
    department.task("lock", "dispatch", "match", count=3, rate=None, draw_type="1", task_source="2", plan_name="年度")
    department.pull_down()
    department.results("A1", "A2")
    department.run(*(f"{way}_{name}" for name in RESULTS for way in ("in", "out")))

    (tmp_path / "other").mkdir()
    other = Department(Deployment(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}"), simulated)
    for name, (path, code) in PATHS.items():
        outward = load_profile(shipped("mappings") / PROFILE / f"{name}.yml").fields
        absent = {"place": "-"} if name == "evidence_files" else {}
        back = write_map(
            other.made.directory, f"back/{name}", DATASETS[name], inverse_fields(outward, DATASETS[name], absent)
        )
        source = pull(simulated.url, f"/sjjh/{path}/list", code, list(outward))
        other.made.declare(**{f"back_{name}": other.made.inbound("", dataset=name, map=back, source=source)})
    other.run(*(f"back_{name}" for name in REGISTRIES))
    other.pull_down()
    other.run(*(f"back_{name}" for name in RESULTS))

    for name in DATASETS:
        assert len(department.rows(name)) > 0, name
        assert other.rows(name) == department.rows(name), name
