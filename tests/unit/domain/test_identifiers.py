from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_2, mod_11_10

from gateway.domain.identifiers import (
    DIGITS,
    DIGITS_AND_LETTERS,
    DIGITS_AND_X,
    USCC_ALPHABET,
    USCC_KINDS,
    check_character_organization_code,
    check_character_registration_number,
    check_character_resident_id,
    check_character_uscc,
    is_organization_code,
    is_registration_number,
    is_resident_id,
    is_uscc,
)

Check = Callable[[pl.Expr], pl.Expr]

REGISTRY = Path(__file__).parents[3].parent / "shared" / "data" / "registry"

USCCS = (
    "91110000600037341L",
    "913301007161035748",
    "91330203674737244W",
    "91110000101623741K",
    "911101066976941872",
    "91230500MA1B3N1N2M",
    "11230500001755309F",
    "11420000MB15291767",
)
ORGANIZATION_CODES = ("10162374-1", "67473724-4", "MA1B3N1N-2", "71610357-4", "00175530-9")
REGISTRATION_NUMBERS = (
    "330100000111310",
    "330106000349996",
    "330000000036006",
    "330203000030639",
    "330282608024131",
    "331022000026894",
)
RESIDENT_ID = "11010519491231002X"
GENUINE_EXCEPTION = "91350211M0000XUF46"

CHECKS = (is_uscc, is_organization_code, is_registration_number, is_resident_id)
PREFIXES = [authority + kind for authority, kinds in USCC_KINDS.items() for kind in kinds]

ODD = (
    "",
    " ",
    "\0",
    "\0" * 18,
    "😀" * 18,
    "😀😀😀😀12",
    "１" * 18,
    "９１１１００００６０００３７３４１Ｌ",
    "é" * 9,
    "-" * 18,
    "\n" * 18,
    "91110000600037341L\n",
    "\n91110000600037341L",
    " 91110000600037341L",
    "91110000600037341L ",
    "91110000600037341",
    "91110000600037341L0",
    "91110000600037341l",
    "٣" * 15,
    "330100000111310\0",
    "9" * 100_000,
)


def judged(check: Check, *texts: str | None) -> list[bool | None]:
    return pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).select(check(pl.col("text")))["text"].to_list()


def holds(check: Check, text: str) -> bool | None:
    return judged(check, text)[0]


def text_of(alphabet: str, length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=alphabet, min_size=length, max_size=length)


first17 = st.tuples(st.sampled_from(PREFIXES), text_of(DIGITS, 6), text_of(USCC_ALPHABET, 9)).map("".join)
usccs = first17.map(lambda text: text + check_character_uscc(text))
digit_organization_codes = text_of(DIGITS, 8).map(lambda text: text + check_character_organization_code(text))
registration_numbers = text_of(DIGITS, 14).map(lambda text: text + check_character_registration_number(text))
birth_dates = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(lambda day: f"{day:%Y%m%d}")
resident17 = st.tuples(st.just("37"), text_of(DIGITS, 4), birth_dates, text_of(DIGITS, 3)).map("".join)
resident_ids = resident17.map(lambda text: text + check_character_resident_id(text))


@st.composite
def substituted(draw: st.DrawFn, valid: st.SearchStrategy[str], alphabet: str) -> str:
    text = draw(valid)
    place = draw(st.integers(0, len(text) - 1))
    other = draw(st.sampled_from([each for each in alphabet if each != text[place]]))
    return text[:place] + other + text[place + 1 :]


@pytest.mark.parametrize(
    ("check", "examples"),
    [
        (is_uscc, USCCS),
        (is_organization_code, ORGANIZATION_CODES),
        (is_organization_code, [code.replace("-", "") for code in ORGANIZATION_CODES]),
        (is_organization_code, [code[8:17] for code in (*USCCS, GENUINE_EXCEPTION)]),
        (is_registration_number, REGISTRATION_NUMBERS),
        (is_resident_id, [RESIDENT_ID]),
    ],
)
def test_the_published_examples_pass(check: Check, examples: list[str]) -> None:
    assert judged(check, *examples) == [True] * len(examples)


def test_the_genuine_code_with_a_wrong_check_character_fails() -> None:
    assert holds(is_uscc, GENUINE_EXCEPTION) is False


