"""Compiled maps at work: every column accounted for, every row in its place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import polars as pl
import pytest

from gateway.domain.findings import FINDINGS
from gateway.errors import SourceError, StartError
from gateway.mapping import CompiledMap, compile_map, load_field_map

TARGET = {
    "name": pl.String(),
    "code": pl.String(),
    "since": pl.Date(),
    "region": pl.String(),
    "kind": pl.String(),
    "phone": pl.String(),
}
MAP = """
map: m
dataset: targets
empty: ["N/A", "-"]
ignore: {备注: 内部使用}
fields:
  name: {from: 名称, steps: [strip]}
  code: {from: 代码, empty: [无], steps: [strip, upper]}
  since: {from: 日期, default: 2000-01-01, steps: [{date: '%Y-%m-%d'}]}
  region:
    coalesce:
      - {from: 地区, steps: [{lookup: {青岛: '370200', 不详: ''}}]}
      - {from: 省份, steps: [{lookup: {山东: '370000'}}]}
  kind: {constant: enterprise}
"""
COLUMNS = ("_row", "名称", "代码", "日期", "地区", "省份")


def compiled(text: str = MAP, target: dict[str, pl.DataType] | None = None, **source: pl.DataType) -> CompiledMap:
    return compile_map(load_field_map(text, "m.yml"), target or TARGET, source or None)


def rows(*cells: tuple[str | None, ...], columns: tuple[str, ...] = COLUMNS[1:]) -> pl.DataFrame:
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String()), orient="row")
    return frame.with_row_index("_row", offset=2)


def fields(mapped: Any, *names: str) -> list[tuple[Any, ...]]:
    return mapped.records.select(names).rows()


def test_records_have_the_columns_of_the_target_and_the_order_of_the_rows() -> None:
    mapped = compiled().apply(rows(("乙", "b1", "1997-01-01", "青岛", "山东"), ("甲", "A", "x", "", "山东")))
    assert dict(mapped.records.schema) == TARGET
    assert mapped.records.rows() == [
        ("乙", "B1", date(1997, 1, 1), "370200", "enterprise", None),
        ("甲", "A", None, "370000", "enterprise", None),
    ]


def test_findings_point_at_row_field_and_column_and_quote_the_source() -> None:
    mapped = compiled().apply(rows(("乙", " b1 ", "1997-01-01", "青岛", "山东"), ("甲", "A", "x", "", "山东")))
    assert dict(mapped.findings.schema) == FINDINGS
    assert mapped.findings.drop("arguments").rows() == [
        (0, "note", "map.upper", "code", "代码", " b1 "),
        (1, "rejected", "map.date", "since", "日期", "x"),
    ]


def test_cells_that_mean_empty_are_compared_whole_save_white_space_at_their_ends() -> None:
    mapped = compiled().apply(rows(("N/A", "无", "-", None, ""), ("N/A ", "-无", "1997-01-01", "青岛", "")))
    assert fields(mapped, "name", "code", "since") == [(None, None, None), (None, "-无", date(1997, 1, 1))]
    assert mapped.findings.height == 0


def test_an_empty_cell_never_takes_the_default() -> None:
    assert fields(compiled().apply(rows(("甲", "A", "", "", ""))), "since") == [(None,)]


def test_a_column_that_is_absent_takes_its_default_through_the_steps() -> None:
    columns = ("名称", "代码", "地区", "省份")
    assert compiled().check_columns(columns).absent == ("日期",)
    mapped = compiled().apply(rows(("甲", "A", "青岛", "山东"), columns=columns))
    assert fields(mapped, "since") == [(date(2000, 1, 1),)]


def test_coalesce_takes_the_first_that_is_filled() -> None:
    mapped = compiled().apply(
        rows(("a", "A", "", "青岛", "山东"), ("b", "B", "", "不详", "山东"), ("c", "C", "", "", ""))
    )
    assert fields(mapped, "region") == [("370200",), ("370000",), (None,)]


def test_an_unknown_code_in_coalesce_is_held_though_another_origin_is_filled() -> None:
    mapped = compiled().apply(rows(("a", "A", "", "莱芜", "山东")))
    assert mapped.findings.select("outcome", "code", "field", "column", "value").rows() == [
        ("held", "map.lookup", "region", "地区", "莱芜")
    ]


def test_every_column_is_mapped_ignored_by_name_or_reported() -> None:
    report = compiled().check_columns((*COLUMNS, "备注", "传真", "邮编"))
    assert (report.unmapped, report.ignored, report.absent) == (("传真", "邮编"), ("备注",), ())


def test_a_missing_required_column_fails_the_run_and_names_the_nearest() -> None:
    with pytest.raises(SourceError) as caught:
        compiled().check_columns(("_row", "企业名称", "代码", "日期", "地区"), "inbox/二月.csv")
    assert str(caught.value) == (
        "'inbox/二月.csv' lacks columns that the map reads: 名称, 省份; the nearest there are: 名称 → 企业名称; "
        "省份 → -; its columns are: 企业名称, 代码, 日期, 地区; restore their names or change the field map m.yml"
    )


def test_of_very_many_columns_a_sentence_names_the_first_and_how_many_there_are() -> None:
    many = [f"列{number}" for number in range(10_000)]
    with pytest.raises(SourceError) as caught:
        compiled().check_columns(many, "宽表.csv")
    assert len(caught.value.text("zh")) < 400
    assert "列18, 列19, … (10000)" in caught.value.text("zh")


def test_no_rows_give_no_records_with_the_right_columns() -> None:
    mapped = compiled().apply(rows())
    assert (mapped.records.height, dict(mapped.records.schema), dict(mapped.findings.schema)) == (0, TARGET, FINDINGS)


def test_a_map_of_constants_alone_keeps_the_number_of_rows() -> None:
    constant = compiled("map: m\ndataset: d\nfields: {kind: {constant: x}}", {"kind": pl.String()})
    assert constant.apply(rows(("a",), ("b",), columns=("名称",))).records.rows() == [("x",), ("x",)]


def test_a_constant_goes_through_its_steps_once_and_for_all() -> None:
    text = "map: m\ndataset: d\nfields: {since: {constant: 2026-05-31, steps: [{date: '%Y-%m-%d'}]}}"
    assert compiled(text, {"since": pl.Date()}).apply(rows(("a",), columns=("名称",))).records.rows() == [
        (date(2026, 5, 31),)
    ]


def test_a_constant_that_does_not_pass_its_own_steps_stops_the_start(refusal: Any) -> None:
    assert refusal("{constant: 2026-02-30, steps: [{date: '%Y-%m-%d'}]}", pl.Date()) == (
        "test/field.yml, fields.field (date): the constant '2026-02-30' does not pass its own step date"
    )


def test_sql_reads_cells_with_what_means_empty_as_null() -> None:
    text = "map: m\ndataset: d\nempty: ['-']\nfields: {name: {sql: \"COALESCE(简称, 名称) || '店'\", steps: [upper]}}"
    mapped = compiled(text, {"name": pl.String()}).apply(
        rows(("-", "a"), ("b", "c"), ("", ""), columns=("简称", "名称"))
    )
    assert mapped.records["name"].to_list() == ["A店", "B店", None]
    assert mapped.findings.select("index", "column").rows() == [(0, "简称"), (1, "简称")]


def test_an_empty_text_that_sql_gives_is_empty() -> None:
    text = "map: m\ndataset: d\nfields: {name: {coalesce: [{sql: \"SPLIT_PART(a, '-', 2)\"}, {from: b}]}}"
    mapping = compile_map(load_field_map(text, "m.yml"), {"name": pl.String()})
    given = pl.DataFrame({"a": ["x-y", "x", None], "b": ["1", "2", None]})
    assert mapping.apply(given).records["name"].to_list() == ["y", "2", None]


@pytest.mark.parametrize("steps", ["[]", "[strip]", "[half_width, strip]", "[strip, upper]"])
@pytest.mark.parametrize(("everywhere", "here"), [("empty: ['N/A', '-']", ""), ("", "empty: ['N/A', '-'], ")])
def test_what_means_empty_does_so_with_white_space_at_its_ends(steps: str, everywhere: str, here: str) -> None:
    text = f"map: m\ndataset: d\n{everywhere}\nfields: {{name: {{from: a, {here}steps: {steps}}}}}"
    mapping = compile_map(load_field_map(text, "m.yml"), {"name": pl.String()})
    given = ["N/A", "N/A ", " N/A", "-\u3000", "\u200bN/A\t", "N / A", "N/A店"]
    made = mapping.apply(pl.DataFrame({"a": given})).records["name"].to_list()
    assert made == [None] * 5 + ["N / A", "N/A店"]


@pytest.mark.parametrize(
    ("steps", "written", "version"),
    [
        (
            "{time: {formats: ['%d/%m/%Y %H:%M:%S%.f'], zone: Asia/Shanghai}}",
            "1/10/2024 8:00:00.5",
            "2024-10-01T00:00:00.500Z",
        ),
        ("{date: '%d/%m/%Y'}", "1/10/2024", "2024-10-01"),
        ("integer", "007", "7"),
    ],
)
def test_steps_may_leave_a_time_a_date_or_a_number_as_the_version(steps: str, written: str, version: str) -> None:
    text = f"map: m\ndataset: d\nfields: {{record_version: {{from: a, steps: [{steps}]}}}}"
    mapping = compile_map(load_field_map(text, "m.yml"), {"record_version": pl.String()})
    assert mapping.apply(pl.DataFrame({"a": [written]})).records["record_version"].to_list() == [version]


def test_the_columns_of_sql_are_demanded() -> None:
    text = 'map: m\ndataset: d\nfields: {name: {sql: "COALESCE(简称, 名称)"}}'
    with pytest.raises(SourceError):
        compiled(text, {"name": pl.String()}).check_columns(("简称",))


def test_a_field_that_the_dataset_has_not_names_the_nearest() -> None:
    with pytest.raises(StartError) as caught:
        compiled(MAP.replace("  name:", "  nmae:"))
    assert str(caught.value) == "m.yml, fields: targets has no field 'nmae'; near or there are: name"


def test_steps_that_end_in_another_type_stop_the_start(refusal: Any) -> None:
    assert refusal("{from: a}", pl.Date()) == (
        "test/field.yml, fields.field: the steps give String, but the field holds Date; a step for it: "
        "{date: [%Y-%m-%d]}"
    )


def test_steps_of_two_types_in_one_coalesce_stop_the_start(refusal: Any) -> None:
    sentence = refusal("{coalesce: [{from: a, steps: [{split: ','}]}, {from: b, steps: [integer]}]}", pl.Int64())
    assert sentence.startswith("test/field.yml, fields.field")


def test_outward_a_column_that_the_dataset_has_not_stops_the_start(refusal: Any) -> None:
    assert refusal("{from: nmae}", name=pl.String()) == (
        "test/field.yml, fields.field: the source has no column 'nmae'; near or there are: name"
    )


def test_outward_a_wire_field_may_have_the_name_of_a_canonical_one() -> None:
    text = "map: m\ndataset: d\nfields: {b: {from: a}, a: {from: b}}"
    schema = {"a": pl.String(), "b": pl.String()}
    mapped = compiled(text, schema, **schema).apply(rows(("1", "2"), columns=("a", "b")))
    assert mapped.records.select("a", "b").rows() == [("2", "1")]


def test_two_fields_from_one_column_share_steps_but_each_is_found() -> None:
    text = "map: m\ndataset: d\nfields: {a: {from: x, steps: [strip, upper]}, b: {from: x, steps: [strip, upper]}}"
    mapped = compiled(text, {"a": pl.String(), "b": pl.String()}).apply(rows((" q",), columns=("x",)))
    assert (mapped.records.rows(), mapped.findings["field"].to_list()) == ([("Q", "Q")], ["a", "b"])


def test_the_column_to_point_at_is_the_first_that_a_field_reads() -> None:
    assert compiled().columns == {
        "name": "名称",
        "code": "代码",
        "since": "日期",
        "region": "地区",
        "kind": "",
    }


def test_many_chunks_are_mapped_as_one() -> None:
    frames = [rows((f"n{number}", "A", "", "", "")) for number in range(10)]
    mapped = compiled().apply(pl.concat(frames))
    assert mapped.records["name"].to_list() == [f"n{number}" for number in range(10)]


def test_threads_may_share_a_compiled_map() -> None:
    one = compiled()
    frames = [rows(*((f"{part}-{row}", "a", "x", "", "") for row in range(200))) for part in range(8)]
    with ThreadPoolExecutor(4) as executor:
        names = [mapped.records["name"][7] for mapped in executor.map(one.apply, frames)]
    assert names == [f"{part}-7" for part in range(8)]
