"""Rows that a rule leaves out of a workbook: listed for whoever looks, and never a record that is withdrawn unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.app import opened
from gateway.operations.preview import preview_inbound
from gateway.pipeline.inbound import InboundRunner
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment
from tests.plugins.gateway_files.conftest import write_xlsx

MAP = """map: left/inspectors
dataset: inspectors
fields:
  position: {from: 职务, steps: [strip]}
  inspector_number: {from: 执法证号, steps: [strip]}
  department_code: {constant: 370000-sjj}
  certificate_kind: {constant: staff}
  name: {from: 姓名, steps: [strip]}
"""
HEADER = ["职务", "执法证号", "姓名"]
NOTES = "SELECT place, \"row\", original, status, last_run FROM issues WHERE code = 'row.left_out' ORDER BY id"


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    made = Deployment(tmp_path / "deployment", f"sqlite:///{tmp_path / 'gateway.db'}")
    (made.directory / "mappings" / "left").mkdir(parents=True)
    (made.directory / "mappings" / "left" / "inspectors.yml").write_text(MAP, encoding="utf-8")
    made.declare(
        staff={
            "direction": "inbound",
            "dataset": "inspectors",
            "department": "370000-sjj",
            "source": {"type": "workbook", "path": "staff.xlsx"},
            "map": "left/inspectors",
        }
    )
    return made


def run(made: Deployment, *last: list[str], count: int = 40, promoted: int | None = None) -> tuple[str, int, int]:
    """The run's status, the rows it left out, and the records it withdrew."""
    rows = [["负责人" if at == promoted else "科员", f"{at:04}", f"人员{at}"] for at in range(count)]
    write_xlsx(made.directory / "staff.xlsx", {"名单": [HEADER, *rows, *last]})
    (report,) = made.run("staff")
    assert report.error is None
    return report.status, report.counts.left_out, report.counts.withdrawn


def test_who_becomes_a_head_is_not_withdrawn(made: Deployment) -> None:
    run(made)
    assert run(made, promoted=7) == ("succeeded", 0, 0)
    assert run(made, promoted=39) == ("succeeded", 0, 0)


def test_every_row_left_out_is_found_with_its_place_and_text_until_it_is_gone(made: Deployment) -> None:
    total, signed = ["合计", "40"], ["填表人：赵六", "", "审核人："]
    assert run(made, total, [], signed) == ("succeeded", 3, 0)
    place = "staff.xlsx›名单"
    notes = [(place, 42, "合计 | 40"), (place, 44, "填表人：赵六 | 审核人：")]
    assert made.query(NOTES) == [(*note, "open", 1) for note in notes]
    assert run(made, total, [], signed) == ("succeeded", 3, 0)
    assert made.query(NOTES) == [(*note, "open", 2) for note in notes]
    assert run(made, total) == ("succeeded", 1, 0)
    assert made.query(NOTES) == [(*notes[0], "open", 3), (*notes[1], "closed", 2)]


def test_a_preview_lists_them_after_all_else(made: Deployment) -> None:
    write_xlsx(made.directory / "staff.xlsx", {"名单": [["名册"], HEADER, ["科员", "", "某人"], ["合计", "1"]]})
    with opened(load_settings(made.directory, made.environ), load_plugins()) as gateway:
        runner = gateway.runner("staff")
        assert isinstance(runner, InboundRunner)
        found = preview_inbound(runner)
    assert (found.left_out, found.notes) == (2, 0)
    assert [(each.outcome, each.row) for each in found.issues] == [("rejected", 3), ("note", 1), ("note", 4)]


def test_a_record_that_a_row_left_out_names_is_not_withdrawn(made: Deployment) -> None:
    run(made)
    signed = ["负责人：", "0039"]
    assert run(made, signed, count=39) == ("held", 1, 0)
    assert run(made, signed, count=39) == ("held", 1, 0)
    assert made.run("staff", accept_withdrawals=True)[0].counts.withdrawn == 1
