"""Initials of pinyin, as departments abbreviate the names of their columns."""

from __future__ import annotations

import pytest

from gateway.domain.pinyin import initials


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("姓名", "xm"),
        ("执法证号", "zfzh"),
        ("统一社会信用代码", "tyshxydm"),
        ("法定代表人", "fddbr"),
        ("注册资本", "zczb"),
        ("成立日期", "clrq"),
        ("经营范围", "jyfw"),
        ("注册号", "zch"),
        ("啊座", "az"),
    ],
)
def test_each_character_gives_its_letter(text: str, letters: str) -> None:
    assert initials(text) == letters


def test_a_character_that_is_read_otherwise_in_a_word_is_known() -> None:
    assert [initials("行业代码"), initials("开户银行"), initials("行政区划")] == ["hydm", "khyh", "xzqh"]


def test_letters_and_digits_stay_and_signs_fall_away() -> None:
    assert initials("A类（2024）-许可") == "al2024xk"


def test_a_character_without_a_known_reading_is_said_to_be_unknown() -> None:
    assert initials("翀𠮷") == "??"
