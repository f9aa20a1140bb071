"""Whatever is wrong with a field map stops the start, with its file, the place and what would be right."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.domain.departments import DEPARTMENTS
from gateway.errors import StartError
from gateway.mapping import check_covers, load_field_map

GOOD = """
map: departments/demo/departments
dataset: departments
empty: ["N/A"]
ignore: {备注: 内部使用}
fields:
  department_code: {from: 编码, steps: [strip]}
  name: {from: 名称}
  level: {constant: city}
"""
FILE = "mappings/departments/demo/departments.yml"


def refused(text: str, name: str = FILE) -> str:
    with pytest.raises(StartError) as caught:
        load_field_map(text, name)
    assert re.findall(r"{\w+}", caught.value.text("zh")) == []
    return caught.value.text("en")


def digest(text: str) -> str:
    return load_field_map(text, FILE).digest


def test_a_map_says_what_it_reads() -> None:
    field_map = load_field_map(GOOD, FILE)
    assert (field_map.dataset, list(field_map.fields), field_map.source_columns, field_map.ignore) == (
        "departments",
        ["department_code", "name", "level"],
        frozenset({"编码", "名称"}),
        {"备注": "内部使用"},
    )


def test_a_step_that_is_not_there_names_the_nearest() -> None:
    assert refused(GOOD.replace("[strip]", "[stirp]")) == (
        f"{FILE}, fields.department_code.steps[1]: there is no step named 'stirp'; "
        "the nearest are: strip; "
        "the steps are: strip, half_width, upper, empty, extract, lookup, split, join, date, time, format, decimal, "
        "integer, boolean"
    )


@pytest.mark.parametrize(
    ("found", "written", "sentence"),
    [
        ("empty: [", "emty: [", "(file): there is no 'emty' here; the nearest are: empty; allowed are: map, dataset,"),
        (
            "from: 名称",
            "from: 名称, step: [strip]",
            "fields.name: there is no 'step' here; the nearest are: steps;",
        ),
        ("from: 名称", "form: 名称", "fields.name should say exactly one of from, constant, coalesce, sql, but says:"),
        ("from: 名称", "from: 名称, constant: x", "fields.name should say exactly one of"),
        ("[strip]", "strip", "fields.department_code.steps should be a list ([…]), but is 'strip'"),
        ("[strip]", "[[strip]]", "fields.department_code.steps[1] should be a step, as strip or {date: …}, but is"),
        ("[strip]", "[{strip: x}]", "steps[1] (strip) should be a mapping (name: value), but is 'x'"),
        ("[strip]", "[{decimal: {unit: 元, places: 2}}]", "(decimal): there is no 'places' here; the nearest are: "),
        ("[strip]", "[{decimal: {}}]", "steps[1] (decimal) is wrong: unit: must be stated"),
        ("[strip]", "[split]", "steps[1] (split) is wrong: separator: must be stated"),
        ("{from: 名称}", "名称", "fields.name should be a mapping (name: value), but is '名称'"),
        ("{from: 名称}", "{coalesce: [{constant: x}]}", "fields.name.coalesce[1] should say exactly one of from,"),
        ("dataset: departments\n", "", "(file) is wrong: dataset: must be stated"),
        ("{备注: 内部使用}", "[备注]", "(file) is wrong: ignore: must map names to values"),
    ],
)
def test_a_mistake_says_where_it_stands(found: str, written: str, sentence: str) -> None:
    assert found in GOOD
    assert sentence in refused(GOOD.replace(found, written))


def test_a_mistake_is_told_in_chinese() -> None:
    with pytest.raises(StartError) as caught:
        load_field_map(GOOD.replace("[strip]", "[{decimal: 千元}]"), FILE)
    assert "steps[1] (decimal) 有误：unit：只能是 '分'、" in caught.value.text("zh")


def test_a_map_without_fields_is_refused() -> None:
    assert "fields" in refused("map: departments/demo/departments\ndataset: departments\n")


def test_an_empty_file_is_refused() -> None:
    assert refused("") == f"{FILE}, (file) should be a mapping (name: value), but is ''"


@pytest.mark.parametrize("said", ["departments", "demo/departments", "departments/demo/departments"])
def test_a_map_says_the_path_where_it_stands(said: str) -> None:
    assert load_field_map(GOOD.replace("departments/demo/departments", said), FILE).map == said


def test_a_map_that_says_another_path_is_refused() -> None:
    sentence = refused(GOOD, "mappings/departments/other/departments.yml")
    assert sentence.startswith("mappings/departments/other/departments.yml says map: departments/demo/departments, ")


def test_a_field_said_twice_is_refused_with_its_line() -> None:
    assert "line 9 says the key 'name' again, which stands on line 8" in refused(
        GOOD.replace("  level: {constant: city}", "  name: {constant: city}")
    )


def test_one_column_has_one_default() -> None:
    twice = GOOD.replace("{from: 名称}", "{from: 名称, default: a}") + "  uscc: {from: 名称, default: b}\n"
    assert "the column '名称' has two different defaults" in refused(twice)


def test_layout_comments_and_order_of_fields_leave_the_digest_as_it_was() -> None:
    lines = GOOD.strip().splitlines()
    turned = "\n".join([*lines[:5], *reversed(lines[5:]), "# the end"]).replace("[strip]", "[ 'strip' ]")
    assert digest(turned) == digest(GOOD)


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ("[strip]", "[upper]"),
        ("[strip]", "[strip, strip]"),
        ('["N/A"]', '["-"]'),
        ("constant: city", "constant: county"),
        ("from: 名称", "from: 全称"),
        ("from: 名称", 'from: 名称, default: ""'),
        ("内部使用", "不用"),
        ("[strip]", "[{lookup: {a: b}}]"),
    ],
)
def test_what_a_map_says_is_in_its_digest(found: str, written: str) -> None:
    assert digest(GOOD.replace(found, written)) != digest(GOOD)


def test_the_digest_of_a_map_is_frozen() -> None:
    assert digest(GOOD) == "b09ca8fca672041a15fed04222bc88a7cd5e9272fda1dfa0a6614fba80afbce7"


def test_required_fields_that_the_map_does_not_fill_are_named() -> None:
    with pytest.raises(StartError) as caught:
        check_covers(load_field_map(GOOD, FILE), DEPARTMENTS)
    assert str(caught.value) == (
        f"{FILE} does not fill the required fields of departments: region_code; say where they come from"
    )


def test_a_map_that_fills_every_required_field_covers() -> None:
    check_covers(load_field_map(GOOD + "  region_code: {from: 区划}\n", FILE), DEPARTMENTS)


@pytest.mark.parametrize(
    "sql",
    [
        "SUM(a)",
        "FIRST(a)",
        "MAX(a) OVER (PARTITION BY b)",
        "ROW_NUMBER() OVER ()",
        "CAST(a AS INT)",
        "a::int",
        "a || NOW()",
        "a || CURRENT_DATE",
        "(SELECT a)",
        "a IN (SELECT b FROM t)",
        "read_csv('/etc/passwd')",
        "a; b",
        "a || random()",
    ],
)
def test_sql_that_looks_beyond_its_row_or_can_fail_is_refused(refusal: Any, sql: str) -> None:
    assert "is not allowed in sql" in refusal(f'{{sql: "{sql}"}}')


@pytest.mark.parametrize(("sql", "what"), [("a ||", "unable to parse"), ("'x'", "names no column"), ("*", "")])
def test_sql_that_is_not_understood_is_refused(refusal: Any, sql: str, what: str) -> None:
    sentence = refusal(f'{{sql: "{sql}"}}')
    assert sentence.startswith(f"test/field.yml, fields.field: the sql {sql!r} cannot be read: ")
    assert what in sentence.lower()


def test_words_inside_quotes_are_no_calls(refusal: Any) -> None:
    load_field_map("map: m\ndataset: d\nfields: {a: {sql: \"REPLACE(x, 'SUM(y); ::', '')\"}}", "m.yml")


@pytest.mark.parametrize("sql", ["TRY_CAST(a AS BIGINT)", "TRY_CAST(a AS DATE)"])
def test_sql_that_would_empty_a_bad_value_unseen_is_refused(refusal: Any, sql: str) -> None:
    assert "the steps integer, decimal, date, time and boolean read other types" in refusal(f'{{sql: "{sql}"}}')


@pytest.mark.parametrize(
    "sql", ["CASE WHEN a = 'x' THEN 'y' END", "CASE a WHEN 'x' THEN CASE b WHEN 'ELSE' THEN '1' END ELSE 'z' END"]
)
def test_a_case_that_lists_not_every_value_is_refused(refusal: Any, sql: str) -> None:
    assert "has no ELSE" in refusal(f'{{sql: "{sql}"}}')


@pytest.mark.parametrize(
    "sql",
    [
        "REPLACE(a, 'x', NULL)",
        "REPLACE(a, b, 'x')",
        "REGEXP_LIKE(a, '(')",
        "REGEXP_LIKE(a, b)",
        "STRPOS(a, b)",
        "a = 1",
        "CASE WHEN a THEN a ELSE b END",
    ],
)
def test_sql_that_some_cell_would_make_fail_is_refused_when_the_map_is_loaded(refusal: Any, sql: str) -> None:
    assert f"the sql {sql!r} fails for some cells" in refusal(f'{{sql: "{sql}"}}')
