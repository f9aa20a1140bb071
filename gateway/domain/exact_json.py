"""JSON as it was written: numbers to the last digit and zero, and a name said twice noticed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_DEEPEST = 200


class Number(str):
    """A number, as its digits."""

    __slots__ = ()


class Constant(Number):
    """NaN or Infinity, which are no JSON."""

    __slots__ = ()


class Doubled(dict[str, Any]):
    """An object that says a name twice: `name`; all that it says stands in `pairs`."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.pairs = pairs
        self.name = next(name for name in names if names.count(name) > 1)


def read(text: str, *, constants: bool = False) -> Any:
    """What a text says; raises ValueError, or RecursionError for one that nests too deep to be written again.

    With `constants`, NaN and Infinity, which are no JSON but are written by some programs, are read as `Constant`, so
    that what stands beside them is not lost.
    """
    value = (_WITH_CONSTANTS if constants else _STRICT).decode(text)
    _assert_shallow(value, _DEEPEST)
    return value


def written(value: Any) -> str:
    """What was read, as JSON again, without spaces."""
    if isinstance(value, dict):
        pairs = value.pairs if isinstance(value, Doubled) else value.items()
        return "{" + ",".join(f"{written(name)}:{written(each)}" for name, each in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def cell(value: Any) -> str | None:
    """Text as it is, a number as it was written, anything that holds others as its JSON; null is empty."""
    return value if value is None or isinstance(value, str) else written(value)


def is_text(value: Any) -> bool:
    """Whether it can be kept: none of it is a lone surrogate, which is no character."""
    try:
        # A row is looked at by its cells: nearly all are text already.
        plain = type(value) is dict
        text = "".join([*value, *(cell(each) or "" for each in value.values())]) if plain else written(value)
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def constant_in(value: Any) -> str:
    """The first NaN or Infinity in what was read, "" where there is none."""
    if isinstance(value, Constant):
        return value
    return next(filter(None, map(constant_in, _inside(value))), "") if isinstance(value, dict | list) else ""


def shown(value: Any) -> str:
    """What was read, as JSON that can be kept: what is no character stands there as its escape."""
    return written(value).encode(errors="backslashreplace").decode()


def _assert_shallow(value: Any, levels: int) -> None:
    if not levels:
        raise RecursionError(f"it is nested more than {_DEEPEST} levels deep")
    for each in _inside(value):
        if isinstance(each, dict | list):
            _assert_shallow(each, levels - 1)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Doubled):
        return [each for _, each in value.pairs]
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Doubled(pairs)


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no value of JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_refused)
_WITH_CONSTANTS = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=Constant
)
