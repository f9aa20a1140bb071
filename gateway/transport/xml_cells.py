"""The cells of one XML element: its attributes, and the texts of the elements in it, by their paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from lxml import etree

from gateway.messages import Message

REPEATED = Message(
    "xml.repeated",
    zh="本条中“{name}”出现了不止一次；如果它可以重复，请写入 lists（以 JSON 列表读取）",
    en="{name!r} stands more than once in the row; where it may repeat, name it in `lists`, to be read as a JSON list",
)
MIXED = Message(
    "xml.mixed",
    zh="本条的“{name}”中，文字“{text}”夹在元素之间，无法归入任何一列；请让对方按约定的格式导出",
    en="in {name!r} of the row, the text {text!r} stands between elements and belongs to no column; have it exported "
    "as agreed",
)
MESSAGES = (REPEATED, MIXED)

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_SHOWN = 200  # characters


class Unfit(ValueError):
    """An element that is no row: the message and its values."""

    def __init__(self, message: Message, **values: str) -> None:
        super().__init__(message.code)
        self.message, self.values = message, values


class CellReader:
    """Reads the cells of rows; not for several threads at once.

    A name in the namespace of the row stands alone, one in another stands behind its prefix. An attribute is `@name`,
    what stands inside an element `element/name`, and the text of a row without elements `.`. What `lists` names is a
    JSON list, of texts or of objects, even of one.
    """

    def __init__(self, namespace: str, prefixes: Mapping[str, str], lists: AbstractSet[str]) -> None:
        self._lists = lists
        self._prefixes = {uri: f"{prefix}:" if prefix else "" for prefix, uri in prefixes.items()} | {
            namespace: "",
            "": "",
        }
        self._names: dict[Any, str] = {}

    def cells(self, row: etree._Element) -> dict[str, str]:
        """The cells of a row; raises Unfit."""
        cells: dict[str, str] = {}
        self._add(row, "", "", cells)
        return cells

    def _add(self, element: etree._Element, path: str, within: str, cells: dict[str, str]) -> None:
        """Add what an element holds; `path` begins in the row, or in the object of a list that stands `within` it."""
        before = f"{path}/" if path else ""
        for tag, value in element.items():
            if not str(tag).startswith(_XSI):
                cells[f"{before}@{self._name(tag)}"] = str(value)
        if not len(element):
            if path or (element.text or "").strip():
                cells[path or "."] = element.text or ""
            return
        _assert_unmixed(element.text, path)
        lists: dict[str, list[Any]] = {}
        groups: set[str] = set()
        for child in element:
            name = before + self._name(child.tag)
            if child.tail:
                _assert_unmixed(child.tail, path)
            if self._lists and within + name in self._lists:
                lists.setdefault(name, []).append(self._value(child, f"{within}{name}/"))
            elif name in cells or name in groups:
                raise Unfit(REPEATED, name=name)
            elif len(child) or child.keys():
                groups.add(name)
                self._add(child, name, within, cells)
            else:
                cells[name] = child.text or ""
        for name, values in lists.items():
            cells[name] = json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    def _value(self, element: etree._Element, within: str) -> Any:
        if not len(element) and not element.keys():
            return element.text or ""
        cells: dict[str, str] = {}
        self._add(element, "", within, cells)
        return cells

    def _name(self, tag: Any) -> str:
        found = self._names.get(tag)
        if found is None:
            name = etree.QName(tag)
            found = self._prefixes.get(name.namespace or "", f"{{{name.namespace}}}") + name.localname
            self._names[tag] = found
        return found


def _assert_unmixed(text: str | None, path: str) -> None:
    if text and not text.isspace():
        raise Unfit(MIXED, name=path or ".", text=text.strip()[:_SHOWN])
