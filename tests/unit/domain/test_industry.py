"""Industries of GB/T 4754-2017: codes as people type them, and codes as registers hold them."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from gateway.domain.industry import industry
from gateway.errors import StartError


def _rows() -> list[dict[str, str]]:
    return list(csv.DictReader(files("gateway.domain").joinpath("industry.csv").read_text("utf-8").splitlines()))


def test_the_table_holds_20_sections_and_97_divisions_without_a_gap() -> None:
    codes = [row["code"] for row in _rows()]
    assert [code for code in codes if code.isalpha()] == list("ABCDEFGHIJKLMNOPQRST")
    assert [code for code in codes if code.isdigit()] == [f"{number:02}" for number in range(1, 98)]


def test_every_division_stands_under_the_section_before_it() -> None:
    section = ""
    for row in _rows():
        section = row["code"] if row["code"].isalpha() else section
        assert row["section"] == section


@pytest.mark.parametrize(
    ("typed", "section", "digits", "name"),
    [
        ("5226", "F", "5226", "零售业"),
        ("c26", "C", "26", "化学原料和化学制品制造业"),
        (" 522 ", "F", "522", "零售业"),
        ("J", "J", "", "金融业"),
    ],
)
def test_a_typed_code_is_understood(typed: str, section: str, digits: str, name: str) -> None:
    found = industry(typed)
    assert (found.section, found.digits, found.name) == (section, digits, name)


@pytest.mark.parametrize("typed", ["", "5", "98", "00", "A26", "U", "52260", "零售", "26-1"])
def test_what_is_no_code_is_refused_with_what_is_allowed(typed: str) -> None:
    with pytest.raises(StartError) as refused:
        industry(typed)
    assert (refused.value.message.code, refused.value.values) == ("industry.unknown", {"value": typed})


@pytest.mark.parametrize(
    ("asked", "code", "holds"),
    [
        ("26", "2614", True),
        ("26", "C2614", True),
        ("26", "2710", False),
        ("C", "2614", True),
        ("C", "C", True),
        ("C", "5226", False),
        ("5226", "5226", True),
        ("5226", "5227", False),
        ("5226", "F52", None),
        ("5226", "5220", None),
        ("5226", "F", None),
        ("1011", "1000", None),
        ("1311", "1000", False),
        ("5226", "", False),
        ("5226", "零售", False),
    ],
)
def test_a_code_of_a_register_belongs_or_not_or_may(asked: str, code: str, holds: bool | None) -> None:
    assert industry(asked).holds(code) is holds