# Their 17 values times 3^place and the check value add up to a multiple of 31, reckoned here with plain numbers.
@pytest.mark.parametrize("code", ["A1110000000000000D", "N2370402MF00000003", "Y1370000MB00000004"])
def test_codes_of_the_army_the_countryside_and_others_pass(code: str) -> None:
    values = [USCC_ALPHABET.index(each) for each in code]
    total = sum(value * 3**place for place, value in enumerate(values[:17])) + values[17]
    assert total % 31 == 0
    assert holds(is_uscc, code) is True
    assert stdnum_uscc.is_valid(code) is False  # the oracle takes digits alone for the first two


def test_every_listed_prefix_passes_and_no_other() -> None:
    every = [a + b for a in USCC_ALPHABET for b in USCC_ALPHABET]
    codes = [prefix + "370402MA3000000" for prefix in every]
    codes = [code + check_character_uscc(code) for code in codes]
    passed = [prefix for prefix, good in zip(every, judged(is_uscc, *codes), strict=True) if good]
    assert " ".join(passed) == (
        "11 12 13 19 21 29 31 32 33 34 35 39 41 49 51 52 53 54 55 59 61 62 69 71 72 79 81 89 91 92 93 "
        "A1 A9 N1 N2 N3 N9 Y1"
    )


@pytest.mark.parametrize("check", CHECKS)
def test_null_stays_null(check: Check) -> None:
    assert judged(check, None, "x", None) == [None, False, None]


@pytest.mark.parametrize("check", CHECKS)
def test_a_column_of_nulls_or_no_rows_is_judged(check: Check) -> None:
    assert judged(check, None) == [None]
    assert judged(check) == []


@pytest.mark.parametrize("check", CHECKS)
def test_odd_texts_are_false(check: Check) -> None:
    assert judged(check, *ODD) == [False] * len(ODD)


@pytest.mark.parametrize("check", CHECKS)
@given(texts=st.lists(st.none() | st.text() | text_of(DIGITS_AND_LETTERS + "-😀\0１", 18) | text_of(DIGITS_AND_X, 15)))
@settings(max_examples=60, deadline=None)
def test_whatever_the_text_the_answer_is_true_false_or_null(check: Check, texts: list[str | None]) -> None:
    answers = judged(check, *texts)
    assert [answer is None for answer in answers] == [text is None for text in texts]


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize(("check", "good"), [(is_uscc, USCCS[0]), (is_resident_id, RESIDENT_ID)])
def test_a_lazy_frame_of_many_chunks_is_judged_alike_by_both_engines(check: Check, good: str, engine: str) -> None:
    chunk = pl.LazyFrame({"text": [good, None, "😀", good[:17]]})
    frame = pl.concat([chunk] * 5).with_columns(valid=check(pl.col("text"))).filter(check(pl.col("text")))
    assert frame.collect(engine=engine)["valid"].to_list() == [True] * 5  # type: ignore[call-overload]


def test_lower_case_is_not_raised() -> None:
    texts = ["91370200x14353886f", USCCS[0].lower(), "ma1b3n1n-2", RESIDENT_ID.lower()]
    answers = [holds(is_uscc, texts[0]), holds(is_uscc, texts[1]), holds(is_organization_code, texts[2])]
    assert [*answers, holds(is_resident_id, texts[3])] == [False] * 4


@pytest.mark.parametrize("letter", "IOSVZ")
def test_a_letter_outside_the_alphabet_is_false(letter: str) -> None:
    assert holds(is_uscc, f"91110000{letter}00037341L") is False


def test_letters_in_the_region_of_a_uscc_are_false_whatever_the_check_character() -> None:
    start = "9137A402MA3000000"
    assert holds(is_uscc, start + check_character_uscc(start)) is False


@given(start=first17.filter(lambda text: text[:2].isdigit()), check=st.sampled_from(USCC_ALPHABET))
@settings(deadline=None)
def test_uscc_agrees_with_the_oracle(start: str, check: str) -> None:
    right = start + check_character_uscc(start)
    codes = [start + check, right]
    assert judged(is_uscc, *codes) == [stdnum_uscc.is_valid(code) for code in codes]
    assert stdnum_uscc.calc_check_digit(start) == right[-1]


