"""One whole inspection in XML: registries up, lists down, results up, and everything comes back as it went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from lxml import etree

from gateway.formats.json_documents import decompress
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.shipped import shipped
from tests.deployment import REQUESTER, SECRET, Deployment
from tests.integration.inspecting_department import Department, Province
from tests.integration.inspection_contract import InspectionContract
from tests.simulated_platform import SimulatedPlatform

PROFILE = "hebei/platform/2022-03"
HEBEI = Province(
    profile=PROFILE,
    region="130634",
    sent={
        "departments": ("/hbssj/bm/get", "BM"),
        "inspection_items": ("/hbssj/jcsx/get", "JCSX"),
        "inspectors": ("/hbssj/zfry/get", "ZFRY"),
        "inspection_targets": ("/hbssj/jcdx/get", "JCDX"),
        "inspection_results": ("/hbssj/jcjg/get", "JCJG"),
        "inspection_result_items": ("/hbssj/jcjgmx/get", "JCJGMX"),
    },
    pulled={
        "inspection_tasks": ("/hbssj/ccrw/get", "CCRW"),
        "drawn_targets": ("/hbssj/cqmd/get", "CQMD"),
        "inspector_assignments": ("/hbssj/rypp/get", "RYPP"),
    },
    question=("Catalog", "Format", "DeptCodes", "PageNo", "PageSize"),
    between=";",
    total="Head.RecordCount",
    rows="Body.Row",
    usual={
        "inspection_items": {"result_vocabulary": "normal"},
        "inspectors": {"certificate_kind": "police"},
        "inspection_targets": {"province": "河北", "region_code": "130634", "region_name": "保定"},
    },
    # The platform is told 正常 or 不正常 of the conclusions.
    kept_back={"inspectors": frozenset({"resident_id"}), "inspection_results": frozenset({"conclusions"})},
)
# What the platform is told of a result and of an item.
TOLD = {
    "inspection_results": {"Result": "不正常", "SignRefused": "否", "CheckDate": "2026-03-10", "CheckWay": "1"},
    "inspection_result_items": {"ItemCode": "A1", "Result": "不正常", "Problem": "未公示", "Handling": "改正"},
}


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedPlatform]:
    offer = load_plugins().sandbox("hebei")
    with serve(offer.open(tmp_path / "platform", {REQUESTER: SECRET})) as served:
        yield SimulatedPlatform(served.url)


@pytest.fixture
def department(made: Deployment, simulated: SimulatedPlatform) -> Department:
    return Department(made, simulated, HEBEI)


def assert_documents_valid(made: Deployment) -> int:
    """Hold everything that was sent against its XSD, without the gateway's own reader; how many documents those are."""
    documents = made.query("SELECT dataset, body FROM documents")
    for dataset, body in documents:
        schema = etree.XMLSchema(etree.parse(str(shipped("mappings") / PROFILE / f"{dataset}.xsd")))
        schema.assertValid(etree.fromstring(decompress(body)))
    return len(documents)


def test_registries_go_up_lists_come_down_and_results_go_up(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    department = Department(on_either, simulated, HEBEI)
    department.registries_up(targets=67)
    department.task("lock", "dispatch", "match", rate=300)  # the least that 001§17 allows, rounded up
    pulled = department.pull_down()
    assert {feed: counts.accepted for feed, counts in pulled.items()} == {
        "pull_inspection_tasks": 1,
        "pull_drawn_targets": 3,
        "pull_inspector_assignments": 6,
    }
    department.inspect("A1", "A2")
    done = department.both_ways(HEBEI.results)
    assert {feed: (counts.accepted, counts.delivered) for feed, counts in done.items()} == {
        "in_inspection_results": (3, 0),
        "out_inspection_results": (0, 3),
        "in_inspection_result_items": (6, 0),
        "out_inspection_result_items": (0, 6),
    }
    assert department.made.query("SELECT code FROM issues WHERE outcome <> 'note'") == []
    assert assert_documents_valid(on_either) == len(HEBEI.sent)
    for dataset, told in TOLD.items():
        ((key,), *_) = on_either.query(f"SELECT record_key FROM {dataset}")
        assert {field: simulated.story(key, field) for field in told} == {
            field: [value] for field, value in told.items()
        }


def test_the_feeds_of_the_reference_page_pull_what_was_dispatched(department: Department) -> None:
    department.registries_up(5)
    department.task("lock", "dispatch", "match")
    page = (Path(__file__).parents[2] / "docs/reference/hebei-sandbox.md").read_text(encoding="utf-8")
    (feeds,) = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    asking = {
        "http://127.0.0.1:8702": department.platform.url,
        "130634-rehearsal": REQUESTER,
        "130634-gaj": HEBEI.other,
        "secret: hebei": "secret: shandong",
    }
    for shown, ours in asking.items():
        assert shown in feeds
        feeds = feeds.replace(shown, ours)
    (department.made.directory / "config" / "feeds" / "documented.yml").write_text(feeds, encoding="utf-8")
    done = department.run("hebei_tasks", "hebei_drawn_lists", "hebei_assignments")
    assert [counts.accepted for counts in done.values()] == [1, 1, 2]


def test_an_answer_that_breaks_off_is_asked_for_again(department: Department) -> None:
    department.registries_up(5)
    department.task("lock", "dispatch")
    department.platform.fail("broken_xml", request="pull")
    assert department.run("pull_inspection_tasks")["pull_inspection_tasks"].accepted == 1


class TestHebei(InspectionContract):
    """What holds everywhere."""

    province = HEBEI
    unlisted = ("E36", f"事项“A9”不在单位“{HEBEI.lead}”的随机抽查事项清单内")
    # The conclusions are told as 正常 or 不正常.
    not_told: ClassVar = {
        "inspection_results": {"conclusions": {"from": "Result", "steps": [{"lookup": {"正常": "1", "不正常": "8"}}]}}
    }
