"""How a question is written: as JSON, as a form, as XML, or in the address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from gateway.errors import OptionError
from gateway.messages import Message

MEMBERS_COLLIDE = Message(
    "rest.members_collide",
    zh="查询的数据项“{other}”与“{name}”相互冲突；每个数据项只写一次，且不能既有值又有下级",
    en="the members {other!r} and {name!r} of the question are in each other's way; say each member once, and none "
    "that has a value with others inside",
)

MESSAGES = (MEMBERS_COLLIDE,)

# As they are written, a parser would change them.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
_ELEMENTS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")

Members = Mapping[str, Any]


def json_question(members: Members) -> tuple[str, bytes]:
    """Content type and body: an object in UTF-8; `page.size` is the member `size` of the member `page`."""
    body = json.dumps(_nested(members), ensure_ascii=False, separators=(",", ":"))
    return "application/json; charset=utf-8", body.encode()


def xml_question(root: str, members: Members) -> tuple[str, bytes]:
    """Content type and body: one element a member below the root, in UTF-8, nested as in JSON."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(root, _nested(members))}'
    return "application/xml; charset=utf-8", body.encode()


def form_question(members: Members) -> tuple[str, bytes]:
    """Content type and body: a form in UTF-8."""
    return "application/x-www-form-urlencoded; charset=utf-8", urlencode(members).encode()


def is_element_name(name: str) -> bool:
    """Whether a member can be an element, or elements in each other, of an XML question."""
    return bool(_ELEMENTS.fullmatch(name))


def assert_distinct(names: Iterable[str], *, nested: bool) -> None:
    """Raise OptionError where two members of a question are one, or one would stand inside a plain one."""
    seen: list[str] = []
    for name in names:
        for other in seen:
            if name == other or (nested and (f"{name}.".startswith(f"{other}.") or f"{other}.".startswith(f"{name}."))):
                raise OptionError(MEMBERS_COLLIDE, other=other, name=name)
        seen.append(name)


def _nested(members: Members) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for name, value in members.items():
        *outer, last = name.split(".")
        place = whole
        for each in outer:
            place = place.setdefault(each, {})
        place[last] = value
    return whole


def _element(name: str, content: Any) -> str:
    if isinstance(content, dict):
        return f"<{name}>{''.join(_element(each, value) for each, value in content.items())}</{name}>"
    return f"<{name}>{str(content).translate(_ESCAPES)}</{name}>"
