"""Values of JSON as they were written: numbers to their last digit, a name said twice noticed, and rows of cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.interfaces import RowFault
from gateway.messages import Message
from gateway_files.named_rows import NamedRow

NO_OBJECT = Message(
    "json.row_no_object",
    zh="本条不是由数据项组成的对象；请让对方按约定的格式导出",
    en="the row is no object of members; have it exported as agreed",
)
DOUBLED_NAME = Message(
    "json.doubled_name",
    zh="本条中“{name}”出现了不止一次，无法知道以哪个值为准；请让对方更正导出程序",
    en="{name!r} stands more than once in the row, which of its values counts cannot be known; have the export mended",
)
NO_NUMBER = Message(
    "json.no_number",
    zh="本条中的 {name} 不是 JSON 的值；空值应写作 null，请更正",
    en="{name}, which stands in the row, is no value of JSON; nothing is written as null, correct it",
)
HALF_CHARACTER = Message(
    "json.half_character",
    zh="本条含有不成对的 \\u 转义（{name}），不是任何字符；请更正",
    en="the row holds one half of a pair of \\u escapes ({name}), which is no character; correct it",
)
MESSAGES = (NO_OBJECT, DOUBLED_NAME, NO_NUMBER, HALF_CHARACTER)

_SHOWN = 4000  # characters of a faulty row


class Number(str):
    """A number, as its digits were written."""

    __slots__ = ()


class NoNumber(str):
    """NaN or Infinity, which are Python's and no JSON."""

    __slots__ = ()


class DoubledNames(dict[str, Any]):
    """An object in which names stand more than once; the last value of each is the one that it holds."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.name = next(name for name in names if names.count(name) > 1)


class Unfit(ValueError):
    """A value that a row cannot have: the message, and what it is about."""

    def __init__(self, message: Message, name: str = "") -> None:
        super().__init__(message.code)
        self.message, self.name = message, name


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else DoubledNames(pairs)


DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=NoNumber, strict=True
)

_LENIENT = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=NoNumber, strict=False
)


def is_object(text: str) -> bool:
    """Whether a text is one whole object, be it a row or set aside for what it holds."""
    try:
        return isinstance(_LENIENT.decode(text), dict)
    except (ValueError, RecursionError):
        return False


def row_of(number: int, value: Any, text: str) -> NamedRow | RowFault:
    """The row that a value is; `text` is how it was written, where an escape may stand for half of a character."""
    try:
        return NamedRow(number, _cells(value, escaped="\\u" in text))
    except Unfit as unfit:
        return RowFault(number, unfit.message, {"name": unfit.name}, text[:_SHOWN])


def _cells(value: Any, *, escaped: bool) -> Mapping[str, str | None]:
    if not isinstance(value, dict):
        raise Unfit(NO_OBJECT)
    if isinstance(value, DoubledNames):
        raise Unfit(DOUBLED_NAME, value.name)
    cells = {name: each if type(each) in _PLAIN else json_text(each) for name, each in value.items()}
    if escaped:
        for text in (*cells, *filter(None, cells.values())):
            _assert_whole(text)
    return {name: None if each is None else str(each) for name, each in cells.items()}


_PLAIN = {str, Number, type(None)}


def shown(value: Any) -> str:
    """A value as text for a person, and every character beyond ASCII as an escape."""
    return json.dumps(value)


def json_text(value: Any) -> str:
    """A value as JSON without spaces, its numbers as they were written; raises Unfit."""
    if isinstance(value, NoNumber):
        raise Unfit(NO_NUMBER, value)
    if isinstance(value, DoubledNames):
        raise Unfit(DOUBLED_NAME, value.name)
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{json_text(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _assert_whole(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unfit(HALF_CHARACTER, f"\\u{ord(text[error.start]):04x}") from error
