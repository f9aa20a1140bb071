"""JSON whose numbers stay as they were written, to the last digit and zero."""

from __future__ import annotations

import json
from typing import Any


class Number(str):
    """A number as its digits."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


def read(text: str) -> Any:
    """What a text says; raises ValueError or RecursionError."""
    return _DECODER.decode(text)


def written(value: Any) -> str:
    """What was read, as JSON again."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{written(str(name))}:{written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def cell(value: Any) -> str | None:
    """Text as it is, a number as it was written, anything that holds others as its JSON; null is empty."""
    return value if value is None or isinstance(value, str) else written(value)
