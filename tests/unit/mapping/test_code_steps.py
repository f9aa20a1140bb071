"""Steps that read codes: an unknown code is an issue, never a default."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

MapOne = Any

REGIONS = "{lookup: {青岛: '370200', 济南: '370100', 不详: ''}}"


def test_lookup_gives_the_text_beside(map_one: MapOne) -> None:
    assert map_one(f"[{REGIONS}]", ["青岛", "济南", None]).values == ["370200", "370100", None]


def test_an_unknown_code_is_held_and_not_filled(map_one: MapOne) -> None:
    found = map_one(f"[{REGIONS}]", ["青岛", "莱芜"])
    assert (found.values, found.found) == (["370200", None], [(1, "held", "map.lookup", "莱芜")])


def test_an_unknown_code_says_what_the_table_holds(map_one: MapOne) -> None:
    findings = map_one(f"[{REGIONS}]", ["莱芜"]).mapped.findings
    assert json.loads(findings["arguments"][0]) == {"allowed": "青岛, 济南, 不详"}


def test_a_long_table_is_not_listed_whole(map_one: MapOne) -> None:
    table = ", ".join(f"k{number}: v" for number in range(300))
    findings = map_one(f"[{{lookup: {{{table}}}}}]", ["x"]).mapped.findings
    assert json.loads(findings["arguments"][0])["allowed"].endswith("k11 … (300)")


def test_nothing_on_the_right_states_that_there_is_none(map_one: MapOne) -> None:
    found = map_one(f"[{REGIONS}]", ["不详"])
    assert (found.values, found.found) == ([None], [])


def test_lookup_takes_booleans_and_numbers_outward(map_one: MapOne) -> None:
    assert map_one("[{lookup: {'true': 是, 'false': 否}}]", [True, False, None], source=pl.Boolean()).values == [
        "是",
        "否",
        None,
    ]


def test_a_table_key_stays_text_as_written(map_one: MapOne) -> None:
    assert map_one("[{lookup: {no: '1', 010: '2'}}]", ["no", "010"]).values == ["1", "2"]


def test_boolean_knows_only_its_words(map_one: MapOne) -> None:
    found = map_one("[{boolean: {true: [是, Y], false: [否]}}]", ["是", "Y", "否", "也许", None], pl.Boolean())
    assert (found.values, found.found) == ([True, True, False, None, None], [(3, "held", "map.boolean", "也许")])


def test_a_word_cannot_mean_both(refusal: Any) -> None:
    assert "是 stands under both true and false" in refusal(
        "{from: a, steps: [{boolean: {true: [是], false: [否, 是]}}]}"
    )
