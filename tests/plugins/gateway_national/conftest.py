"""A deployment that has inspected companies, and the simulated publicity system over a real socket."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from gateway.domain.dataset import Type
from gateway.domain.datasets import DATASETS
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from tests.companies import uscc
from tests.deployment import REQUESTER, SECRET, Deployment

PROFILE = "national/publication/2019-01"
TASK, PLAN = "370400202403011001", "37040020241001"
DEPARTMENT = "370400-sjj"
COLUMNS: Mapping[str, Sequence[str]] = {
    "departments": ("department_code", "name", "region_code"),
    "inspection_items": ("item_code", "department_code", "name"),
    "inspectors": ("inspector_number", "department_code", "certificate_kind", "name"),
    "inspection_targets": ("identifier", "identifier_scheme", "kind", "name"),
    "inspection_tasks": ("task_number", "name", "plan_number", "plan_name", "draw_type", "lead_department"),
    "drawn_targets": ("target_identifier", "target_scheme", "target_kind", "task_number", "name"),
    "inspector_assignments": (
        *("target_identifier", "target_scheme", "target_kind", "task_number"),
        *("inspector_number", "department_code", "inspector_name"),
    ),
    "inspection_results": (
        *("target_identifier", "target_scheme", "target_kind", "task_number", "department_code", "target_name"),
        *("inspected_on", "finished_on", "inspectors", "conclusions"),
    ),
    "inspection_result_items": (
        *("target_identifier", "target_scheme", "target_kind", "task_number", "department_code"),
        *("item_code", "item_name", "outcome"),
    ),
}


@dataclass(frozen=True)
class PublicitySystem:
    """The simulated system at an address, as tests see it."""

    url: str

    def page(self, company: int) -> list[dict[str, Any]]:
        """What everybody can read of a company."""
        results: list[dict[str, Any]] = self.ask(f"published?uscc={quote(uscc(company))}")["results"]
        return results

    def fail(self, kind: str, **order: Any) -> None:
        """Let the next requests fail."""
        self.ask("faults", {"kind": kind, **order})

    def effects(self) -> list[list[Any]]:
        """Everything that was published, in order: key, version, operation."""
        effects: list[list[Any]] = self.ask("effects")["effects"]
        return effects

    def ask(self, door: str, content: Any = None) -> Any:
        """Use one of its own doors."""
        body = None if content is None else json.dumps(content).encode()
        with urlopen(Request(f"{self.url}/_sandbox/{door}", body)) as answer:
            return json.load(answer)


@dataclass(frozen=True)
class Inspections:
    """A deployment with one task over some companies, each dataset read from a CSV file of its own columns."""

    made: Deployment

    def write(self, dataset: str, *rows: Mapping[str, str]) -> None:
        """Let a department say these rows and no others."""
        with (self.made.directory / f"{dataset}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[dataset], lineterminator="\n", restval="")
            writer.writeheader()
            writer.writerows(rows)

    def targets(self, *rows: Mapping[str, str]) -> None:
        """Let the task have drawn these, and match an inspector with each."""
        identities = [{"identifier": r["target_identifier"], "identifier_scheme": r["target_scheme"]} for r in rows]
        self.write("inspection_targets", *({**each, "kind": "enterprise", "name": "企业"} for each in identities))
        self.write("drawn_targets", *({**each, "name": "企业"} for each in rows))
        inspector = {"inspector_number": "SD-1", "department_code": DEPARTMENT, "inspector_name": "张某"}
        self.write("inspector_assignments", *({**each, **inspector} for each in rows))

    def read(self, *datasets: str) -> None:
        """Run inbound feeds; nothing may be rejected or fail."""
        for report in self.made.run(*(name.replace("_", "-") for name in datasets), accept_withdrawals=True):
            assert (report.error, report.counts.rejected, report.counts.held) == (None, 0, 0)

    def publish(self) -> Any:
        """Run the outbound feed and give its report."""
        (report,) = self.made.run("publication")
        assert report.error is None
        return report

    def issues(self) -> list[tuple[Any, ...]]:
        """Code and record of every open issue of the publication."""
        return self.made.query(
            "SELECT code, record_key FROM issues WHERE status = 'open' AND feed = 'publication' ORDER BY 1, 2"
        )


def target(company: int, **more: str) -> dict[str, str]:
    """The columns that name a drawn company."""
    identity = {"target_identifier": uscc(company), "target_scheme": "uscc", "target_kind": "enterprise"}
    return {**identity, "task_number": TASK, **more}


def result(company: int, **more: str) -> dict[str, str]:
    """A result in which nothing was found."""
    usual = {"department_code": DEPARTMENT, "target_name": f"企业{company}", "inspectors": "SD-1", "conclusions": "1"}
    return {**target(company), **usual, "inspected_on": "2024-03-04", "finished_on": "2024-03-05", **more}


def item(company: int, code: str = "SX1", **more: str) -> dict[str, str]:
    """An item of it that was in order."""
    usual = {"department_code": DEPARTMENT, "item_code": code, "item_name": f"事项{code}", "outcome": "normal"}
    return {**target(company), **usual, **more}


def result_key(company: int) -> str:
    """The record key of a result."""
    return f"{uscc(company)}|uscc|enterprise||{TASK}|{DEPARTMENT}"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[PublicitySystem]:
    """An empty publicity system."""
    offer = load_plugins().sandbox("national")
    with serve(offer.open(tmp_path / "publicity", {REQUESTER: SECRET})) as served:
        yield PublicitySystem(served.url)


@pytest.fixture
def inspections(tmp_path: Path, system: PublicitySystem) -> Inspections:
    """A deployment in which everything before the results has arrived, for three companies."""
    return made_inspections(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}", system)


def made_inspections(folder: Path, database: str, system: PublicitySystem) -> Inspections:
    """The same on a database."""
    made = Deployment(folder, database)
    maps = folder / "mappings" / "tests"
    maps.mkdir(parents=True)
    for dataset, columns in COLUMNS.items():
        (maps / f"{dataset}.yml").write_text(json.dumps(_map(dataset, columns)), encoding="utf-8")
        made.declare(**{dataset: made.inbound(f"{dataset}.csv", map=f"tests/{dataset}", dataset=dataset)})
    publication = made.outbound(system.url, dataset="inspection_results", profile=PROFILE, via="direct")
    publication["destination"]["timeout_seconds"] = "2"
    made.declare(publication=publication)
    inspections = Inspections(made)
    inspections.write(
        "departments", {"department_code": DEPARTMENT, "name": "枣庄市市场监管局", "region_code": "370400"}
    )
    items = ({"item_code": f"SX{n}", "department_code": DEPARTMENT, "name": f"事项SX{n}"} for n in (1, 2, 3))
    inspections.write("inspection_items", *items)
    person = {"inspector_number": "SD-1", "certificate_kind": "certificate", "name": "张某"}
    inspections.write("inspectors", {**person, "department_code": DEPARTMENT})
    plan = {"plan_number": PLAN, "plan_name": "2024 年度抽查计划", "lead_department": DEPARTMENT}
    inspections.write("inspection_tasks", {"task_number": TASK, "name": "年报公示信息抽查", "draw_type": "2", **plan})
    inspections.targets(*(target(number) for number in (1, 2, 3)))
    inspections.read(*list(COLUMNS)[:-2])
    return inspections


def _map(dataset: str, columns: Sequence[str]) -> dict[str, Any]:
    dates = {field.name for field in DATASETS[dataset].fields if field.type is Type.DATE}
    fields = {
        name: {"from": name, **({"steps": [{"date": ["%Y-%m-%d"]}]} if name in dates else {})} for name in columns
    }
    return {"map": f"tests/{dataset}", "dataset": dataset, "fields": fields}