@given(start=text_of(DIGITS, 14), check=st.sampled_from(DIGITS))
@settings(deadline=None)
def test_registration_number_agrees_with_the_oracle(start: str, check: str) -> None:
    right = start + check_character_registration_number(start)
    numbers = [start + check, right]
    assert judged(is_registration_number, *numbers) == [mod_11_10.is_valid(number) for number in numbers]
    assert mod_11_10.calc_check_digit(start) == right[-1]


@given(start=resident17, check=st.sampled_from(DIGITS_AND_X))
@settings(deadline=None)
def test_resident_id_agrees_with_the_oracle(start: str, check: str) -> None:
    right = start + check_character_resident_id(start)
    numbers = [start + check, right]
    assert judged(is_resident_id, *numbers) == [mod_11_2.is_valid(number) for number in numbers]
    assert mod_11_2.calc_check_digit(start) == right[-1]


@given(start=text_of(DIGITS_AND_LETTERS, 8))
@settings(deadline=None)
def test_organization_code_takes_exactly_one_check_character_with_or_without_hyphen(start: str) -> None:
    right = check_character_organization_code(start)
    for hyphen in ("", "-"):
        passed = judged(is_organization_code, *(start + hyphen + check for check in DIGITS_AND_X))
        assert passed == [check == right for check in DIGITS_AND_X]


def test_a_hyphen_in_another_place_is_false() -> None:
    assert judged(is_organization_code, "1016237-41", "101623741-", "10162374--1", "-101623741") == [False] * 4


# MOD 11 cannot tell a letter from the digit 11 below it, so only digits are promised for organization codes.
@pytest.mark.parametrize(
    ("check", "valid", "alphabet"),
    [
        (is_uscc, usccs, USCC_ALPHABET),
        (is_organization_code, digit_organization_codes, DIGITS),
        (is_registration_number, registration_numbers, DIGITS),
        (is_resident_id, resident_ids, DIGITS_AND_X),
    ],
)
def test_changing_one_character_makes_a_valid_identifier_invalid(
    check: Check, valid: st.SearchStrategy[str], alphabet: str
) -> None:
    @given(good=valid, bad=substituted(valid, alphabet))
    @settings(deadline=None)
    def prove(good: str, bad: str) -> None:
        assert judged(check, good, bad) == [True, False]

    prove()


@pytest.mark.parametrize(
    ("born", "exists"),
    [
        ("20000229", True),
        ("19000229", False),
        ("19960229", True),
        ("19970229", False),
        ("19491231", True),
        ("19491232", False),
        ("19490431", False),
        ("19491301", False),
        ("19490001", False),
        ("19490100", False),
        ("17991231", False),
        ("21000101", False),
    ],
)
def test_a_birth_date_must_exist(born: str, exists: bool) -> None:
    start = f"110105{born}002"
    assert holds(is_resident_id, start + check_character_resident_id(start)) is exists


@pytest.mark.parametrize(
    ("province", "known"), [("37", True), ("83", True), ("00", False), ("47", False), ("90", False)]
)
def test_a_resident_id_starts_with_a_province(province: str, known: bool) -> None:
    start = f"{province}010519491231002"
    assert holds(is_resident_id, start + check_character_resident_id(start)) is known


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        (check_character_uscc, "9111000060003734"),
        (check_character_uscc, "91110000600037341L"),
        (check_character_uscc, "9111000060003734I"),
        (check_character_organization_code, "1016237"),
        (check_character_organization_code, "ma1b3n1n"),
        (check_character_registration_number, "3301000001113X"),
        (check_character_resident_id, "1101051949123100"),
    ],
)
def test_a_check_character_of_a_malformed_start_is_refused(scalar: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|substring"):
        scalar(text)


@pytest.mark.skipif(not REGISTRY.is_dir(), reason="the real registers are not on this machine")
def test_every_code_of_the_real_registers_passes_in_capitals() -> None:
    codes = [
        row["统一社会信用代码"]
        for path in sorted(REGISTRY.glob("*.csv"))
        for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    ]
    raised = [code.upper() for code in codes]
    failed = [code for code, good in zip(raised, judged(is_uscc, *raised), strict=True) if not good]
    assert len(codes) > 10_000
    assert failed == []
    assert sorted(code for code in codes if code != code.upper()) == ["91370200x14353886F", "91370203x142425376"]
