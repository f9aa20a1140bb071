"""What golden pairs notice: every field, every finding, where a row ends, and pairs that are written wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.dataset import Facts
from gateway.domain.datasets import DATASETS
from gateway.errors import StartError, UnknownName
from gateway.mapping import FieldMap, load_field_map
from gateway.operations.golden_pairs import differences, read_pairs
from gateway.shipped import shipped

DOCUMENTED = Path(__file__).parents[3] / "docs" / "how-to" / "discover.md"
REGISTRY = "departments/registry/inspection_targets"

MAP: FieldMap = load_field_map(
    """
map: departments
dataset: departments
ignore: {备注: 内部}
fields:
  department_code: {from: 编码, steps: [strip, upper]}
  name: {from: 名称, steps: [strip]}
  region_code: {from: 区划, steps: [strip]}
  level: {from: 层级, default: 县级, steps: [strip, {lookup: {县级: county}}]}
""",
    "departments.yml",
)
ROW = {"编码": "A1", "名称": "甲局", "区划": "370402"}
RECORD = {"department_code": "A1", "name": "甲局", "region_code": "370402", "level": "county"}


def _found(pair: Mapping[str, Any], language: Any = "zh") -> list[str]:
    text = json.dumps({"map": "departments", "pairs": [pair]}, ensure_ascii=False)
    pairs = read_pairs(text, "departments.golden.yml", MAP)
    return [each.text(language) for each in differences(pairs, MAP, DATASETS["departments"], Facts())]


def test_a_pair_that_holds_says_nothing() -> None:
    assert _found({"row": ROW, "record": RECORD}) == []
    assert (
        _found({"row": {**ROW, "编码": "a1", "备注": "x"}, "record": RECORD, "notes": {"department_code": "map.upper"}})
        == []
    )
    assert _found({"row": {**ROW, "区划": ""}, "rejected": {"region_code": "field.required"}}) == []
    assert _found({"row": {**ROW, "层级": "乡级"}, "held": {"level": ["map.lookup"]}}) == []


def test_a_field_that_differs_is_named_with_both_values() -> None:
    said = _found({"note": "甲", "row": ROW, "record": {**RECORD, "name": "乙局"}})
    assert said == ["第 1 对（甲）：字段 name 应为 “乙局”，得到 “甲局”"]


def test_a_field_that_should_be_empty_is_named() -> None:
    wanted = {name: text for name, text in RECORD.items() if name != "level"}
    assert _found({"row": ROW, "record": wanted}, "en") == ["pair 1: the field level should be -, but is “county”"]


def test_a_field_that_should_be_filled_is_named() -> None:
    said = _found({"row": {**ROW, "层级": ""}, "record": RECORD})
    assert said == ["第 1 对：字段 level 应为 “county”，得到 -"]


def test_a_row_that_ends_elsewhere_is_said_with_what_was_found() -> None:
    said = _found({"row": {**ROW, "区划": "379999"}, "record": RECORD})
    assert said == ["第 1 对：应为 accepted，得到 held（region_code: region.unknown）"]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ({"rejected": {"name": "field.required"}}, ["字段 region_code 的问题应为 -，得到 field.required"]),
        (
            {"rejected": {"name": "field.length", "region_code": "field.required"}},
            ["字段 name 的问题应为 field.length，得到 field.required"],
        ),
    ],
)
def test_findings_that_differ_are_named_by_field(pair: dict[str, Any], said: list[str]) -> None:
    assert _found({"row": {"编码": "A1"}, **pair}) == [f"第 1 对：{each}" for each in said]


def test_a_note_that_is_not_written_down_is_named() -> None:
    said = _found({"row": {**ROW, "编码": "a1"}, "record": RECORD})
    assert said == ["第 1 对：字段 department_code 的问题应为 -，得到 map.upper"]


def test_a_column_that_the_map_does_not_know_is_named() -> None:
    assert _found({"row": {**ROW, "层次": "县级"}, "record": RECORD}) == [
        "第 1 对：映射不认得列 层次；请更正列名，或在映射中写明用途"
    ]


def test_a_pair_without_expectation_differs_and_says_what_came_out() -> None:
    (said,) = _found({"row": ROW})
    assert "没有写应得的结果" in said
    assert "'department_code': 'A1'" in said


def test_a_field_that_the_dataset_has_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as refused:
        _found({"row": ROW, "record": {**RECORD, "nmae": "甲局"}})
    assert "name" in refused.value.text("zh")


@pytest.mark.parametrize(
    "text",
    [
        "map: departments\npairs: []",
        "map: departments",
        "map: departments\npairs:\n  - {record: {}}",
        "map: departments\npairs:\n  - {row: {}, recrod: {}}",
        "map: departments\npairs:\n  - {row: {}, record: {}, held: {}}",
        "map: departments\npairs: {row: {}}",
        "- 1",
    ],
)
def test_pairs_that_are_written_wrong_are_refused_with_their_file(text: str) -> None:
    with pytest.raises(StartError) as refused:
        read_pairs(text, "departments.golden.yml", MAP)
    assert (refused.value.message.code, refused.value.values["file"]) == ("golden.wrong", "departments.golden.yml")
    assert re.search(r"[a-z] [a-z]", refused.value.text("zh").partition("；应写")[0]) is None


def test_pairs_of_another_map_are_refused() -> None:
    with pytest.raises(StartError) as refused:
        read_pairs("map: county/departments\npairs:\n  - {row: {}, record: {}}", "departments.golden.yml", MAP)
    assert refused.value.message.code == "golden.other_map"


def test_a_map_that_does_not_fill_its_dataset_is_refused() -> None:
    small = load_field_map("map: a\ndataset: departments\nfields:\n  name: {from: 名称}", "a.yml")
    pairs = read_pairs("map: a\npairs:\n  - {row: {}, record: {}}", "a.golden.yml", small)
    with pytest.raises(StartError) as refused:
        differences(pairs, small, DATASETS["departments"], Facts())
    assert refused.value.message.code == "map.not_covered"


def test_the_documented_pairs_hold() -> None:
    (text,) = re.findall(r"```yaml\n(map: .*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    field_map = load_field_map((shipped("mappings") / f"{REGISTRY}.yml").read_text(encoding="utf-8"), REGISTRY)
    pairs = read_pairs(text, "discover.md", field_map)
    assert [each.text("zh") for each in differences(pairs, field_map, DATASETS["inspection_targets"], Facts())] == []
