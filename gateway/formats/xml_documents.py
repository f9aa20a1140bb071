"""Records to XML documents: rendered by polars in columns, and held against the platform's XSD before they are sent.

A field without a value is an empty element and not left out, so that the receiver sees that a value was emptied; an
empty text is the same as none. A record that is withdrawn has no fields. One record stands on one line, whatever its
values hold, so that the line of a fault names the record.

No value can break out of its element: ``& < >`` are written as entities, and so are tab, line feed and carriage
return, which a parser would otherwise change. What XML cannot hold at all (most control characters) makes the document
invalid, and its record is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from gateway.formats.declaration import ProfileDeclaration, XmlLayout
from gateway.formats.wire_format import RecordFault
from gateway.formats.xml_answers import read_xml_content
from gateway.formats.xml_schema import XmlSchema
from gateway.interfaces import RecordVersion
from gateway.messages import Message

NOT_VALID = Message(
    "xml.not_valid",
    zh="不符合平台的 XSD：{faults}；请按提示更正记录，或与平台方核对 XSD",
    en="it does not satisfy the platform's XSD: {faults}; correct the record, or take the XSD up with the platform",
)

MESSAGES = (NOT_VALID,)

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_ESCAPES = str.maketrans(_ESCAPED)
_ELEMENT = re.compile(r"Element '([^']+)'")
_HEAD_LINES = 4  # declaration, root, head, and the opening of the records


class XmlFormat:
    """The documents and answers of one profile in XML."""

    content_type = "application/xml; charset=utf-8"

    def __init__(
        self, declared: ProfileDeclaration, layout: XmlLayout, documents: XmlSchema, answers: XmlSchema
    ) -> None:
        self._declared = declared
        self._layout = layout
        self._documents = documents
        self._answers = answers

    def render(self, names: pl.DataFrame, wire: pl.DataFrame, withdrawn: pl.Series) -> pl.Series:
        """One element a record, on one line."""
        data = pl.format(f"<{self._layout.data}>{{}}</{self._layout.data}>", _elements(wire.columns))
        told = pl.when(pl.lit(withdrawn)).then(pl.lit("")).otherwise(data)
        record = pl.format(f"<{self._layout.record}>{{}}{{}}</{self._layout.record}>", _elements(names.columns), told)
        frame = pl.concat([names, wire], how="horizontal").rechunk()
        return frame.select(record.alias("record")).to_series()

    def body(self, idempotency_key: str, records: Sequence[str]) -> bytes:
        """The document in UTF-8: the head, then one line a record as it was rendered."""
        return self._package(self._layout.package, idempotency_key, records)

    def question(self, idempotency_key: str, versions: Iterable[RecordVersion]) -> bytes:
        """A package of its own kind, whose records name versions and say nothing of them."""
        names, record = self._declared.record, self._layout.record
        asked = [
            f"<{record}>{_element(names.key, each.record_key)}"
            f"{_element(names.change_number, each.change_number)}</{record}>"
            for each in versions
        ]
        return self._package(self._layout.question, idempotency_key, asked)

    def faults(self, body: bytes, records: int) -> Mapping[int, RecordFault]:
        """What the XSD has against each record, or against all where it is the document that is wrong."""
        found = [(line - 1 - _HEAD_LINES, self._worded(why)) for line, why in self._documents.faults(body)]
        by_record: dict[int, list[str]] = {}
        for position, why in found:
            if 0 <= position < records:
                by_record.setdefault(position, []).append(why)
        if found and not by_record:
            of_all = _fault([why for _, why in found])
            return dict.fromkeys(range(records), of_all)
        return {position: _fault(whys) for position, whys in by_record.items()}

    def read_content(self, status: int, content_type: str, body: bytes) -> Any:
        """The content of an answer that satisfies its XSD; raises OutcomeUnknown for any other."""
        return read_xml_content(self._answers, status, content_type, body)

    def _package(self, root: str, idempotency_key: str, records: Sequence[str]) -> bytes:
        envelope, layout = self._declared.envelope, self._layout
        members = {
            envelope.document: idempotency_key,
            envelope.dataset: envelope.dataset_code,
            **envelope.constants,
            envelope.count: len(records),
        }
        head = "".join(_element(name, value) for name, value in members.items())
        lines = (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<{root}>",
            f"<{layout.head}>{head}</{layout.head}>",
            f"<{envelope.records}>",
            *records,
            f"</{envelope.records}></{root}>",
        )
        return "\n".join(lines).encode()

    def _worded(self, why: str) -> str:
        """A fault with the Chinese title of the field that it is about."""
        about = _ELEMENT.match(why)
        check = self._declared.wire_checks.get(about[1]) if about else None
        return f"{check.title}：{why}" if check else why


def _elements(columns: Iterable[str]) -> pl.Expr:
    """Every column as an element of its name; the names are those of XML elements, so they need no escaping."""
    names = list(columns)
    values = [
        pl.col(name).cast(pl.String).str.replace_many(list(_ESCAPED), list(_ESCAPED.values())).fill_null("")
        for name in names
    ]
    return pl.format("".join(f"<{name}>{{}}</{name}>" for name in names), *values)


def _element(name: str, value: object) -> str:
    return f"<{name}>{str(value).translate(_ESCAPES)}</{name}>"


def _fault(whys: Sequence[str]) -> RecordFault:
    return RecordFault(NOT_VALID.code, NOT_VALID.text("zh", {"faults": "；".join(whys)}))
