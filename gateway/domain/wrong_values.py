"""What is wrong with a declaration, in the words of its reader: the faults that pydantic finds, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from pydantic import ValidationError

from gateway.errors import GatewayError
from gateway.messages import Language

# By the type that pydantic gives a fault; the blanks are those of its context. Any other fault keeps pydantic's words.
_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("必须写明", "must be stated"),
    "extra_forbidden": ("没有这一项", "there is no such thing"),
    "literal_error": ("只能是 {expected}", "must be one of {expected}"),
    "enum": ("只能是 {expected}", "must be one of {expected}"),
    "union_tag_invalid": ("只能是 {expected_tags}", "must be one of {expected_tags}"),
    "union_tag_not_found": ("必须写明 {discriminator}", "must state {discriminator}"),
    "string_type": ("须为文字", "must be a text"),
    "string_too_short": ("至少 {min_length} 个字", "must have {min_length} characters or more"),
    "string_too_long": ("至多 {max_length} 个字", "must have {max_length} characters or fewer"),
    "string_pattern_mismatch": ("须写成 {pattern}", "must match {pattern}"),
    "too_short": ("至少 {min_length} 项", "must have {min_length} entries or more"),
    "too_long": ("至多 {max_length} 项", "must have {max_length} entries or fewer"),
    "int_type": ("须为整数", "must be a whole number"),
    "int_parsing": ("须为整数", "must be a whole number"),
    "int_parsing_size": ("数字过大", "is too large a number"),
    "int_from_float": ("须为整数", "must be a whole number"),
    "float_type": ("须为数字", "must be a number"),
    "float_parsing": ("须为数字", "must be a number"),
    "decimal_type": ("须为数字", "must be a number"),
    "decimal_parsing": ("须为数字", "must be a number"),
    "finite_number": ("须为有限的数字", "must be a finite number"),
    "bool_type": ("须为 true 或 false", "must be true or false"),
    "bool_parsing": ("须为 true 或 false", "must be true or false"),
    "greater_than": ("须大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": ("不得小于 {ge}", "must be {ge} or more"),
    "less_than": ("须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("不得大于 {le}", "must be {le} or less"),
    "list_type": ("须为列表，如 [甲, 乙]", "must be a list such as [a, b]"),
    "tuple_type": ("须为列表，如 [甲, 乙]", "must be a list such as [a, b]"),
    "frozen_set_type": ("须为列表，如 [甲, 乙]", "must be a list such as [a, b]"),
    "is_instance_of": ("须为列表，如 [甲, 乙]", "must be a list such as [a, b]"),  # as pydantic says it of a Sequence
    "sequence_str": ("须为列表，如 [甲, 乙]", "must be a list such as [a, b]"),
    "dict_type": ("须逐项写明，如 {{名称: 值}}", "must map names to values as in {{name: value}}"),
    "model_type": ("须逐项写明，如 {{名称: 值}}", "must map names to values as in {{name: value}}"),
    "model_attributes_type": ("须逐项写明，如 {{名称: 值}}", "must map names to values as in {{name: value}}"),
    "path_type": ("须为文件路径", "must be the path of a file"),
    "json_type": ("须为 JSON 文字", "must be a text in JSON"),
    "json_invalid": ("不是有效的 JSON", "is no valid JSON"),
    "date_type": ("须为日期，如 2026-05-31", "must be a date such as 2026-05-31"),
    "date_from_datetime_parsing": ("须为日期，如 2026-05-31", "must be a date such as 2026-05-31"),
    "date_from_datetime_inexact": ("须为日期，如 2026-05-31", "must be a date such as 2026-05-31"),
    "datetime_type": ("须为时间，如 2026-05-31T08:00:00+08:00", "must be a time such as 2026-05-31T08:00:00+08:00"),
    "datetime_from_date_parsing": (
        "须为时间，如 2026-05-31T08:00:00+08:00",
        "must be a time such as 2026-05-31T08:00:00+08:00",
    ),
}


# What pydantic puts into a place for each way in which a value may be written, as in ``header.constrained-int``.
_WAY = re.compile(r"constrained-\w+|[\w-]+\[.*\]")


def wrong_values(error: ValidationError, language: Language, *, below: int = 0) -> str:
    """Each fault as ``place: what is wrong``, or what in each way of writing it; `below` cuts the head of the place."""
    faults = groupby(enumerate(error.errors()), key=lambda each: _written_in_ways(each[1]["loc"], each[0]))
    alternatives, between = (" or ", "; ") if language == "en" else ("，或", "；")
    said = ([_in_one_way(each, language, below, first=not n) for n, (_, each) in enumerate(ways)] for _, ways in faults)
    return between.join(map(alternatives.join, said))


def _written_in_ways(place: Sequence[int | str], number: int) -> tuple[int | str, ...]:
    """Where a value stands that may be written in several ways; else what no other fault has."""
    at = _way(place)
    return (number,) if at is None else ("", *place[:at])


def _way(place: Sequence[int | str]) -> int | None:
    return next((n for n, part in enumerate(place) if n and isinstance(part, str) and _WAY.fullmatch(part)), None)


def _in_one_way(fault: Mapping[str, Any], language: Language, below: int, *, first: bool) -> str:
    """A fault with its place, which a second way of writing the same value does not repeat."""
    at = _way(fault["loc"])
    parts = [part for n, part in enumerate(fault["loc"]) if n >= below and n != at]
    said = _said(fault, language)
    is_repeated = not first and at == len(fault["loc"]) - 1
    colon = ": " if language == "en" else "："
    return said if is_repeated or not parts else f"{'.'.join(map(str, parts))}{colon}{said}"


def _said(fault: Mapping[str, Any], language: Language) -> str:
    context = fault.get("ctx", {})
    if isinstance(cause := context.get("error"), GatewayError):
        return cause.text(language)
    if fault["type"] == "value_error":
        return str(cause)
    words = _WORDS.get(fault["type"])
    return words[language == "en"].format(**_blanks(context, language)) if words else str(fault["msg"])


def _blanks(context: Mapping[str, Any], language: Language) -> Mapping[str, Any]:
    """What pydantic lists in English, ``'a', 'b' or 'c'``, is listed as its reader does."""
    listed = {name: context[name] for name in ("expected", "expected_tags") if name in context}
    if language == "zh":
        listed = {name: text.replace(" or ", "、").replace(", ", "、") for name, text in listed.items()}
    return {**context, **listed}
