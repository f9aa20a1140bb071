"""The demo's inspection: what is supplied for it is kept, follows its platforms, and reads back as it was written."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from gateway.domain.datasets import DATASETS
from gateway.operations.demo_authorities import COUNTY, HEBEI, PROVINCE, inspectors, items
from gateway.operations.demo_deployment import set_up
from gateway.operations.demo_inspection import authorities, platforms, point_feeds, supply_inspection
from gateway.operations.demo_results import list_the_item, write_results
from gateway.operations.rehearsal import named_port
from gateway.operations.template_rows import write_template_rows
from gateway.pipeline.feeds import load_feeds

DRAWN_AT = dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    set_up(tmp_path / "demo", None)
    supply_inspection(tmp_path / "demo", with_registry=False)
    return tmp_path / "demo"


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _drawn(number: str) -> dict[str, object]:
    about = {"target_scheme": "uscc", "target_kind": "enterprise", "target_label": None, "task_number": "T1"}
    return {"target_identifier": number, **about, "name": f"企业{number}", "drawn_at": DRAWN_AT}


def _assigned(number: str, inspector: str, role: str) -> dict[str, object]:
    return {**_drawn(number), "inspector_number": inspector, "role": role}


def test_the_province_inspects_only_where_its_registrations_are(demo: Path) -> None:
    assert authorities(demo) == (COUNTY, HEBEI)
    supply_inspection(demo, with_registry=True)
    assert authorities(demo) == (COUNTY, PROVINCE, HEBEI)
    assert sorted(platforms(demo)) == ["hebei", "national", "shandong"]


def test_feeds_follow_their_own_platform_to_another_port(demo: Path) -> None:
    urls = {
        name: f"http://127.0.0.1:{port}" for name, port in {"shandong": 4711, "national": 4712, "hebei": 4713}.items()
    }
    point_feeds(demo, urls)
    feeds = load_feeds(demo / "config" / "feeds")
    assert [named_port(feeds, name) for name in ("shandong", "national", "hebei")] == [4711, 4712, 4713]
    pulled = [feed.source["url"] for feed in feeds.values() if feed.direction == "inbound" and "url" in feed.source]
    assert sorted(url for url in pulled if url.startswith("http")) == [urls["shandong"]] * 3 + [urls["hebei"]] * 3


def test_what_a_person_changed_is_kept(demo: Path) -> None:
    changed = [demo / "departments" / "inspectors.csv", demo / "secrets" / "national-publication"]
    for file in changed:
        file.write_text("changed", encoding="utf-8")
    supply_inspection(demo, with_registry=False)
    assert [file.read_text(encoding="utf-8") for file in changed] == ["changed", "changed"]


def test_codes_are_written_in_the_words_of_the_templates(tmp_path: Path) -> None:
    write_template_rows(tmp_path / "items.csv", DATASETS["inspection_items"], items(COUNTY))
    first = _rows(tmp_path / "items.csv")[0]
    assert (first["事项编码"], first["是否联合抽查事项"], first["事项状态"]) == ("CX-SCJG-01", "是", "有效")


def test_one_inspector_of_each_department_may_not_be_matched_any_more() -> None:
    until = [each["certificate_valid_until"] for each in inspectors(COUNTY)]
    assert [until.count(day) for day in ("2020-12-31", "2099-12-31")] == [2, 10]


def test_a_team_is_named_with_its_leader_first_and_the_day_is_chinas(tmp_path: Path) -> None:
    team = [_assigned("X", "1", "member"), _assigned("X", "2", "leader"), _assigned("Y", "3", "leader")]
    write_results(tmp_path, COUNTY, [_drawn("X")], team)
    results = _rows(tmp_path / "inspection_results.csv")
    assert [(row["检查部门编码"], row["检查人员证号"], row["检查日期"]) for row in results] == [
        ("CX-SCJG", "2;1", "2026-03-03"),
        ("CX-XFJY", "2;1", "2026-03-03"),
    ]


def test_only_at_the_followed_company_an_unlisted_item_is_looked_at(tmp_path: Path) -> None:
    write_results(tmp_path, COUNTY, [_drawn(COUNTY.followed), _drawn("X")], [])
    found = [row["事项编码"] for row in _rows(tmp_path / "inspection_result_items.csv")]
    assert found == ["CX-SCJG-09", "CX-SCJG-01", "CX-SCJG-02"]


def test_results_that_are_there_are_not_written_again(tmp_path: Path) -> None:
    write_results(tmp_path, PROVINCE, [_drawn("X")], [])
    write_results(tmp_path, PROVINCE, [_drawn("X"), _drawn("Y")], [])
    assert len(_rows(tmp_path / "province_inspection_results.csv")) == 1


def test_the_missing_item_is_listed_once(demo: Path) -> None:
    folder = demo / "departments"
    assert [list_the_item(folder, COUNTY), list_the_item(folder, COUNTY)] == [True, False]
    assert _rows(folder / "inspection_items.csv")[-1]["抽查事项名称"] == "特种设备使用单位检查"
