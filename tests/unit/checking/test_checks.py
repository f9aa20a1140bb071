"""What the declaration of a field and the rules of a dataset find of records."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from gateway.checking import MESSAGES, compile_checks
from gateway.domain.dataset import CodeList, Dataset, Facts, Field, Rule, Type
from gateway.domain.findings import FINDINGS, Outcome, no_findings
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.masks import Meaning, findings_at
from gateway.messages import Message

LEVELS = CodeList("levels", "层级", {"city": "市级", "county": "县级"}, source="test")
ODD = Message("test.odd", zh="{title}“{value}”是奇数", en="{field} {value} is odd")
SAME = Message("test.same", zh="名称与编码相同", en="name and code are equal")

THINGS = Dataset(
    name="things",
    title="事物",
    fields=(
        Field(name="code", title="编码", length=4, required=True, key=True),
        Field(name="label", title="标签", length=4, key=True, absent=""),
        Field(name="name", title="名称", length=3),
        Field(name="level", title="层级", codes=LEVELS),
        Field(name="amount", title="金额", type=Type.MONEY, required=True),
        Field(name="since", title="日期", type=Type.DATE),
        Field(name="scope", title="范围", length=4000),
    ),
    rules=(
        Rule(
            message=ODD,
            field="amount",
            outcome=Outcome.HELD,
            fails=lambda _: pl.col("amount") % 2 == 1,
            allowed="偶数",
            when=lambda _: pl.col("level") == "city",
        ),
        Rule(
            message=SAME,
            field="name",
            outcome=Outcome.NOTE,
            fails=lambda facts: (
                (pl.col("name") == pl.col("code")) & ~pl.col("code").is_in(sorted(facts.exceptions["x"]))
            ),
        ),
    ),
)
CHECKS = compile_checks(THINGS, Facts({"x": frozenset({"ok"})}))
GOOD = {"code": "c1", "amount": 2}
COLUMNS = {"code": "编码列", "name": "名称列"}


def check(*records: dict[str, Any], already: pl.DataFrame | None = None) -> pl.DataFrame:
    frame = pl.DataFrame([{**GOOD, **each} for each in records], schema=THINGS.schema)
    return CHECKS.apply(frame, COLUMNS, no_findings() if already is None else already)


def found(*records: dict[str, Any]) -> list[tuple[Any, ...]]:
    return check(*records).select("index", "outcome", "code", "field", "value").rows()


def test_a_good_record_has_no_findings() -> None:
    findings = check({"name": "甲乙丙", "level": "city", "since": date(2026, 5, 31), "record_version": "7"})
    assert (findings.height, dict(findings.schema)) == (0, FINDINGS)


def test_no_records_have_no_findings() -> None:
    assert CHECKS.apply(pl.DataFrame(schema=THINGS.schema), COLUMNS, no_findings()).height == 0


@pytest.mark.parametrize("code", [None, "", "  ", "\u3000"])
def test_a_required_text_that_is_missing_or_blank_is_rejected(code: str | None) -> None:
    assert found({}, {"code": code}) == [(1, "rejected", "field.required", "code", code)]


def test_a_required_amount_that_is_missing_is_rejected() -> None:
    assert found({"amount": None}) == [(0, "rejected", "field.required", "amount", None)]


def test_a_key_field_that_may_be_absent_may_be_missing() -> None:
    assert found({"label": None}) == []


def test_length_counts_characters() -> None:
    assert found({"name": "甲乙丙"}, {"name": "甲乙丙丁"}, {"name": "𠮷𠮷𠮷"}, {"name": "abcd"}) == [
        (1, "rejected", "field.length", "name", "甲乙丙丁"),
        (3, "rejected", "field.length", "name", "abcd"),
    ]


def test_the_version_that_a_source_gives_is_checked_too() -> None:
    assert [row[2:4] for row in found({"record_version": "9" * 65})] == [("field.length", "record_version")]


def test_a_control_character_is_rejected_and_shown() -> None:
    assert found({"name": "a\x07"}) == [(0, "rejected", "field.control", "name", "a<U+0007>")]


def test_a_line_break_is_refused_in_a_name_and_stands_in_running_text() -> None:
    assert [row[3] for row in found({"name": "a\n", "scope": "a\nb"})] == ["name"]


def test_an_unknown_code_is_held_and_says_what_is_allowed() -> None:
    findings = check({"level": "town"}, {"level": "city"}, {"level": None})
    assert findings.select("index", "outcome", "code", "value").rows() == [(0, "held", "field.code", "town")]
    assert json.loads(findings["arguments"][0]) == {
        "title": "层级",
        "allowed": "city 市级, county 县级",
        "code_list": "层级",
    }


def test_a_long_code_list_is_not_listed_whole() -> None:
    codes = CodeList("many", "许多", {f"k{number}": "t" for number in range(40)}, source="test")
    dataset = Dataset("d", "d", (Field(name="a", title="甲", codes=codes),))
    frame = pl.DataFrame([{"a": "x"}], schema=dataset.schema)
    arguments = compile_checks(dataset, Facts()).apply(frame, {}, no_findings())["arguments"][0]
    assert json.loads(arguments)["allowed"].endswith("k11 t … (40)")


def test_a_rule_points_at_its_field_with_its_outcome_and_what_is_allowed() -> None:
    findings = check({"amount": 3, "level": "city"})
    assert findings.drop("arguments").rows() == [(0, "held", "test.odd", "amount", "", "3")]
    assert json.loads(findings["arguments"][0]) == {"title": "金额", "allowed": "偶数"}


def test_a_rule_is_asked_only_of_records_that_it_is_for() -> None:
    records = ({"amount": 3, "level": level} for level in ("county", "city", None, "city"))
    assert [row[0] for row in found(*records)] == [1, 3]


def test_a_rule_that_gives_null_is_not_broken() -> None:
    assert found({"name": None}) == []


def test_a_rule_knows_the_facts() -> None:
    assert [row[0] for row in found({"code": "ok", "name": "ok"}, {"code": "no", "name": "no"})] == [1]


def test_findings_point_at_the_source_column() -> None:
    assert check({"code": None})["column"].to_list() == ["编码列"]


def test_findings_come_in_the_order_of_records_and_then_of_declaration() -> None:
    assert [row[:1] + row[2:4] for row in found({"name": "甲\x07乙丙"}, {"code": None, "level": "x"})] == [
        (0, "field.length", "name"),
        (0, "field.control", "name"),
        (1, "field.required", "code"),
        (1, "field.code", "level"),
    ]


def finding(index: int, outcome: Outcome, field: str) -> pl.DataFrame:
    meaning = Meaning(outcome, Message("map.x", "零", "x"), field)
    return findings_at(pl.Series([index], dtype=pl.UInt32), pl.Series(["x"]), meaning)


def test_a_field_that_mapping_could_not_fill_is_not_also_called_empty() -> None:
    findings = check({"amount": None}, {"amount": None}, already=finding(0, Outcome.REJECTED, "amount"))
    assert findings.select("index", "code").rows() == [(1, "field.required")]


def test_another_field_or_a_note_does_not_hide_an_empty_one() -> None:
    already = pl.concat([finding(0, Outcome.REJECTED, "name"), finding(0, Outcome.NOTE, "amount")])
    assert check({"amount": None}, already=already)["code"].to_list() == ["field.required"]


def test_every_message_of_a_field_check_is_exported() -> None:
    of_texts = {"control", "no_value", "digits_lost", "as_text", "destroyed", "private_use", "misread"}
    assert {each.code for each in MESSAGES} == {f"field.{each}" for each in {"required", "length", "code"} | of_texts}


def target(**fields: Any) -> pl.DataFrame:
    record = {
        "kind": "enterprise",
        "identifier_scheme": "uscc",
        "identifier": "91370202264706576B",
        "name": "青岛天高装饰工程有限公司",
        "region_code": "370200",
    }
    schema = INSPECTION_TARGETS.schema
    frame = pl.DataFrame([{**record, **fields}], schema=schema)
    checks = compile_checks(INSPECTION_TARGETS, Facts({"uscc": frozenset({"91350211M0000XUF46"})}))
    return checks.apply(frame, {}, no_findings()).select("outcome", "code", "field")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"identifier": "91370202264706576C"}, [("rejected", "identifier.uscc", "identifier")]),
        ({"identifier": "91350211M0000XUF46"}, [("note", "identifier.exception", "identifier")]),
        (
            {"identifier_scheme": "registration_number", "identifier": "1"},
            [("rejected", "identifier.registration_number", "identifier")],
        ),
        (
            {"identifier_scheme": "organization_code", "identifier": "1"},
            [("rejected", "identifier.organization_code", "identifier")],
        ),
        (
            {"identifier_scheme": "resident_id", "identifier": "1"},
            [("rejected", "identifier.resident_id", "identifier")],
        ),
        ({"identifier_scheme": "local", "identifier": "1"}, []),
        ({"identifier_scheme": "nonsense"}, [("held", "field.code", "identifier_scheme")]),
        ({"region_code": "990000"}, [("held", "region.unknown", "region_code")]),
        ({"province": "山东"}, []),
        ({"province": "山东省"}, []),
        ({"province": "鲁"}, []),
        ({"province": "山东", "region_code": "370000"}, []),
        ({"province": "山东", "region_code": None}, []),
        ({"province": "山东", "region_code": "130100"}, [("held", "region.other_province", "region_code")]),
        ({"province": "新疆", "region_code": "370200"}, [("held", "region.other_province", "region_code")]),
        ({"province": "山东", "region_code": "990000"}, [("held", "region.unknown", "region_code")]),
        ({"registered_capital": -1}, [("rejected", "amount.negative", "registered_capital")]),
        ({"registered_capital": 0}, []),
    ],
)
def test_the_rules_of_inspection_targets_each_find_their_fault(fields: Any, expected: Any) -> None:
    assert target(**fields).rows() == expected
