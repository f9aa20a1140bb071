"""A department in front of a province's platform: registries up, lists down, results up, whatever the province."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.datasets import DATASETS
from gateway.formats.profile import load_profile
from gateway.mapping import load_field_map
from gateway.pipeline.run_report import Counts, RunReport
from gateway.shipped import shipped
from gateway.transport.xml import Schema
from tests.canonical_files import canonical_fields, inverse_fields, write_canonical, write_map
from tests.companies import uscc
from tests.deployment import REQUESTER, SERVICE, Deployment
from tests.simulated_platform import SimulatedPlatform

REGISTRIES = ("departments", "inspection_items", "inspectors", "inspection_targets")


@dataclass(frozen=True)
class Province:
    """What a platform calls things, where it answers pulls, and what a department there reports.

    `sent` and `pulled` are datasets with the names that the platform has for them: path and code; `question` names the
    members of a question: code, version, departments, page and rows a page. `kept_back` are fields that the platform
    is not told, or not in full.
    """

    profile: str
    region: str
    sent: Mapping[str, tuple[str, str]]
    pulled: Mapping[str, tuple[str, str]]
    question: tuple[str, str, str, str, str]
    between: str  # what stands between two departments in a question
    total: str
    rows: str
    usual: Mapping[str, Mapping[str, str]]  # what records of a dataset say beside what all provinces have
    kept_back: Mapping[str, frozenset[str]]

    @property
    def lead(self) -> str:
        """The department that leads."""
        return f"{self.region}-scjg"

    @property
    def other(self) -> str:
        """Another department, which takes part."""
        return f"{self.region}-yjj"

    @property
    def results(self) -> list[str]:
        """The datasets that are reported after an inspection."""
        return [name for name in self.sent if name not in REGISTRIES]

    def pull(self, url: str, path: str, code: str, columns: Sequence[str], **more: Any) -> dict[str, Any]:
        """A source that pulls what both departments may see, in small pages."""
        catalog, version, departments, page, page_size = self.question
        asked = {catalog: code, version: self.profile.rpartition("/")[2]}
        return {
            "type": "rest",
            "url": url,
            "path": path,
            "platform": self.profile,
            "requester": REQUESTER,
            "service": SERVICE,
            "secret": "shandong",
            "ask": {**asked, departments: f"{self.lead}{self.between}{self.other}"},
            "page": page,
            "page_size_name": page_size,
            "page_size": "3",
            "total": self.total,
            "rows": self.rows,
            "columns": columns,
            **more,
        }

    def columns(self, dataset: str) -> list[str]:
        """The columns that a shipped inward map reads."""
        name = f"{self.profile}/inbound_{dataset}"
        field_map = load_field_map((shipped("mappings") / f"{name}.yml").read_text(encoding="utf-8"), name)
        return [origin.column for origin in field_map.fields.values()]  # type: ignore[union-attr]


class Department:
    """A department's deployment in front of the platform."""

    def __init__(self, made: Deployment, platform: SimulatedPlatform, province: Province) -> None:
        self.made = made
        self.platform = platform
        self.province = province
        for name in province.sent:
            read = {"map": write_map(made.directory, f"own/{name}", DATASETS[name], canonical_fields(DATASETS[name]))}
            made.declare(**{f"in_{name}": made.inbound(f"{name}.csv", dataset=name, **read)})
            made.declare(**{f"out_{name}": made.outbound(platform.url, dataset=name, profile=province.profile)})
        for name, (path, code) in province.pulled.items():
            source = province.pull(platform.url, path, code, province.columns(name))
            shipped_map = {"map": f"{province.profile}/inbound_{name}", "source": source}
            made.declare(**{f"pull_{name}": made.inbound("", dataset=name, **shipped_map)})

    def write(self, dataset: str, *rows: Mapping[str, str]) -> None:
        """Write the department's file of a dataset, with what the province demands of its records."""
        usual = self.province.usual.get(dataset, {})
        write_canonical(self.made.directory / f"{dataset}.csv", DATASETS[dataset], *({**row, **usual} for row in rows))

    def run(self, *feeds: str) -> dict[str, Counts]:
        """Run feeds, none of which may fail."""
        reports = self.made.run(*(feed.replace("_", "-") for feed in feeds))
        assert {report.feed: report.error for report in reports if report.error} == {}
        return {feed: counted(report) for feed, report in zip(feeds, reports, strict=True)}

    def both_ways(self, datasets: Sequence[str]) -> dict[str, Counts]:
        """Take the department's files in, and send what is new."""
        return self.run(*(f"{way}_{name}" for name in datasets for way in ("in", "out")))

    def registries_up(self, targets: int = 20) -> None:
        """Two departments, three items, five inspectors and some companies, taken by the platform."""
        lead, other, region = self.province.lead, self.province.other, self.province.region
        self.write(
            "departments",
            {"department_code": lead, "name": "市场监督管理局", "region_code": region, "level": "city"},
            {"department_code": other, "name": "应急管理局", "region_code": region, "superior_code": lead},
        )
        self.write("inspection_items", *self.items("A1", "A2"))
        self.write("inspectors", *(inspector(n, lead) for n in (1, 2, 3)), *(inspector(n, other) for n in (4, 5)))
        self.write("inspection_targets", *(company(number) for number in range(1, targets + 1)))
        self.both_ways(REGISTRIES)

    def items(self, *codes: str) -> list[dict[str, str]]:
        """Items of the lead, and one of the other department."""
        return [*(item(code, self.province.lead) for code in codes), item("B1", self.province.other)]

    def staff(self, door: str, **content: Any) -> dict[str, Any]:
        """What the platform's staff do."""
        body = json.dumps(content).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.platform.url}/_sandbox/{door}", body)) as answer:
            done: dict[str, Any] = json.load(answer)
            return done

    def task(self, *steps: str, **said: Any) -> str:
        """A task drawn by the staff, and the steps it goes through."""
        who = {"lead_department": self.province.lead, "departments": [self.province.other]}
        usual = {"name": "联合抽查", "rate": 2000, "region": self.province.region, **who}
        days = {"starts_on": "2026-03-02", "ends_on": "2026-03-31"}
        number: str = self.staff("tasks", **{**usual, **days, **said})["task_number"]
        for step in steps:
            self.staff(step, task_number=number)
        return number

    def pull_down(self) -> dict[str, Counts]:
        """Pull tasks, lists and assignments."""
        return self.run(*(f"pull_{name}" for name in self.province.pulled))

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """The records in force, by their declared fields as far as the platform is told them."""
        kept_back = self.province.kept_back.get(dataset, frozenset())
        names = [each.name for each in DATASETS[dataset].fields if each.name not in kept_back]
        found = self.made.query(f"SELECT {', '.join(names)} FROM {dataset} WHERE withdrawn = 0 ORDER BY record_key")
        return [dict(zip(names, row, strict=True)) for row in found]

    def held_there(self) -> dict[str, list[dict[str, Any]]]:
        """What the platform itself says of its tasks, as the exchange would hold it."""
        with urllib.request.urlopen(f"{self.platform.url}/_sandbox/tasks") as answer:
            tasks = json.load(answer)["tasks"]
        return {
            "inspection_tasks": [_task(each) for each in tasks],
            "drawn_targets": _by_target([_drawn(each, task) for task in tasks for each in task["drawn"]]),
            "inspector_assignments": _by_target([_assignment(each) for task in tasks for each in task["assignments"]]),
        }

    def inspect(self, *items: str) -> None:
        """Write results of the drawn targets by the lead's inspectors, each with these items and a photo."""
        drawn, lead = self.rows("drawn_targets"), self.province.lead
        team = [row for row in self.rows("inspector_assignments") if row["department_code"] == lead]
        self.write("inspection_results", *(result(each, team, lead) for each in drawn))
        self.write("inspection_result_items", *(result_item(each, code, lead) for each in drawn for code in items))
        if "evidence_files" in self.province.sent:
            self.write("evidence_files", *(photo(each) for each in drawn))

    def came_back(self, other: Deployment, **absent: Mapping[str, Any]) -> Department:
        """Another deployment that pulls whatever this province's platform holds; `absent` are fields it is not told."""
        back = Department(other, self.platform, self.province)
        for name, (path, code) in self.province.sent.items():
            outward = load_profile(shipped("mappings") / self.province.profile / f"{name}.yml", Schema).fields
            dataset = DATASETS[name]
            told = {wire: origin for wire, origin in outward.items() if "from" in origin}
            fields = inverse_fields(told, dataset, {}) | absent.get(name, {})
            source = self.province.pull(self.platform.url, path, code, list(outward))
            inward = {"map": write_map(other.directory, f"back/{name}", dataset, fields), "source": source}
            other.declare(**{f"back_{name}": other.inbound("", dataset=name, **inward)})
        back.run(*(f"back_{name}" for name in REGISTRIES))
        back.pull_down()
        back.run(*(f"back_{name}" for name in self.province.results))
        return back


