"""Steps that tidy or take apart texts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

MapOne = Any

LIST = pl.List(pl.String())


def test_strip_takes_every_kind_of_white_space_off_both_ends(map_one: MapOne) -> None:
    found = map_one("[strip]", [" a ", "\u3000甲 乙\u3000", "\u200b\ufeffx\u00a0", "\t\r\nq\n", "a\u2003"])
    assert (found.values, found.found) == (["a", "甲 乙", "x", "q", "a"], [])


def test_strip_leaves_what_is_nothing_but_white_space_empty(map_one: MapOne) -> None:
    assert map_one("[strip]", [" \u3000\u200b", "", None]).values == [None, None, None]


def test_white_space_alone_is_a_value_without_strip(map_one: MapOne) -> None:
    assert map_one("[upper]", ["\u3000"]).values == ["\u3000"]


def test_strip_leaves_control_characters_for_the_checks_to_see(map_one: MapOne) -> None:
    assert map_one("[strip]", ["a\x0b", "\x07b", "c\x85"]).values == ["a\x0b", "\x07b", "c\x85"]


def test_half_width_brings_letters_digits_signs_and_spaces(map_one: MapOne) -> None:
    assert map_one("[half_width]", ["５０（万）", "Ａｂ～！", "甲\u3000乙，。"]).values == [
        "50(万)",
        "Ab~!",
        "甲 乙,。",
    ]


def test_upper_raises_and_leaves_a_note_where_it_changed_something(map_one: MapOne) -> None:
    found = map_one("[upper]", ["91370200x14353886F", "91370200X", None])
    assert found.values == ["91370200X14353886F", "91370200X", None]
    assert found.found == [(0, "note", "map.upper", "91370200x14353886F")]


def test_empty_marks_texts_compared_whole_save_white_space_at_their_ends(map_one: MapOne) -> None:
    given = ["无", "-", "无锡", "--", " 无", "-\u3000", "- -"]
    assert map_one("[{empty: [无, '-']}]", given).values == [None, None, "无锡", "--", None, None, "- -"]


def test_extract_takes_what_the_group_matches(map_one: MapOne) -> None:
    found = map_one(r"[{extract: '^([0-9]+)万(?:元)?$'}]", ["50万元", "6万", None])
    assert (found.values, found.found) == (["50", "6", None], [])


def test_a_filled_value_that_does_not_match_is_rejected(map_one: MapOne) -> None:
    found = map_one("[{extract: '^([0-9]+)万$'}]", ["若干", "50万"])
    assert (found.values, found.found) == ([None, "50"], [(0, "rejected", "map.pattern", "若干")])


def test_an_empty_match_means_absent_and_is_no_finding(map_one: MapOne) -> None:
    found = map_one("[{extract: '^[0-9]+万(.*)$'}]", ["50万", "50万美元"])
    assert (found.values, found.found) == ([None, "美元"], [])


@pytest.mark.parametrize(("pattern", "what"), [("^a$", "0 groups"), ("(a)(b)", "2 groups"), ("(a", "unclosed group")])
def test_a_pattern_must_have_one_group(refusal: Any, pattern: str, what: str) -> None:
    sentence = refusal(f"{{from: a, steps: [{{extract: '{pattern}'}}]}}")
    assert sentence.startswith(
        f"test/field.yml, fields.field.steps[1] (extract): the pattern {pattern!r} cannot be used"
    )
    assert what in sentence


def test_split_gives_parts_and_drops_empty_ones(map_one: MapOne) -> None:
    found = map_one("[{split: ；}, strip]", ["甲； 乙；", "；", None, "丙"], LIST)
    assert found.values == [["甲", "乙"], None, None, ["丙"]]


def test_steps_between_split_and_join_work_on_each_part(map_one: MapOne) -> None:
    found = map_one(
        "[{split: ','}, strip, {lookup: {甲: '1', 乙: '2', 无: ''}}, {join: '|'}]", ["甲, 乙", "无,甲", "甲,丁"]
    )
    assert found.values == ["1|2", "1", "1"]
    assert found.found == [(2, "held", "map.lookup", "甲,丁")]


def test_a_raised_part_is_noted(map_one: MapOne) -> None:
    found = map_one("[{split: ','}, upper, {join: ','}]", ["A,b", "A,B", None])
    assert (found.values, found.found) == (["A,B", "A,B", None], [(0, "note", "map.upper", "A,b")])


@pytest.mark.parametrize(("sign", "text"), [("|", "x|y"), ("|", "a;x|y"), ("||", "a|;b")])
def test_a_part_that_holds_the_sign_it_is_joined_by_is_rejected(map_one: MapOne, sign: str, text: str) -> None:
    found = map_one(f"[{{split: ';'}}, {{join: '{sign}'}}]", [text, "x;y"])
    assert (found.values, found.found) == ([None, f"x{sign}y"], [(0, "rejected", "map.join", text)])


def test_white_space_joins_any_parts(map_one: MapOne) -> None:
    found = map_one("[{split: ';'}, {join: ' '}]", ["甲 乙;丙", ";"])
    assert (found.values, found.found) == (["甲 乙 丙", None], [])


def test_parts_that_are_all_held_are_no_further_fault(map_one: MapOne) -> None:
    found = map_one("[{split: ';'}, {lookup: {甲: '1'}}, {join: '|'}]", ["丁"])
    assert [code for _, _, code, _ in found.found] == ["map.lookup"]


def test_join_is_refused_for_single_texts(refusal: Any) -> None:
    assert refusal("{from: a, steps: [{join: ','}]}") == (
        "test/field.yml, fields.field (join): the step join does not take String, it takes List"
    )
