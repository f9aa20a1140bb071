"""JSON as a source: a document with a list of rows in it, or one object a line; numbers stay as written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import PositiveInt, field_validator

from gateway.errors import OptionError, SourceError
from gateway.interfaces import Surroundings
from gateway.messages import Message
from gateway.transport import document_text, text_files
from gateway.transport.document_text import document_encoding, document_pieces
from gateway.transport.files import readable
from gateway.transport.text_encoding import Encoding, StatedEncoding, as_stated
from gateway.transport.text_files import TextFile
from gateway.transport.utf_16 import HEAD, byte_order
from gateway_files import json_document, json_lines, json_values, named_rows, places
from gateway_files.file_source import FileSource, OpenedFile
from gateway_files.json_document import JsonDocument, NoList, lists_in
from gateway_files.json_lines import lines
from gateway_files.json_values import is_object, row_of, shown
from gateway_files.named_rows import Item, batches, known_columns
from gateway_files.places import FileOptions

NO_LIST = Message(
    "json.no_list",
    zh="文件“{place}”的“{rows}”处不是记录列表；文件中的列表有：{lists}；请更正 rows",
    en="{rows!r} is no list of rows in the file {place!r}; the lists in it are: {lists}; correct `rows`",
)
NOT_A_LIST = Message(
    "json.not_a_list",
    zh="文件“{place}”本身不是记录列表；其中的列表有：{lists}；请在 rows 中写明记录所在的列表",
    en="the file {place!r} is itself no list of rows; the lists in it are: {lists}; name the one that holds the rows "
    "in `rows`",
)
COLUMNS_DIFFER = Message(
    "json.columns_differ",
    zh="“{place}”的数据项与“{first}”不同：缺少 {missing}；多出 {extra}；"
    "各文件的数据项不尽相同时，请在 columns 中全部写明",
    en="the members of {place!r} differ from those of {first!r}: missing {missing}; extra {extra}; where they are not "
    "the same in every file, name them all in `columns`",
)
NO_JMESPATH = Message(
    "json.no_jmespath",
    zh="“{rows}”不是 JMESPath 表达式；请写成 data.list 这样的路径",
    en="{rows!r} is no JMESPath expression; write a path such as data.list",
)
MESSAGES = (
    *places.MESSAGES,
    *text_files.MESSAGES,
    document_text.BROKEN_ENCODING,
    *named_rows.MESSAGES,
    *json_values.MESSAGES,
    *json_document.MESSAGES,
    *json_lines.MESSAGES,
    NO_LIST,
    NOT_A_LIST,
    COLUMNS_DIFFER,
    NO_JMESPATH,
)

_LOOKED_INTO = 64 << 20  # bytes
_NAMES = re.compile(r"[\w-]+(?:\.[\w-]+)*")  # a path that can be followed while the document is read


class JsonOptions(FileOptions, defer_build=True):
    """Where the files are, and where their rows stand: a line each, or a list that a JMESPath finds.

    A path of plain names (`data.list`) is followed as a stream; for any other the document is held in memory, up to
    `document_bytes`. Without `columns` a file is read twice, the first time for the names of its members.
    """

    form: Literal["auto", "lines", "document"] = "auto"
    encoding: StatedEncoding = "auto"
    rows: str = ""
    columns: tuple[str, ...] = ()
    document_bytes: PositiveInt = 64 << 20

    @field_validator("rows")
    @classmethod
    def _jmespath(cls, rows: str) -> str:
        try:
            return rows if not rows or _NAMES.fullmatch(rows) else str(jmespath.compile(rows).expression)
        except JMESPathError as error:
            raise OptionError(NO_JMESPATH, rows=rows) from error


class JsonSource(FileSource):
    """Reads JSON; a line or a value that is no row is set aside, and those after it go on."""

    columns_differ = COLUMNS_DIFFER
    order_counts = False

    def __init__(self, options: JsonOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._options = options

    @classmethod
    def proposals(cls, path: Path, given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Each list of objects in a document, where it is said neither where the rows stand nor that they are lines."""
        if given.get("rows") or given.get("form", "auto") != "auto" or _is_lines(path):
            return [given]
        found = _Document(path, path.name, _LOOKED_INTO, as_stated(given.get("encoding", "auto"))).lists()
        return [given if each == "[]" else {**given, "rows": each} for each in found] or [given]

    def opened(self, path: Path, place: str) -> OpenedFile:
        """Tell lines from a document, and the columns where none are declared."""
        rows = self._reader(path, place)
        columns = known_columns(place, self._options.columns, rows)
        return OpenedFile(place, columns, lambda: batches(place, columns, rows()))

    def _reader(self, path: Path, place: str) -> Callable[[], Iterator[Item]]:
        options = self._options
        if options.form == "lines" or (options.form == "auto" and not options.rows and _is_lines(path)):
            return partial(lines, TextFile.recognise(path, as_stated(options.encoding)))
        document = _Document(path, place, options.document_bytes, as_stated(options.encoding))
        if not options.rows or _NAMES.fullmatch(options.rows):
            return partial(document.streamed, options.rows)
        return partial(document.chosen, options.rows)


def _is_lines(path: Path) -> bool:
    """Whether the first line, or most of the first lines, are whole objects; one alone may be a document."""
    lines = list(_first_lines(path))
    whole = [is_object(line) for line in lines]
    if len(lines) == 1:
        return whole[0] and "[{" not in lines[0]
    return any(whole[:1]) or sum(whole) * 2 > len(lines)


def _first_lines(path: Path) -> Iterator[str]:
    with readable(path.name), path.open("rb") as stream:
        head = stream.read(HEAD)
    wide = byte_order(head) or ("utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else None)
    text = head.decode(wide, "ignore").encode() if wide else head
    for line in text.splitlines()[: None if len(head) < HEAD else -1]:
        if line.strip():
            yield _decoded(line.removeprefix(b"\xef\xbb\xbf"))


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")


class _Document:
    def __init__(self, path: Path, place: str, most: int, stated: Encoding | None) -> None:
        self._path, self._place, self._most = path, place, most
        self._encoding = document_encoding(path, stated)

    def streamed(self, names: str) -> Iterator[Item]:
        document = JsonDocument(self._place, document_pieces(self._path, self._encoding))
        try:
            for number, (value, text) in enumerate(document.rows(names.split(".") if names else ()), 1):
                yield row_of(number, value, text)
        except NoList:
            raise self._no_list(names) from None

    def chosen(self, expression: str) -> Iterator[Item]:
        try:
            rows = jmespath.search(expression, self._whole())
        except JMESPathError:  # of functions that do not fit what they find
            rows = None
        if not isinstance(rows, list):
            raise self._no_list(expression)
        for number, value in enumerate(rows, 1):
            yield row_of(number, value, shown(value))

    def lists(self) -> list[str]:
        """The lists of objects in it, unless it is too large to be looked into."""
        return list(lists_in(self._whole())) if self._path.stat().st_size <= self._most else []

    def _whole(self) -> Any:
        pieces = document_pieces(self._path, self._encoding)
        return JsonDocument(self._place, pieces, self._most).whole()

    def _no_list(self, rows: str) -> SourceError:
        lists = "、".join(self.lists()) or "-"
        if not rows:
            return SourceError(NOT_A_LIST, place=self._place, lists=lists)
        return SourceError(NO_LIST, place=self._place, rows=rows, lists=lists)
