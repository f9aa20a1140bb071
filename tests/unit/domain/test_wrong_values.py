"""A wrong declaration is worded wholly in the language of its reader."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from gateway.domain.wrong_values import _WORDS, wrong_values
from gateway.errors import OptionError
from gateway.messages import Message

TOO_LOUD = Message("test.too_loud", zh="音量 {volume} 过大", en="the volume {volume} is too loud")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


Animal = Annotated[Cat | Dog, Field(discriminator="kind")]

# By the type that pydantic gives: what is declared, and a value that is wrong in this way.
WRONG: Mapping[str, tuple[Any, Any]] = {
    "missing": (Cat, {}),
    "extra_forbidden": (Cat, {"kind": "cat", "tail": 1}),
    "literal_error": (Literal["json", "form", "xml"], "yaml"),
    "enum": (Colour, "green"),
    "union_tag_invalid": (Animal, {"kind": "cow"}),
    "union_tag_not_found": (Animal, {}),
    "string_type": (str, 3),
    "string_too_short": (Annotated[str, Field(min_length=2)], "a"),
    "string_too_long": (Annotated[str, Field(max_length=2)], "abc"),
    "string_pattern_mismatch": (Annotated[str, Field(pattern="^[0-9]+$")], "x"),
    "too_short": (Annotated[tuple[str, ...], Field(min_length=2)], ["a"]),
    "too_long": (Annotated[list[str], Field(max_length=1)], ["a", "b"]),
    "int_type": (int, []),
    "int_parsing": (int, "x"),
    "int_parsing_size": (int, "9" * 5000),
    "int_from_float": (int, 1.5),
    "float_type": (float, []),
    "float_parsing": (float, "x"),
    "decimal_type": (Decimal, []),
    "decimal_parsing": (Decimal, "x"),
    "finite_number": (Decimal, "nan"),
    "bool_type": (bool, []),
    "bool_parsing": (bool, "maybe"),
    "greater_than": (Annotated[float, Field(gt=0)], 0),
    "greater_than_equal": (Annotated[int, Field(ge=1)], 0),
    "less_than": (Annotated[int, Field(lt=3)], 3),
    "less_than_equal": (Annotated[int, Field(le=3)], 4),
    "list_type": (list[str], 3),
    "tuple_type": (tuple[str, ...], "ab"),
    "frozen_set_type": (frozenset[str], "ab"),
    "is_instance_of": (Sequence[str], 3),
    "sequence_str": (Sequence[str], "ab"),
    "dict_type": (Mapping[str, str], []),
    "model_type": (Cat, "cat"),
    "model_attributes_type": (Animal, "cat"),
    "path_type": (Path, 3),
    "json_type": (Json[Any], 3),
    "json_invalid": (Json[Any], "{"),
    "date_type": (dt.date, []),
    "date_from_datetime_parsing": (dt.date, "2026-13-01"),
    "date_from_datetime_inexact": (dt.date, "2026-05-31T08:00:00"),
    "datetime_type": (dt.datetime, []),
    "datetime_from_date_parsing": (dt.datetime, "yesterday"),
}

# Names and values that stand as they are in either language.
LITERALS = {"json", "form", "xml", "red", "blue", "cat", "dog", "kind", "tail", "true", "false", "JSON", "T"}


def wrong(declared: Any, value: Any) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(declared).validate_python(value)
    return caught.value


def test_every_fault_that_has_words_is_tried() -> None:
    assert _WORDS.keys() == WRONG.keys()


@pytest.mark.parametrize("kind", WRONG)
def test_a_fault_of_pydantic_is_worded_in_both_languages(kind: str) -> None:
    error = wrong(*WRONG[kind])
    zh, en = wrong_values(error, "zh"), wrong_values(error, "en")
    assert [each["type"] for each in error.errors()] == [kind]
    assert set(re.findall("[A-Za-z]+", zh)) <= LITERALS
    assert re.search("[\u4e00-\u9fff]", zh)
    assert re.search("[\u4e00-\u9fff\uff00-\uffef]", en) is None
    assert error.errors()[0]["msg"] not in en


def test_what_is_allowed_is_said() -> None:
    error = wrong(Literal["json", "form", "xml"], "yaml")
    assert wrong_values(error, "zh") == "只能是 'json'、'form'、'xml'"
    assert wrong_values(error, "en") == "must be one of 'json', 'form' or 'xml'"


def test_a_pattern_is_repeated_as_it_is() -> None:
    """Only what pydantic lists is listed anew."""
    error = wrong(Annotated[str, Field(pattern="^[0-9]{1, 2} or x$")], "y")
    assert "^[0-9]{1, 2} or x$" in wrong_values(error, "zh")


def test_each_fault_is_said_with_its_place() -> None:
    error = wrong(dict[str, Cat], {"a": {"tail": 1}})
    assert wrong_values(error, "zh") == "a.kind：必须写明；a.tail：没有这一项"
    assert wrong_values(error, "en") == "a.kind: must be stated; a.tail: there is no such thing"
    assert wrong_values(error, "en", below=1) == "kind: must be stated; tail: there is no such thing"


class Table(BaseModel):
    header: PositiveInt | tuple[str, ...]
    rows: int = 0


@pytest.mark.parametrize(
    ("header", "zh", "en"),
    [
        (
            "x",
            "header：须为整数，或须为列表，如 [甲, 乙]；rows：须为整数",
            "header: must be a whole number or must be a list such as [a, b]; rows: must be a whole number",
        ),
        (
            ["a", 3],
            "header：须为整数，或header.1：须为文字；rows：须为整数",
            "header: must be a whole number or header.1: must be a text; rows: must be a whole number",
        ),
    ],
)
def test_what_may_be_written_in_two_ways_is_one_fault_without_the_names_of_types(header: Any, zh: str, en: str) -> None:
    error = wrong(Table, {"header": header, "rows": "y"})
    assert (wrong_values(error, "zh"), wrong_values(error, "en")) == (zh, en)


def _quiet(volume: int) -> int:
    if volume > 10:
        raise OptionError(TOO_LOUD, volume=volume)
    return volume


class Radio(BaseModel):
    volume: Annotated[int, AfterValidator(_quiet)]
    alarm: int = 0

    @model_validator(mode="after")
    def _alarm_is_quiet(self) -> Radio:
        _quiet(self.alarm)
        return self


def test_a_message_raised_by_a_validator_is_worded_in_both_languages() -> None:
    error = wrong(Radio, {"volume": 11})
    assert wrong_values(error, "zh") == "volume：音量 11 过大"
    assert wrong_values(error, "en") == "volume: the volume 11 is too loud"


def test_what_is_said_of_the_whole_has_no_place() -> None:
    error = wrong(Radio, {"volume": 1, "alarm": 12})
    assert wrong_values(error, "zh") == "音量 12 过大"
    assert wrong_values(error, "en") == "the volume 12 is too loud"


def test_a_fault_without_words_keeps_those_of_pydantic() -> None:
    error = wrong(bytes, 3)
    assert wrong_values(error, "zh") == wrong_values(error, "en") == "Input should be a valid bytes"


def test_a_bare_value_error_keeps_its_own_words() -> None:
    def refuse(_: Any) -> Any:
        raise ValueError("never")

    error = wrong(Annotated[int, AfterValidator(refuse)], 3)
    assert wrong_values(error, "en") == "never"
