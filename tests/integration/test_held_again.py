"""Rows held for want of a parent are let through when it has arrived, whatever the source gives then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deployment import Deployment

TASKS = """\
map: tests/inspection_tasks
dataset: inspection_tasks
fields:
  task_number: {from: 任务编号}
  name: {from: 任务名称}
  lead_department: {from: 牵头部门}
"""
ITEMS = """\
map: tests/drawn_targets
dataset: drawn_targets
fields:
  target_identifier: {from: 标识}
  target_scheme: {constant: local}
  target_kind: {constant: project}
  task_number: {from: 任务编号}
  name: {from: 名称}
"""
TARGETS = """\
map: tests/inspection_targets
dataset: inspection_targets
fields:
  identifier: {from: 标识}
  identifier_scheme: {constant: local}
  kind: {constant: project}
  name: {from: 名称}
"""


@pytest.fixture(params=["everything", "changes"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    made = Deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    folder = tmp_path / "mappings" / "tests"
    folder.mkdir(parents=True)
    for name, text in {"inspection_tasks": TASKS, "drawn_targets": ITEMS, "inspection_targets": TARGETS}.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
        feed = made.inbound(f"{name}.csv", map=f"tests/{name}", dataset=name, reads=request.param)
        made.declare(**{name: feed})
    write(made, "inspection_targets", "标识,名称", "P1,一号工程", "P2,二号工程")
    write(made, "drawn_targets", "标识,任务编号,名称", "P1,T1,一号工程", "P2,T1,二号工程")
    return made


def write(made: Deployment, name: str, *lines: str) -> None:
    (made.directory / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_drawn_target_waits_for_its_task_and_is_then_let_through(deployment: Deployment) -> None:
    targets, drawn = deployment.run("inspection-targets", "drawn-targets")
    assert (targets.counts.accepted, drawn.counts.accepted, drawn.counts.held) == (2, 0, 2)
    assert deployment.query("SELECT code, value, status FROM issues ORDER BY row") == [
        ("parent.missing", "T1", "open"),
        ("parent.missing", "T1", "open"),
    ]
    if deployment_reads(deployment) == "changes":
        write(deployment, "drawn_targets", "标识,任务编号,名称")
    write(deployment, "inspection_tasks", "任务编号,任务名称,牵头部门", "T1,抽查任务,370400")
    _, drawn = deployment.run("inspection-tasks", "drawn-targets")
    assert (drawn.counts.read, drawn.counts.accepted, drawn.counts.held) == (2, 2, 0)
    assert deployment.query("SELECT DISTINCT status FROM issues") == [("closed",)]
    assert deployment.query("SELECT name, source_row FROM drawn_targets ORDER BY source_row") == [
        ("一号工程", 2),
        ("二号工程", 3),
    ]


def test_a_newer_row_takes_the_place_of_the_held_one(deployment: Deployment) -> None:
    deployment.run("inspection-targets", "drawn-targets")
    write(deployment, "drawn_targets", "标识,任务编号,名称", "P1,T1,一号工程（更名）", "P2,T1,二号工程")
    write(deployment, "inspection_tasks", "任务编号,任务名称,牵头部门", "T1,抽查任务,370400")
    _, drawn = deployment.run("inspection-tasks", "drawn-targets")
    assert (drawn.counts.accepted, drawn.counts.held) == (2, 0)
    names = deployment.query("SELECT name FROM drawn_targets ORDER BY target_identifier")
    assert names == [("一号工程（更名）",), ("二号工程",)]


@pytest.mark.parametrize("deployment", ["everything"], indirect=True)  # only a snapshot shows that a record is gone
def test_a_withdrawn_parent_counts_as_missing(deployment: Deployment) -> None:
    write(deployment, "inspection_tasks", "任务编号,任务名称,牵头部门", "T1,抽查任务,370400")
    deployment.run("inspection-targets", "inspection-tasks")
    write(deployment, "inspection_targets", "标识,名称", "P1,一号工程")
    deployment.run("inspection-targets", accept_withdrawals=True)
    (drawn,) = deployment.run("drawn-targets")
    assert (drawn.counts.accepted, drawn.counts.held) == (1, 1)


def deployment_reads(made: Deployment) -> str:
    declared = json.loads((made.directory / "config" / "feeds" / "drawn_targets.yml").read_text(encoding="utf-8"))
    return str(declared["drawn-targets"]["reads"])
