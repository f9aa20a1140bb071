"""XML as a source: every element at one path is a row, read as a stream and, where an XSD is given, held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from gateway.errors import OptionError, SourceError, StartError
from gateway.interfaces import Content, RowFault, Surroundings
from gateway.messages import Message
from gateway.transport import xml_rows
from gateway.transport.text_encoding import StatedEncoding, as_stated
from gateway.transport.xml import Schema
from gateway.transport.xml_rows import XmlTable, proposed_tables
from gateway_files import named_rows, places
from gateway_files.file_source import FileSource, OpenedFile
from gateway_files.named_rows import Item, NamedRow, batches, known_columns
from gateway_files.places import FileOptions

COLUMNS_DIFFER = Message(
    "xml.columns_differ",
    zh="“{place}”的数据项与“{first}”不同：缺少 {missing}；多出 {extra}；"
    "各文件的数据项不尽相同时，请在 columns 中全部写明",
    en="the elements of {place!r} differ from those of {first!r}: missing {missing}; extra {extra}; where they are not "
    "the same in every file, name them all in `columns`",
)
UNKNOWN_PREFIX = Message(
    "xml.unknown_prefix",
    zh="rows 中的前缀“{prefix}”没有在 namespaces 中写明；请补上它的命名空间",
    en="rows: the prefix {prefix!r} stands for none of namespaces; name its namespace there",
)
MESSAGES = (*places.MESSAGES, *xml_rows.MESSAGES, *named_rows.MESSAGES, COLUMNS_DIFFER, UNKNOWN_PREFIX)


class XmlOptions(FileOptions, defer_build=True):
    """Where the files are, and the path of a row from the root, as `p:企业列表/p:企业`.

    `lists` are the paths below a row that may repeat. Without `columns` a file is read twice, the first time for the
    names of its elements.
    """

    rows: str = Field(pattern=r"^/?[^/\s]+(?:/[^/\s]+)*$")
    namespaces: Mapping[str, str] = {}
    lists: tuple[str, ...] = ()
    encoding: StatedEncoding = "auto"
    xsd: str = ""
    columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known_prefixes(self) -> XmlOptions:
        prefixes = {name.rpartition(":")[0] for name in self.rows.split("/")} - {""}
        unknown = sorted(prefixes - self.namespaces.keys())
        if unknown:
            raise OptionError(UNKNOWN_PREFIX, prefix=unknown[0])
        return self


class XmlSource(FileSource):
    """Reads XML; an element that is no row as declared is set aside, and those after it go on."""

    columns_differ = COLUMNS_DIFFER
    order_counts = False

    def __init__(self, options: XmlOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._options = options
        self._directory = surroundings.directory

    @classmethod
    def proposals(cls, path: Path, given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Each path at which elements repeat, where it is not said which of them are rows."""
        if given.get("rows"):
            return [given]
        tables = proposed_tables(path, path.name, as_stated(given.get("encoding", "auto")))
        return [{**given, "rows": each.rows, **_said(each.namespaces)} for each in tables]

    def contents(self) -> Sequence[Content]:
        """The files by their bytes; none where a schema speaks too, which may rest on further files."""
        return () if self._options.xsd else super().contents()

    def opened(self, path: Path, place: str) -> OpenedFile:
        """Find the columns where none are declared."""
        table = self._table()

        def rows() -> Iterator[Item]:
            return _rows(table, path, place)

        columns = known_columns(place, self._options.columns, rows)
        return OpenedFile(place, columns, lambda: batches(place, columns, rows()))

    def _table(self) -> XmlTable:
        options = self._options
        try:
            schema = Schema(self._directory / options.xsd) if options.xsd else None
        except StartError as error:
            raise SourceError(error.message, **error.values) from error
        return XmlTable(options.rows, options.namespaces, frozenset(options.lists), schema, as_stated(options.encoding))


def _said(namespaces: Mapping[str, str]) -> dict[str, Any]:
    return {"namespaces": dict(namespaces)} if namespaces else {}


def _rows(table: XmlTable, path: Path, place: str) -> Iterator[Item]:
    for row in table.read(path, place):
        if row.trouble:
            yield RowFault(row.number, row.trouble, row.values, row.text)
        else:
            yield NamedRow(row.number, row.cells)
