"""The content of an XML document without a schema, as nested members: what JMESPath reads as it reads JSON.

An element that holds elements is a mapping of their names, without their namespaces, to their contents; one that holds
none is its text. Elements of one name beside each other are a list, and one alone is not. Nothing is left out: an
attribute is the member `@name`, and text beside attributes or elements the member `#text`. An element that says
`xsi:nil` is null; the other attributes of XML Schema's own namespace speak of the document and not of its content.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from gateway.transport.xml import parse

_TEXT = "#text"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{_SCHEMA_INSTANCE}}}nil"


def read_members(body: bytes, charset: str = "") -> Any:
    """What the root of a document holds; raises `gateway.transport.xml.NotXml`.

    `charset` is what came beside the document, and goes before what it says itself.
    """
    return _content(parse(body, charset))


def _content(element: etree._Element) -> Any:
    if element.get(_NIL) in {"true", "1"}:
        return None
    members = _attributes(element)
    for child in element:
        _add(members, etree.QName(child).localname, _content(child))
    if not members:
        return element.text or ""
    if text := _text_beside(element):
        members[_TEXT] = text
    return members


def _attributes(element: etree._Element) -> dict[str, Any]:
    names = {str(name): etree.QName(name) for name in element.attrib}
    return {
        f"@{name.localname}": element.attrib[full] for full, name in names.items() if name.namespace != _SCHEMA_INSTANCE
    }


def _add(members: dict[str, Any], name: str, content: Any) -> None:
    if name not in members:
        members[name] = content
    elif isinstance(members[name], list):
        members[name].append(content)
    else:
        members[name] = [members[name], content]


def _text_beside(element: etree._Element) -> str:
    texts = [element.text, *(child.tail for child in element)]
    return "".join(text for text in texts if text and text.strip())