def _task(held: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task_number": held["number"],
        "name": held["name"],
        "plan_number": held["plan_number"] or None,
        "plan_name": held["plan_name"] or None,
        "draw_type": held["draw_type"],
        "task_source": held["task_source"],
        "starts_on": held["starts_on"],
        "ends_on": held["ends_on"],
        "lead_department": held["lead_department"],
        "departments": ";".join((held["lead_department"], *held["departments"])),
        "item_codes": ";".join(held["item_codes"]) or None,
        "sampling_rate": held["rate"],
        "target_count": len(held["drawn"]),
        "state": held["state"],
    }


def _drawn(held: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    target = held["target"]
    return {
        **_target(held),
        "name": target["name"],
        "region_code": target["region"],
        "address": target["address"],
        "department_code": task["lead_department"],
        **{name: _second(held[name]) for name in ("drawn_at", "locked_at", "dispatched_at")},
        "merged_tasks": ";".join(held["merged_tasks"]) or None,
    }


def _assignment(held: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_target(held),
        "inspector_number": held["inspector"]["number"],
        "department_code": held["inspector"]["department"],
        "inspector_name": held["inspector"]["name"],
        "role": held["role"],
        "matched_at": _second(held["matched_at"]),
    }


def _target(held: Mapping[str, Any]) -> dict[str, Any]:
    target = held["target"]
    named = {f"target_{name}": target[name] for name in ("identifier", "scheme", "kind")}
    return {**named, "target_label": target["label"] or None, "task_number": held["task_number"]}


def _second(time: str) -> str:
    """A time as SQLite holds it: the wire has whole seconds."""
    return f"{time[:19]}.000000+00:00"


def _by_target(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("target_identifier", "task_number", "inspector_number")
    return sorted(rows, key=lambda row: [row.get(name, "") for name in names])


def counted(report: RunReport) -> Counts:
    return report.counts


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
        "region_code": department[:6],
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
        "address": "光明路1号",
        "phone": "0632-0000000",
        "risk_class": "A",
        "credit_class": "B",
    }


def reference(drawn: Mapping[str, Any]) -> dict[str, str]:
    names = ("target_identifier", "target_scheme", "target_kind", "target_label", "task_number")
    return {name: drawn[name] for name in names}


def result(drawn: Mapping[str, Any], team: Sequence[Mapping[str, Any]], department: str) -> dict[str, str]:
    own = [row["inspector_number"] for row in team if row["target_identifier"] == drawn["target_identifier"]]
    return {
        **reference(drawn),
        "department_code": department,
        "target_name": drawn["name"],
        "inspected_on": "2026-03-10",
        "finished_on": "2026-03-11",
        "inspectors": ";".join(own),
        "method": "1",
        "conclusions": "5;7",
        "description": "已责令改正",
        "signature_refused": "false",
    }


def result_item(drawn: Mapping[str, Any], code: str, department: str) -> dict[str, str]:
    said = {
        "item_code": code,
        "item_name": f"事项{code}",
        "outcome": "abnormal",
        "problem": "未公示",
        "handling": "改正",
    }
    return {**reference(drawn), "department_code": department, **said}


def photo(drawn: Mapping[str, Any]) -> dict[str, str]:
    digest = f"{int(drawn['target_identifier'][6:15]):064x}"
    place = {"place": "//server/photos/1.jpg", "media_type": "image/jpeg", "size": "12345"}
    return {**reference(drawn), "file_digest": digest, "kind": "photo", **place}
