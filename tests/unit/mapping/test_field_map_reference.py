"""The reference page of field maps: it names every step, and what it shows works."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.mapping import MESSAGES, check_covers, compile_map, load_field_map
from gateway.mapping.reading import _ORIGINS
from gateway.mapping.sql_expression import FUNCTIONS
from gateway.mapping.steps import STEPS

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "field-maps.md").read_text(encoding="utf-8")
ROW = {
    "统一社会信用代码": "91370202264706576b",
    "企业名称": " 青岛天高装饰工程有限公司",
    "注册日期": "19970101",
    "注册资金": "1,094.3000（万元人民币）",
    "地区": "不详",
    "所在省份": "山东",
    "注册地址": "燕儿岛路23号",
}


def test_every_step_has_its_section() -> None:
    assert re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE) == list(STEPS)


def test_every_origin_and_every_function_is_named() -> None:
    assert [name for name in _ORIGINS if f"| `{name}: " not in PAGE] == []
    assert [name for name in FUNCTIONS if name not in PAGE] == []


def test_every_finding_of_a_step_is_named() -> None:
    codes = {step.fault.message.code for step in STEPS.values() if step.fault}
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()
    assert codes <= {message.code for message in MESSAGES}


def test_the_example_works() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    field_map = load_field_map(example, "mappings/departments/example/inspection_targets.yml")
    check_covers(field_map, INSPECTION_TARGETS)
    compiled = compile_map(field_map, INSPECTION_TARGETS.schema)
    assert compiled.check_columns([*ROW, "备注"]).unmapped == ()
    mapped = compiled.apply(pl.DataFrame([ROW]))
    record = {name: value for name, value in mapped.records.row(0, named=True).items() if value is not None}
    assert {name: str(value) for name, value in record.items()} == {
        "identifier": "91370202264706576B",
        "identifier_scheme": "uscc",
        "kind": "enterprise",
        "name": "青岛天高装饰工程有限公司",
        "registered_capital": "1094300000",
        "established_on": "1997-01-01",
        "region_code": "370000",
        "address": "山东不详燕儿岛路23号",
    }
    assert mapped.findings["code"].to_list() == ["map.upper"]


def test_every_step_that_is_shown_inline_can_be_read() -> None:
    shown = [text for text in re.findall(r"`(\{.*?\})`", PAGE) if text[1:].partition(":")[0] in STEPS]
    for text in shown:
        load_field_map(f"map: m\ndataset: d\nfields: {{a: {{from: b, steps: [{text}]}}}}", "m.yml")
    assert len(shown) >= 12
