"""The registry that benchmarks generate is what it says: its dirt, and nothing else, is found."""

from __future__ import annotations

from collections import Counter

import polars as pl

from gateway.checking import compile_checks, verdicts
from gateway.domain.dataset import Facts
from gateway.domain.identifiers import check_character_uscc
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.mapping import compile_map, load_field_map
from tests.benchmarks.generated_registry import (
    DIRTY_EVERY,
    DIRTY_KINDS,
    MAP,
    MAP_FILE,
    dirty_rows,
    registry,
    registry_frames,
)

ROWS = DIRTY_EVERY * len(DIRTY_KINDS) * 3


def test_each_kind_of_dirt_is_found_as_often_as_it_was_made() -> None:
    compiled = compile_map(load_field_map(MAP_FILE.read_text(encoding="utf-8"), MAP), INSPECTION_TARGETS.schema)
    rows = registry(ROWS)
    mapped = compiled.apply(rows)
    checked = compile_checks(INSPECTION_TARGETS, Facts()).apply(mapped.records, compiled.columns, mapped.findings)
    found = pl.concat([mapped.findings, checked])
    assert compiled.check_columns(rows.columns).unmapped == ()
    assert Counter(zip(found["code"], found["column"], strict=True)) == {
        ("identifier.uscc", "统一社会信用代码"): 3,
        ("field.required", "企业名称"): 3,
        ("map.date", "注册日期"): 3,
        ("field.code", "企业类型"): 3,
        ("field.length", "企业名称"): 3,
        ("field.control", "注册地址"): 3,
        ("map.lookup", "地区"): 3,
        ("map.pattern", "注册资金"): 3,
    }
    assert (verdicts(found, ROWS) != "accepted").sum() == dirty_rows(ROWS) == 24


def test_clean_codes_have_the_check_character_of_the_standard() -> None:
    codes = registry(100)["统一社会信用代码"].to_list()
    assert [number for number, code in enumerate(codes) if check_character_uscc(code[:17]) != code[17]] == [7]


def test_made_in_frames_it_is_the_same() -> None:
    assert pl.concat(registry_frames(100, 30)).equals(registry(100))


def test_the_next_day_one_in_a_hundred_has_another_phone() -> None:
    changed = (
        registry(1000)
        .with_columns(registry(1000, changed=True)["联系电话"].alias("next"))
        .filter(pl.col("联系电话") != pl.col("next"))
    )
    assert changed.height == 10
