"""Chinese text breaks between characters, and nowhere else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gateway.cli.wrapping import wrapped

TEXT = st.text(st.sampled_from("检查对象名录库，。“”（）91AB-_% =abc"), max_size=120)


def test_chinese_breaks_between_any_two_characters() -> None:
    assert wrapped("检查对象名录库", 6) == ["检查对", "象名录", "库"]


def test_a_number_or_code_is_never_broken() -> None:
    assert wrapped("标识91371121XXXX002381无效", 19) == ["标识", "91371121XXXX002381", "无效"]


def test_no_line_begins_with_a_closing_sign() -> None:
    assert wrapped("检查对象，名录", 8) == ["检查对", "象，名录"]


def test_no_line_ends_with_an_opening_sign() -> None:
    assert wrapped("检查对“象”", 8) == ["检查对", "“象”"]


def test_english_breaks_at_spaces_and_loses_them_there() -> None:
    assert wrapped("a row is rejected", 9) == ["a row is", "rejected"]


def test_line_breaks_are_kept() -> None:
    assert wrapped("一\n二", 10) == ["一", "二"]


@given(TEXT, st.integers(4, 40))
def test_no_line_is_wider_than_allowed_and_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert [line for line in lines if cell_len(line) > width] == []
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
