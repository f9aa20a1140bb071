"""XML without a schema as nested members: nothing is left out, and what could harm is refused."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.transport.xml import NotXml
from gateway.transport.xml_content import read_members


@pytest.mark.parametrize(
    ("document", "content"),
    [
        ("<a/>", ""),
        ("<a> x </a>", " x "),
        ("<a><b>1</b><c/></a>", {"b": "1", "c": ""}),
        ("<a><b>1</b><b>2</b><b/></a>", {"b": ["1", "2", ""]}),
        ("<a><b>1</b><c>2</c><b>3</b></a>", {"b": ["1", "3"], "c": "2"}),
        ("<a>\n  <b>1</b>\n</a>", {"b": "1"}),
        ('<a n="1" m="">x</a>', {"@n": "1", "@m": "", "#text": "x"}),
        ("<a>x<b>1</b>y</a>", {"b": "1", "#text": "xy"}),
        ('<a xmlns="u:a" xmlns:y="u:b"><y:b y:n="1"/><b/></a>', {"b": [{"@n": "1"}, ""]}),
        ("<a><![CDATA[<&>]]><!-- not said --><?pi?></a>", "<&>"),
        ("<a>&lt;&amp;&#26528;</a>", "<&枠"),
    ],
)
def test_a_document_is_its_members(document: str, content: Any) -> None:
    assert read_members(document.encode()) == content


def test_what_is_nil_is_null_and_what_speaks_of_the_schema_is_left_out() -> None:
    document = (
        '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="u u.xsd">'
        '<b xsi:nil="true"/><c xsi:nil="false">1</c></a>'
    )
    assert read_members(document.encode()) == {"b": None, "c": "1"}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        b"<a>\xff</a>",
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_is_no_xml_or_could_harm_is_refused(document: bytes) -> None:
    with pytest.raises(NotXml):
        read_members(document)
