"""A JSON document as a stream: the list of rows is found by member names, and each row read without the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from json import JSONDecodeError
from typing import Any

from gateway.errors import SourceError
from gateway.messages import Message
from gateway_files.json_values import DECODER, DoubledNames

NOT_JSON = Message(
    "json.not_json",
    zh="文件“{place}”不是规范的 JSON（第 {line} 行：{why}）；没有保存任何数据，请让对方更正导出程序",
    en="the file {place!r} is no JSON (line {line}: {why}); nothing was stored, have its export mended",
)
CUT_OFF = Message(
    "json.cut_off",
    zh="文件“{place}”的 JSON 到第 {line} 行没有结束（{why}）；可能没有传完，没有保存任何数据，请让对方重新导出",
    en="the JSON of the file {place!r} has no end by line {line} ({why}); it may be cut off, nothing was stored, have "
    "it exported again",
)
TOO_LARGE = Message(
    "json.value_too_large",
    zh="文件“{place}”第 {line} 行开始的一个值超过 {limit} 个字符，不予读取；请核对文件，或在 rows 中写明记录所在的列表",
    en="a value of the file {place!r} that begins in line {line} is longer than {limit} characters and is not read; "
    "check the file, or name the list of rows in `rows`",
)
MESSAGES = (NOT_JSON, CUT_OFF, TOO_LARGE)

LONGEST_VALUE = 16 << 20  # characters
_WHITE = re.compile("[ \t\r\n]*")
_ENDS = ("true", "false", "null")  # what may stand half at the end of a file that is cut off; so may nothing at all
# Where the text may simply go on, the decoder stops near its end or calls a text unterminated.
_NEAR = 16


class NoList(Exception):
    """No list stands where the rows were said to be."""


class JsonDocument:
    """The text of one document, read from its beginning to its end once."""

    def __init__(self, place: str, pieces: Iterator[str], longest: int = LONGEST_VALUE) -> None:
        self._place, self._pieces, self._longest = place, filter(None, pieces), longest
        self._text, self._at, self._line = "", 0, 1  # the line in which `_text` begins

    def rows(self, path: Sequence[str]) -> Iterator[tuple[Any, str]]:
        """Each value of the list at a path of member names, with its own text; raises NoList and SourceError.

        What stands beside and after the list is read too, so that a document which is cut off is never half believed.
        """
        self._found = False
        yield from self._walk(tuple(path))
        self._assert_ended()
        if not self._found:
            raise NoList

    def whole(self) -> Any:
        """The document as one value; raises SourceError, also for an object that holds a name twice."""
        value, _ = self._value()
        self._assert_ended()
        doubled = next(_doubled(value), None)
        if doubled:
            raise self._broken(f"the member {doubled.name!r} stands twice")
        return value

    def _assert_ended(self) -> None:
        if self._next():
            raise self._broken("extra text after its end")

    def _walk(self, path: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
        if not path or self._next() != "{":
            yield from self._list(path)
            return
        names: set[str] = set()
        for name in self._names():
            if name in names:
                raise self._broken(f"the member {name!r} stands twice")
            names.add(name)
            if name == path[0]:
                yield from self._walk(path[1:])
            else:
                self._value()

    def _list(self, path: tuple[str, ...]) -> Iterator[tuple[Any, str]]:
        if path or self._next() != "[":
            self._value()
            return
        self._found = True
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._take(",]") == "]":
                return

    def _names(self) -> Iterator[str]:
        """The member names of an object; before the next is asked for, the value of each must be taken."""
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        while True:
            name = self._value()[0] if self._next() == '"' else None
            if name is None:
                raise self._broken("a member name in quotes is expected", is_cut=not self._next())
            self._take(":")
            yield name
            if self._take(",}") == "}":
                return

    def _take(self, allowed: str) -> str:
        found = self._next()
        if not found or found not in allowed:
            why = f"one of {' '.join(allowed)} is expected" if found else "it ends too early"
            raise self._broken(why, is_cut=not found)
        self._at += 1
        return found

    def _next(self) -> str:
        """The next character that is no white space, "" at the end."""
        while True:
            white = _WHITE.match(self._text, self._at)
            self._at = white.end() if white else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _value(self) -> tuple[Any, str]:
        self._next()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                near = error.pos >= len(self._text) - _NEAR or error.msg.startswith("Unterminated")
                behind = error.pos - self._at  # what stands before is dropped when more is read
                if not (near and self._more()):
                    at = self._at + behind
                    raise self._broken(error.msg, at, is_cut=self._is_cut(error.msg, at)) from error
            except RecursionError as error:
                raise self._broken("it is nested too deeply") from error
            else:
                if end < len(self._text) or not self._more():  # a number may go on
                    start, self._at = self._at, end
                    return value, self._text[start:end]

    def _more(self) -> bool:
        """Whether there was more text to read."""
        if len(self._text) - self._at > self._longest:
            raise SourceError(TOO_LARGE, place=self._place, line=self._line_at(self._at), limit=f"{self._longest:,}")
        piece = next(self._pieces, "")
        self._line, self._text, self._at = self._line_at(self._at), self._text[self._at :] + piece, 0
        return bool(piece)

    def _line_at(self, at: int) -> int:
        return self._line + self._text.count("\n", 0, at)

    def _is_cut(self, why: str, at: int) -> bool:
        rest = self._text[at:].strip()
        return why.startswith("Unterminated") or any(each.startswith(rest) for each in _ENDS)

    def _broken(self, why: str, at: int | None = None, *, is_cut: bool = False) -> SourceError:
        line = self._line_at(self._at if at is None else at)
        return SourceError(CUT_OFF if is_cut else NOT_JSON, place=self._place, line=line, why=why)


def _doubled(value: Any) -> Iterator[DoubledNames]:
    if isinstance(value, DoubledNames):
        yield value
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _doubled(each)


def lists_in(value: Any, path: str = "") -> Iterator[str]:
    """The paths of the lists of objects in a document, by member names."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield path or "[]"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from lists_in(each, f"{path}.{name}" if path else name)
