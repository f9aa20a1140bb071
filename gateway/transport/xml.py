"""XML, read strictly: no DOCTYPE, no entities, no network, no endless trees, and nothing beside what a schema allows.

Only UTF-8 and the encodings of GB18030 are read, strictly. A document that says GB2312 or GBK is read as GB18030, of
which both are parts and which is what such platforms send.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.errors import StartError
from gateway.messages import Message

NO_SCHEMA = Message(
    "xml.no_schema",
    zh="XSD 文件 {file} 不可用：{why}；请检查该文件",
    en="the XSD {file} cannot be used: {why}; check the file",
)

MESSAGES = (NO_SCHEMA,)

# How every parser here is set; whatever a document says of its encoding speaks of bytes that are transcoded by now.
_STRICT: Mapping[str, Any] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "load_dtd": False,
    "dtd_validation": False,
    "no_network": True,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}
_CODECS = {"utf-8": "utf-8", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_DECLARED = re.compile(rb"""\A<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BOM = b"\xef\xbb\xbf"
_POSITION = re.compile(r", line \d+, column \d+\s*\Z")
_XS = "{http://www.w3.org/2001/XMLSchema}"


class NotXml(ValueError):
    """Bytes that are no XML as it is read here: at which line, where that is known, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line
        self.why = why


def parse(body: bytes, charset: str = "") -> etree._Element:
    """The root of a document; raises NotXml. `charset` is what came beside it, and goes before what it says itself."""
    return _parse(body, charset, None)


def _parse(body: bytes, charset: str, schema: etree.XMLSchema | None) -> etree._Element:
    text = _in_utf_8(body, charset)
    parser = etree.XMLParser(schema=schema, **_STRICT)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise NotXml(error.lineno or 0, plain(error.msg or "")) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml(1, "a DOCTYPE is not allowed")
    return root


def pull_parser(tags: Sequence[str] = ()) -> etree.XMLPullParser:
    """A parser that is fed piece by piece, in UTF-8, and tells where elements (those of some tags) begin and end.

    A DOCTYPE must be refused before it is fed.
    """
    return _pull_parser(tags, None)


def feed(parser: etree.XMLPullParser, text: str) -> None:
    """Give a parser the next part of a document; raises NotXml."""
    before: Any = parser.feed_error_log
    try:
        parser.feed(text.encode())
    except etree.XMLSyntaxError as error:
        raise NotXml(error.lineno or 0, plain(error.msg or "")) from error
    for each in logged_since(parser, len(before)):
        if each.level == etree.ErrorLevels.FATAL:  # lxml lets an unknown entity pass
            raise NotXml(each.line, plain(each.message))


def logged_since(parser: etree.XMLPullParser, count: int) -> Sequence[Any]:
    """What a parser has logged after so many entries; those before are not looked at, there may be very many."""
    log: Any = parser.feed_error_log
    return [log[at] for at in range(count, len(log))]


def events(parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    """What a parser has to tell: `start` or `end`, and the element."""
    told: Any = parser.read_events()
    yield from told


def _pull_parser(tags: Sequence[str], schema: etree.XMLSchema | None) -> etree.XMLPullParser:
    return etree.XMLPullParser(("start", "end"), tag=tags or None, schema=schema, **_STRICT)


def _in_utf_8(body: bytes, charset: str) -> bytes:
    declared = _DECLARED.match(body.removeprefix(_BOM))
    said = (charset or (declared[1].decode("ascii") if declared else "utf-8")).lower()
    if said not in _CODECS:
        raise NotXml(1, f"the encoding {said!r} is not read, only {', '.join(_CODECS)}")
    if _CODECS[said] == "utf-8":
        return body  # the parser looks at every byte of it anyway
    try:
        return body.decode(_CODECS[said]).encode()
    except UnicodeDecodeError as error:
        raise NotXml(body.count(b"\n", 0, error.start) + 1, str(error)) from error


def plain(message: str) -> str:
    """A message of libxml2 without its position, which is said beside it, and without a full stop."""
    return _POSITION.sub("", message).strip().removesuffix(".")


class Schema:
    """An XSD that documents are held against; may be used by several threads."""

    def __init__(self, path: Path) -> None:
        """Read an XSD and what it includes; raises StartError."""
        try:
            tree = etree.parse(str(path), _schema_parser())
            if tree.docinfo.internalDTD is not None:
                raise StartError(NO_SCHEMA, file=str(path), why="a DOCTYPE is not allowed")
            self._schema = etree.XMLSchema(tree)
        except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
            raise StartError(NO_SCHEMA, file=str(path), why=str(error)) from error
        self._repeated = frozenset(_repeated(path))
        # What a schema finds is kept in the schema itself until it is asked for.
        self._lock = threading.Lock()

    def pull_parser(self, tags: Sequence[str]) -> etree.XMLPullParser:
        """The parser that `pull_parser` gives; what the XSD does not allow stands in its `feed_error_log`."""
        return _pull_parser(tags, self._schema)

    def faults(self, body: bytes) -> Sequence[tuple[int, str]]:
        """What is wrong with a document: the line and why, in order; nothing where it is valid.

        For documents of our own making: each fault costs as much time as there are elements before it.
        """
        try:
            root = parse(body)
        except NotXml as error:
            return [(error.line, error.why)]
        with self._lock:
            if self._schema.validate(root):
                return []
            found: Any = self._schema.error_log
            return [(each.line, plain(each.message)) for each in found]

    def read(self, body: bytes, charset: str = "") -> Any:
        """The content of a valid document; raises NotXml for any other.

        An element that holds elements is a mapping of their names to their contents, and one that holds none is its
        text. What the schema lets repeat is a list, even of one. Names are those without their namespace.
        """
        return _content(_parse(body, charset, self._schema), self._repeated)


def _schema_parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)


def _repeated(path: Path) -> Iterator[str]:
    """The names of the elements that an XSD, or what it includes from beside itself, lets repeat."""
    root = etree.parse(str(path), _schema_parser()).getroot()
    for element in root.iter(f"{_XS}element"):
        particles = (element, element.getparent())
        if any(each is not None and each.get("maxOccurs", "1") not in {"0", "1"} for each in particles):
            yield str(element.get("name") or element.get("ref")).rpartition(":")[2]
    for include in root.iter(f"{_XS}include"):
        yield from _repeated(path.with_name(str(include.get("schemaLocation"))))


def _content(element: etree._Element, repeated: frozenset[str]) -> Any:
    if not len(element):
        return element.text or ""
    content: dict[str, Any] = {}
    for child in element:
        name = etree.QName(child).localname
        value = _content(child, repeated)
        if name in repeated:
            content.setdefault(name, []).append(value)
        else:
            content[name] = value
    return content
