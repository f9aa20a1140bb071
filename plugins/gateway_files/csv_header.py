"""The header of a CSV file: its columns, its separator, and where the rows begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import SourceError
from gateway.interfaces import ROW
from gateway.messages import Message
from gateway.transport.text_files import TextBlock, TextFile
from gateway_files.csv_row import Dialect, Row, join_row, split_row, without_end

EMPTY = Message(
    "csv.empty_file",
    zh="文件“{place}”是空的，没有表头；请让对方重新导出",
    en="the file {place!r} is empty, it has no header; have it exported again",
)
UNREADABLE_HEADER = Message(
    "csv.unreadable_header",
    zh="文件“{place}”的表头（第 {line} 行）无法读取：{reason_zh}；内容为：{text}",
    en="the header of the file {place!r} (line {line}) cannot be read: {reason}; it reads: {text}",
)
EMPTY_NAME = Message(
    "csv.empty_column_name",
    zh="文件“{place}”的表头第 {positions} 列没有名称；请补上列名，或删除多余的分隔符",
    en="column {positions} of the file {place!r} has no name; name it, or remove the extra separator from the header",
)
DOUBLED_NAME = Message(
    "csv.doubled_column_name",
    zh="文件“{place}”的表头有同名的列：“{name}”在第 {positions} 列；请让每列的名称各不相同",
    en="two columns of the file {place!r} have one name: {name!r} at positions {positions}; give each its own name",
)
RESERVED_NAME = Message(
    "csv.reserved_column_name",
    zh="文件“{place}”的表头第 {positions} 列名为“{name}”，这是网关保留的名称；请改名",
    en="column {positions} of the file {place!r} is named {name!r}, which the gateway keeps for itself; rename it",
)
UNCLEAR_SEPARATOR = Message(
    "csv.unclear_separator",
    zh="文件“{place}”的分隔符无法判断：{candidates} 都说得通；请在 separator 中写明",
    en="the separator of the file {place!r} cannot be told: {candidates} are all possible; state it in `separator`",
)
MESSAGES = (EMPTY, UNREADABLE_HEADER, EMPTY_NAME, DOUBLED_NAME, RESERVED_NAME, UNCLEAR_SEPARATOR)

SEPARATORS = (",", ";", "\t", "|")
_HEAD = 200  # lines that are looked at: the header, and those that are asked when it could be split in two ways
_SHOWN = 200  # characters of a header that cannot be read


@dataclass(frozen=True, slots=True)
class Header:
    """The columns in their order, how cells are told apart, the blank lines above, and the first line below."""

    columns: Sequence[str]
    dialect: Dialect
    blank_lines: Sequence[int]
    rows_from: int


def read_header(file: TextFile, place: str, separator: str | None, quote: str) -> Header:
    """Read a file's header, whose separator is told from it and the lines below where none is given.

    Raises SourceError.
    """
    head = _head(file)
    lines = [line.decode() for line in head.text.splitlines(keepends=True)[:_HEAD]]
    blank = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    if blank == len(lines):
        raise SourceError(EMPTY, place=place)
    dialect = Dialect(separator, quote) if separator else _tell_dialect(place, lines[blank:], quote)
    row, count = _first_row(lines[blank:], dialect)
    rows_from = 1 + blank + count
    trouble = next((why for at, why in head.unreadable.items() if at < rows_from), row.trouble)
    if trouble:
        raise _unreadable(place, blank + 1, trouble, row, file, lines[blank])
    _check_names(place, row.cells)
    return Header(row.cells, dialect, range(1, blank + 1), rows_from)


def _head(file: TextFile) -> TextBlock:
    head = TextBlock(1, 0, b"")
    for block in file.blocks():
        head = head.followed_by(block)
        if head.line_count >= _HEAD:
            break
    return head


def _first_row(lines: Sequence[str], dialect: Dialect) -> tuple[Row, int]:
    return join_row(lines, dialect, None) or (split_row(without_end(lines[0]), dialect), 1)


def _tell_dialect(place: str, lines: Sequence[str], quote: str) -> Dialect:
    found = [each for each in SEPARATORS if len(_first_row(lines, Dialect(each, quote))[0].cells) > 1]
    if len(found) > 1:
        agreement = {each: _agreement(lines, Dialect(each, quote)) for each in found}
        found = [each for each in found if agreement[each] == max(agreement.values())]
    if len(found) > 1:
        raise SourceError(UNCLEAR_SEPARATOR, place=place, candidates=" ".join(found).replace("\t", "tab"))
    return Dialect(found[0] if found else SEPARATORS[0], quote)


def _agreement(lines: Sequence[str], dialect: Dialect) -> int:
    header, count = _first_row(lines, dialect)
    sizes = [len(split_row(without_end(line), dialect).cells) for line in lines[count:]]
    return sizes.count(len(header.cells))


def _unreadable(place: str, line: int, trouble: Message, row: Row, file: TextFile, text: str) -> SourceError:
    values = {"line": line, "encoding": file.encoding, "cell": len(row.cells), "quote": '"'}
    zh, en = trouble.text("zh", values), trouble.text("en", values)
    return SourceError(
        UNREADABLE_HEADER, place=place, line=line, reason_zh=zh, reason=en, text=without_end(text)[:_SHOWN]
    )


def _check_names(place: str, names: Sequence[str]) -> None:
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names, 1):
        positions.setdefault(name if name.strip() else "", []).append(position)
    for name, at in positions.items():
        wrong = _wrong_name(name, at)
        if wrong:
            raise SourceError(wrong, place=place, name=name, positions=", ".join(map(str, at)))


def _wrong_name(name: str, positions: Sequence[int]) -> Message | None:
    if not name:
        return EMPTY_NAME
    if name == ROW:
        return RESERVED_NAME
    return DOUBLED_NAME if len(positions) > 1 else None
