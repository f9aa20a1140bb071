"""Characters that no field may hold, found by the bytes of a whole column."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checking.control_characters import RUNNING_TEXT, rows_with_control_characters
from gateway.checking.text_bytes import TextBytes

REFUSED = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)

# Close neighbours of what is refused, and what stands in real registers.
LIKELY = "\x07\t\n\r\x1f \x7e\x7f\x80\x9f\xa0\xac\xad\xae·é“”—…\u200a\u200b\u200f\u2010\u2027\u2028\u202e\u202f"
LIKELY += "\u205f\u2060\u206f\u2070"
LIKELY += "、。中﻿，￥～\ufefe\ufeff\uff00\uffbf\ufffd\ufffe\uffff𠮷😀"
LIKELY += "\u061b\u061c\u061d\u180d\u180e\u180f\u27ff\u2800\u2801\u3163\u3164\u3165\ufff8\ufff9\ufffb\ufffc"
LIKELY += "\U000dffff\U000e0000\U000e0041\U000e007f\U000e0080\U000e0100"


def rows(texts: list[str | None], length: int | None = 100) -> list[int]:
    return rows_with_control_characters(TextBytes(pl.Series(texts, dtype=pl.String)), length).to_list()


def by_pattern(texts: list[str | None], length: int) -> list[int]:
    pattern = REFUSED if length > RUNNING_TEXT else f"{REFUSED[:-1]}\t\n\r]"
    return [row for row, text in enumerate(texts) if text and re.search(pattern, text)]


@given(st.lists(st.none() | st.text(st.sampled_from(LIKELY), max_size=6), max_size=8), st.sampled_from([100, 4000]))
def test_the_bytes_say_what_a_pattern_would_say(texts: list[str | None], length: int) -> None:
    assert rows(texts, length) == by_pattern(texts, length)


@given(st.lists(st.none() | st.text(max_size=20), max_size=8))
def test_any_text_at_all_is_judged_like_by_a_pattern(texts: list[str | None]) -> None:
    assert rows(texts) == by_pattern(texts, 100)


POINTS = [
    0x00,
    0x08,
    0x0B,
    0x1F,
    0x7F,
    0x80,
    0x9F,
    0xAD,
    0x200B,
    0x200F,
    0x2028,
    0x202E,
    0x2060,
    0x206F,
    0xFEFF,
    0xFFFE,
    0xFFFF,
]


@pytest.mark.parametrize("point", POINTS)
def test_an_invisible_character_is_found_in_its_row(point: int) -> None:
    assert rows(["甲", None, "", f"乙{chr(point)}丙", "丁"]) == [3]


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb"])
def test_lines_are_part_of_running_text_alone(text: str) -> None:
    assert (rows([text], 4000), rows([text], None), rows([text], 500)) == ([], [], [0])


def test_empty_columns_hold_none() -> None:
    assert (rows([]), rows([None]), rows(["", ""])) == ([], [], [])


def test_a_row_is_named_once_however_many_it_holds() -> None:
    assert rows(["\x01\x02\u200b", "甲", "\x7f"]) == [0, 2]


def test_a_column_of_several_chunks_is_one_column() -> None:
    column = pl.concat([pl.Series(["甲", "乙\x07"]), pl.Series(["丙"]), pl.Series(["\x07"])])
    assert rows_with_control_characters(TextBytes(column), 100).to_list() == [1, 3]
