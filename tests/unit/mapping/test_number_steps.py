"""Steps between texts and numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.number_steps import Decimal as DecimalStep

MapOne = Any

MONEY = pl.Int64()
WAN = "[{decimal: {unit: 万元, separators: ','}}]"


@pytest.mark.parametrize(
    ("unit", "text", "fen"),
    [
        ("万元", "50", 50_000_000),
        ("万元", "1094.3000", 1_094_300_000),
        ("万元", "0.000001", 1),
        ("万元", "2333833.5563", 2_333_833_556_300),
        ("万元", "0", 0),
        ("万元", "1.50000000", 1_500_000),
        ("元", "999999999999.99", 99_999_999_999_999),
        ("元", "-12.5", -1250),
        ("分", "007", 7),
        ("亿元", "1.0000000001", 10_000_000_001),
    ],
)
def test_an_amount_is_read_exactly(map_one: MapOne, unit: str, text: str, fen: int) -> None:
    found = map_one(f"[{{decimal: {unit}}}]", [text], MONEY)
    assert (found.values, found.found) == ([fen], [])


@pytest.mark.parametrize(
    "text",
    [
        "0.0000001",
        "1e3",
        "+5",
        ".5",
        "5.",
        "1.2.3",
        "-",
        "一万",
        "５",
        "1,5",
        "1,0000",
        ",100",
        "1 000",
        "inf",
        "9" * 20,
    ],
)
def test_what_is_no_exact_amount_is_rejected(map_one: MapOne, text: str) -> None:
    found = map_one(WAN, [text], MONEY)
    assert (found.values, found.found) == ([None], [(0, "rejected", "map.decimal", text)])


def test_separators_part_groups_of_three(map_one: MapOne) -> None:
    assert map_one(WAN, ["1,094.3", "38,142.8600", "2,333,833.5563", "1040"], MONEY).values == [
        1_094_300_000,
        38_142_860_000,
        2_333_833_556_300,
        1_040_000_000,
    ]


def test_a_separator_that_is_not_declared_is_rejected(map_one: MapOne) -> None:
    assert map_one("[{decimal: 万元}]", ["1,094"], MONEY).found == [(0, "rejected", "map.decimal", "1,094")]


def test_a_unit_outside_the_closed_set_is_refused(refusal: Any) -> None:
    sentence = refusal("{from: a, steps: [{decimal: 千元}]}", MONEY)
    assert sentence.startswith("test/field.yml, fields.field.steps[1] (decimal) is wrong: unit: must be one of '分'")


def test_outward_an_amount_is_written_without_needless_zeros(map_one: MapOne) -> None:
    fen = [50_000_000, 1_094_300_000, 1, 0, -1_250_000, None, 100]
    assert map_one("[{decimal: 万元}]", fen, source=MONEY).values == [
        "50",
        "1094.3",
        "0.000001",
        "0",
        "-1.25",
        None,
        "0.0001",
    ]


def test_outward_the_smallest_unit_is_a_whole_number(map_one: MapOne) -> None:
    assert map_one("[{decimal: 分}]", [-100, 7], source=MONEY).values == ["-100", "7"]


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(["分", "元", "万元", "亿元"]))
def test_written_and_read_again_an_amount_is_the_same(fen: int, unit: Any) -> None:
    step = DecimalStep(unit=unit)
    frame = pl.DataFrame({"fen": [fen]}, schema={"fen": pl.Int64()})
    frame = frame.with_columns(text=step.on(pl.col("fen"), pl.Int64()))
    assert frame.select(step.on(pl.col("text"), pl.String())).item() == fen
    assert Decimal(frame["text"][0]).scaleb({"分": 0, "元": 2, "万元": 6, "亿元": 10}[unit]) == fen


def test_an_integer_keeps_no_zeros_and_refuses_the_rest(map_one: MapOne) -> None:
    found = map_one("[integer]", ["007", "-3", "1.0", "", "9" * 19], pl.Int64())
    assert found.values == [7, -3, None, None, None]
    assert found.found == [(2, "rejected", "map.integer", "1.0"), (4, "rejected", "map.integer", "9" * 19)]
