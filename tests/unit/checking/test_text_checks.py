"""Texts that are no values: what a program wrote for none, shortened, destroyed, misread, or seen by nobody else."""

from __future__ import annotations

import polars as pl
import pytest

from gateway.checking.lost_values import named
from gateway.checking.text_checks import TextChecks
from gateway.domain.dataset import Field, Type

FIELD = Field(name="name", title="名称", type=Type.TEXT, length=100)


def found(text: str) -> list[str]:
    """The codes of what is found of a text, which stands between others in which nothing is."""
    texts = pl.Series(["甲公司", None, text, "", "Acme E+ 1.5"])
    said = list(TextChecks(FIELD).failing(texts))
    assert all(rows.to_list() == [2] for _, rows, _ in said)
    return [check.message.code.removeprefix("field.") for check, _, _ in said]


@pytest.mark.parametrize(
    "text",
    [
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NULL!",
        "#NUM!",
        "####",
        " #N/A ",
        "########",
        "NULL",
        "null",
        "nan",
        "NaN",
        "None",
        "\\N",
        "<NA>",
    ],
)
def test_what_stands_for_no_value_is_no_value(text: str) -> None:
    assert found(text) == ["no_value"]


@pytest.mark.parametrize(
    "text",
    [
        "3.70102E+17",
        "3.70102198001011E17",
        "3.70102198001011e+17",
        "1.3812345678E10",
        " 3.70102E+17 ",
        "1E+15",
        "3.7e17",
        "1.0E7",
        "1.23457e+06",
        "-3.7E+17",
        "370.102E+15",
        "3.7010E+017",
    ],
)
def test_a_number_in_scientific_notation_lost_its_digits(text: str) -> None:
    assert found(text) == ["digits_lost"]


@pytest.mark.parametrize("text", ['="138"', "'00123", "'370102198001011234", '=""'])
def test_the_marks_of_a_spreadsheet_are_no_part_of_a_value(text: str) -> None:
    assert found(text) == ["as_text"]


@pytest.mark.parametrize("text", ["张\ufffd", "锟斤拷", "某锟斤拷公司"])
def test_characters_that_were_lost_are_seen(text: str) -> None:
    assert found(text) == ["destroyed"]


@pytest.mark.parametrize("text", ["张\ue000", "张\uf8ff", "\ue81e公司", "张\U000f0000", "张\U00100000"])
def test_characters_of_private_use_hold_the_row(text: str) -> None:
    assert found(text) == ["private_use"]
    ((check, _, values),) = TextChecks(FIELD).failing(pl.Series([text]))
    assert check.outcome == "held"
    assert values.to_list() == [named(text)]
    assert "<U+" in values[0]


@pytest.mark.parametrize("text", ["欧伟", "太农小平", "陆伟"])
def test_gb18030_read_as_utf_8_is_seen(text: str) -> None:
    assert found(text.encode("gb18030").decode()) == ["misread"]


@pytest.mark.parametrize(
    "text",
    [
        "12E3",
        "1E5",
        "3E10",
        "1.5E2",
        "鲁B12E34",
        "型号3.7E+17",
        "E+",
        "1e5",
        "00123.0",
        "2017-3-9",
        "1E-05",
        "N/A",
        "无",
        "-",
        "0",
        "#1",
        "C#",
        "#12楼",
        "Nan",
        "Nullsoft",
        "None公司",
        "=1+1",
        "'老王'饭店",
        '"甲"',
        "a=b",
        "买买提·艾力",
        "李锟",
        "苷类",
        "café",
        "Nestlé®",
        "Ελλάς",
        "Семен",
        "Φ25",
        "m²",
        "𠮷野家",
        "㐂",
        "甲\U000e0100",
        "，、。（）“”",
        "豈",
        "ﬁ",
        "é",
        "\u00a0甲",
    ],
)
def test_what_is_plainly_right_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_long_texts_and_short_ones_are_looked_at_alike() -> None:
    texts = pl.Series(["销售钟表" * 300, "NULL", "3.70102E+17", "张\ufffd", '="1"', "欧伟".encode("gb18030").decode()])
    running = Field(name="scope", title="经营范围", type=Type.TEXT, length=4000)
    said = {check.message.code: rows.to_list() for check, rows, _ in TextChecks(running).failing(texts)}
    assert said == {
        "field.no_value": [1],
        "field.digits_lost": [2],
        "field.destroyed": [3],
        "field.as_text": [4],
        "field.misread": [5],
    }
