"""The rows of an XML document as a stream: every element at one path, memory flat, nothing believed of half a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport import document_text, xml, xml_cells
from gateway.transport.document_text import document_encoding, document_pieces
from gateway.transport.text_encoding import Encoding
from gateway.transport.xml import NotXml, Schema, events, feed, logged_since, plain, pull_parser
from gateway.transport.xml_cells import CellReader, Unfit
from gateway.transport.xml_outline import named_path, outline
from gateway.transport.xml_prolog import doubtful_label, without_doctype

NOT_XML = Message(
    "xml.not_whole",
    zh="文件“{place}”不是完整、规范的 XML（第 {line} 行：{why}）；没有保存任何数据，请让对方重新导出",
    en="the file {place!r} is no whole and well-formed XML (line {line}: {why}); nothing was stored, have it exported "
    "again",
)
WRONG_LABEL = Message(
    "xml.wrong_label",
    zh="文件“{place}”声明的编码是 {label}，而网关只读 UTF-8、UTF-16 与 GB18030（含 GBK、GB2312）；"
    "请让对方以 UTF-8 重新导出",
    en="the file {place!r} claims the encoding {label}, only UTF-8, UTF-16 and GB18030 (GBK, GB2312) are read; have it "
    "exported again in UTF-8",
)
TOO_LARGE = Message(
    "xml.row_too_large",
    zh="文件“{place}”中有一个元素超过 {limit} MiB 仍未结束，不予读取；请核对文件，或更正 rows",
    en="an element of the file {place!r} goes on beyond {limit} MiB and is not read; check the file, or correct `rows`",
)
NO_ROWS = Message(
    "xml.no_rows",
    zh="文件“{place}”中没有“{rows}”；其中的元素有：{elements}；命名空间有：{namespaces}；请更正 rows 与 namespaces",
    en="there is no {rows} in the file {place!r}; its elements are: {elements}; its namespaces are: {namespaces}; "
    "correct `rows` and `namespaces`",
)
OTHER_NAMESPACE = Message(
    "xml.other_namespace",
    zh="文件“{place}”中，记录旁边还有命名空间“{other}”的“{name}”，与 rows 的命名空间“{expected}”不同，"
    "不知是否也是记录；没有保存任何数据，请让对方统一命名空间",
    en="beside the rows of the file {place!r} stands {name!r} of the namespace {other!r}, not {expected!r} as `rows` "
    "says, and whether it is a row is not known; nothing was stored, have one namespace used",
)
INVALID_ROW = Message(
    "xml.invalid_row",
    zh="本条不符合 XSD：{why}；请更正",
    en="the row does not satisfy the XSD: {why}; correct it",
)
INVALID = Message(
    "xml.invalid",
    zh="文件“{place}”在记录之外不符合 XSD：{why}；没有保存任何数据，请让对方更正",
    en="the file {place!r} does not satisfy the XSD outside its rows: {why}; nothing was stored, have it corrected",
)
MESSAGES = (
    *document_text.MESSAGES,
    *xml.MESSAGES,
    *xml_cells.MESSAGES,
    NOT_XML,
    WRONG_LABEL,
    TOO_LARGE,
    NO_ROWS,
    OTHER_NAMESPACE,
    INVALID_ROW,
    INVALID,
)

MOST_BYTES = 64 << 20  # of text that brings nothing to its end
_OF_SCHEMA = etree.ErrorDomains.SCHEMASV
_PART = 1 << 16  # characters
_HELD_BACK, _LONGEST_TAG = 1 << 20, 400  # characters
_SHOWN = 4000  # characters of a faulty row
_FAULTS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class XmlRow:
    """A row: its number among the rows, and its cells by name, or why it has none and how it was written."""

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    trouble: Message | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True)
class XmlTable:
    """How the rows of documents are found: the elements at a path from the root, `prefix:name/prefix:name`."""

    rows: str
    namespaces: Mapping[str, str] = field(default_factory=dict)
    lists: AbstractSet[str] = frozenset()
    schema: Schema | None = None
    encoding: Encoding | None = None  # that is stated

    @property
    def path(self) -> tuple[str, ...]:
        """The tags of the elements from the root to a row."""
        return tuple(self._tag(name) for name in self.rows.strip("/").split("/"))

    def _tag(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"{{{self.namespaces[prefix]}}}{local}" if prefix in self.namespaces else local

    def read(self, path: Path, place: str) -> Iterator[XmlRow]:
        """Every row of a document, in order; raises SourceError, at its end at the latest where it is not whole."""
        encoding = document_encoding(path, self.encoding)
        try:
            yield from _Reading(self, path, place, encoding).rows()
        except NotXml as error:
            raise SourceError(NOT_XML, place=place, line=error.line, why=error.why) from error


def proposed_tables(path: Path, place: str, stated: Encoding | None = None) -> Sequence[XmlTable]:
    """The paths at which elements repeat in a document, as its beginning shows; raises SourceError.

    Where none does, what stands directly below the root.
    """
    try:
        found = outline(path, document_encoding(path, stated))
    except NotXml as error:
        raise SourceError(NOT_XML, place=place, line=error.line, why=error.why) from error
    prefixes = {uri: f"n{number}" for number, uri in enumerate(found.namespaces, 1)}
    paths = found.repeated or [tags for tags in found.counts if len(tags) == 2]
    return [XmlTable(named_path(tags, prefixes), {prefix: uri for uri, prefix in prefixes.items()}) for tags in paths]


class _Reading:
    """One document, read from its beginning to its end."""

    def __init__(self, table: XmlTable, file: Path, place: str, encoding: Encoding) -> None:
        self._table, self._file, self._place, self._encoding = table, file, place, encoding
        self._path = table.path
        self._local = etree.QName(self._path[-1]).localname
        tags = (self._path[0], *self._path[-2:], f"{{*}}{self._local}")
        self._parser = table.schema.pull_parser(tags) if table.schema else pull_parser(tags)
        self._cells = CellReader(etree.QName(self._path[-1]).namespace or "", table.namespaces, table.lists)
        self._root: etree._Element | None = None
        self._number = self._logged = 0
        self._line = 1
        self._open = self._is_whole = False
        self._stranger: etree.QName | None = None  # of the name of a row, but of another namespace
        self._lists = self._others = False  # whether there is what holds rows, and whether it holds anything else

    def rows(self) -> Iterator[XmlRow]:
        waiting = 0
        for text in self._fed():
            self._feed(text)
            before = self._number
            yield from self._ended()
            if not self._open:
                self._assert_valid(self._new_faults())
            waiting = 0 if self._pruned() or self._number > before else waiting + len(text)
            if waiting > MOST_BYTES:
                raise self._too_large()
        self._close()
        yield from self._ended()  # of a document so short that the parser waited for its end
        if self._number and self._stranger is not None:
            raise self._of_other_namespace(self._stranger)
        if not self._number and (self._others or not self._lists):
            raise self._no_rows()

    def _fed(self) -> Iterator[str]:
        """The text in pieces; with an XSD, none holds the ends of two rows, so that it is known which one is meant."""
        pieces = without_doctype(filter(None, document_pieces(self._file, self._encoding)))
        head = next(pieces, " ")
        label = doubtful_label(head) if self._encoding is Encoding.GB18030 else ""
        if label:
            raise SourceError(WRONG_LABEL, place=self._place, label=label)
        pieces = chain([head], pieces)
        return _row_by_row(pieces, self._path[-1]) if self._table.schema else _part_by_part(pieces)

    def _feed(self, text: str) -> None:
        self._line += text.count("\n")
        feed(self._parser, text)

    def _close(self) -> None:
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            if not self._is_whole:  # else it says again what rows were set aside for
                raise NotXml(error.lineno or self._line, plain(error.msg or "")) from error
        if self._root is not None and not self._is_whole:
            raise NotXml(self._line, "it ends too early")

    def _ended(self) -> Iterator[XmlRow]:
        for event, element in events(self._parser):
            if self._root is None:
                self._root = element.getroottree().getroot()
                if self._root.tag != self._path[0]:
                    raise self._no_rows()
            self._is_whole = event == "end" and element is self._root
            if event == "start" and not self._table.schema:
                continue
            path = _path_of(element)
            if event == "end" and path == self._path[:-1]:
                self._lists, self._others = True, self._others or len(element) > 0
            if path != self._path:
                self._stranger = self._stranger or self._strange(path)
                continue
            self._open = event == "start"
            if not self._open:
                self._number += 1
                yield self._row(element)
                element.clear()

    def _strange(self, path: tuple[Any, ...]) -> etree.QName | None:
        name = etree.QName(path[-1])
        return name if path[:-1] == self._path[:-1] and name.localname == self._local else None

    def _row(self, element: etree._Element) -> XmlRow:
        faults = self._new_faults()
        if faults:
            self._assert_expected(element, faults)
            return self._aside(element, INVALID_ROW, why="; ".join(faults[:_FAULTS_SHOWN]))
        try:
            return XmlRow(self._number, self._cells.cells(element))
        except Unfit as unfit:
            return self._aside(element, unfit.message, **unfit.values)

    def _aside(self, element: etree._Element, message: Message, **values: Any) -> XmlRow:
        text = etree.tostring(element, encoding="unicode", with_tail=False)[:_SHOWN]
        return XmlRow(self._number, {}, message, values, text)

    def _new_faults(self) -> Sequence[str]:
        if not self._table.schema:
            return ()
        found = logged_since(self._parser, self._logged)
        self._logged += len(found)
        return [plain(each.message) for each in found if each.domain == _OF_SCHEMA]

    def _assert_expected(self, element: etree._Element, faults: Sequence[str]) -> None:
        """Where a row itself is not expected, libxml2 does not look at those after it."""
        self._assert_valid(
            [each for each in faults if each.startswith(f"Element '{element.tag}': This element is not")]
        )

    def _assert_valid(self, faults: Sequence[str]) -> None:
        if faults:
            raise SourceError(INVALID, place=self._place, why="; ".join(faults[:_FAULTS_SHOWN]))

    def _pruned(self) -> bool:
        """Drop what has come to its end outside the row that is open, and say whether there was any."""
        pruned, element, path = False, self._root, self._path[:0]
        while element is not None and len(element):
            path = (*path, element.tag)
            if path == self._path:
                break
            pruned = pruned or len(element) > 1
            del element[:-1]
            element = element[-1]
        return pruned

    def _too_large(self) -> SourceError:
        if self._root is None:  # another root than the path begins with
            return self._no_rows()
        return SourceError(TOO_LARGE, place=self._place, limit=MOST_BYTES >> 20)

    def _of_other_namespace(self, stranger: etree.QName) -> SourceError:
        expected = etree.QName(self._path[-1]).namespace
        said = {"name": stranger.localname, "other": stranger.namespace or "-", "expected": expected or "-"}
        return SourceError(OTHER_NAMESPACE, place=self._place, **said)

    def _no_rows(self) -> SourceError:
        """A list may be empty; elements of other names in its place, or a list of another name, are no empty list."""
        found = outline(self._file, self._encoding)
        return SourceError(
            NO_ROWS,
            place=self._place,
            rows=self._table.rows,
            elements="、".join(found.shown()) or "-",
            namespaces="、".join(found.namespaces) or "-",
        )


def _path_of(element: etree._Element) -> tuple[Any, ...]:
    return (*(each.tag for each in reversed(list(element.iterancestors()))), element.tag)


def _part_by_part(pieces: Iterator[str]) -> Iterator[str]:
    """The same text in parts that make small trees."""
    for piece in pieces:
        for start in range(0, len(piece), _PART):
            yield piece[start : start + _PART]


def _row_by_row(pieces: Iterator[str], tag: str) -> Iterator[str]:
    """The same text, cut before whatever may be the beginning of a row, and behind what may be its end."""
    name = rf"(?:[^\s<>/:!?]+:)?{re.escape(etree.QName(tag).localname)}"
    cut = re.compile(rf"(?=<{name}[\s/>])|(?<=<)/{name}\s*>")
    rest = ""
    for piece in pieces:
        rest += piece
        start = 0
        for found in cut.finditer(rest):
            yield rest[start : found.end()]
            start = found.end()
        rest = rest[start:]
        if len(rest) > _HELD_BACK:
            yield rest[:-_LONGEST_TAG]
            rest = rest[-_LONGEST_TAG:]
    yield rest
