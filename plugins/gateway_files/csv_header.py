"""The header of a CSV file: where it stands, its columns, its separator, and where the rows begin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import SourceError
from gateway.interfaces import ROW, LeftOut
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
NO_HEADER = Message(
    "csv.no_header",
    zh="文件“{place}”的前 {lines} 行中找不到写有 {wanted} 的表头；最接近的一行缺少：{missing}；"
    "请核对文件，或更正 header",
    en="the first {lines} lines of the file {place!r} hold no header that names {wanted}; the nearest lacks: "
    "{missing}; compare the file, or correct `header`",
)
NO_LINE = Message(
    "csv.no_header_line",
    zh="文件“{place}”的第 {line} 行没有内容，不能作为表头；请核对文件，或更正 header",
    en="line {line} of the file {place!r} holds nothing and cannot be the header; compare the file, or correct "
    "`header`",
)
NO_SUCH_LINE = Message(
    "csv.no_such_line",
    zh="文件“{place}”只有 {lines} 行，没有第 {line} 行可作表头；请核对文件，或更正 header",
    en="the file {place!r} has {lines} lines, none of them is line {line} that is to be the header; compare the file, "
    "or correct `header`",
)
ABOVE_HEADER = Message("csv.above_header", zh="表头之上的行（标题、填报单位等）", en="a line above the header")
BLANK_LINE = Message("csv.blank_line", zh="空行，不计入读取的行", en="a blank line, which is not counted as a row")
MESSAGES = (
    EMPTY,
    UNREADABLE_HEADER,
    EMPTY_NAME,
    DOUBLED_NAME,
    RESERVED_NAME,
    UNCLEAR_SEPARATOR,
    NO_HEADER,
    NO_LINE,
    NO_SUCH_LINE,
    ABOVE_HEADER,
    BLANK_LINE,
)

SEPARATORS = (",", ";", "\t", "|")
_HEAD = 200  # lines that are looked at (from a stated line on): the header, and those asked how it is to be split
_SEARCHED = 20  # lines among which it is looked for
_SHOWN = 200  # characters of a header that cannot be read

_NUMBER = re.compile(r"[0-9.,/-]+")

Lines = Sequence[str]


@dataclass(frozen=True, slots=True)
class Header:
    """The columns in their order, how cells are told apart, the lines above, and the first line below."""

    columns: Sequence[str]
    dialect: Dialect
    above: Sequence[LeftOut]
    rows_from: int


def read_header(
    file: TextFile, place: str, separator: str | None, quote: str, wanted: int | Sequence[str] = ()
) -> Header:
    """Read a file's header, whose separator is told from it and the lines below where none is given.

    `wanted` is its line, or the columns that it must name; without either it is the first line that is not blank and
    no title. Raises SourceError.
    """
    count = _HEAD + (wanted if isinstance(wanted, int) else 0)
    head = _head(file, count)
    lines = [line.decode() for line in head.text.splitlines(keepends=True)[:count]]
    if not any(line.strip() for line in lines):
        raise SourceError(EMPTY, place=place)
    dialects = [Dialect(each, quote) for each in ([separator] if separator else SEPARATORS)]
    at = _place_header(place, lines, dialects, wanted)
    dialect = _tell_dialect(place, lines[at:], dialects, () if isinstance(wanted, int) else wanted)
    row, count = _first_row(lines[at:], dialect)
    rows_from = 1 + at + count
    trouble = next((why for line, why in head.unreadable.items() if at < line < rows_from), row.trouble)
    if trouble:
        raise _unreadable(place, at + 1, trouble, row, file, lines[at])
    _check_names(place, row.cells)
    return Header(row.cells, dialect, [_left_out(*each) for each in enumerate(lines[:at], 1)], rows_from)


def _head(file: TextFile, lines: int) -> TextBlock:
    head = TextBlock(1, 0, b"")
    for block in file.blocks():
        head = head.followed_by(block)
        if head.line_count >= lines:
            break
    return head


def _left_out(number: int, line: str) -> LeftOut:
    return LeftOut(number, ABOVE_HEADER if line.strip() else BLANK_LINE, without_end(line)[:_SHOWN].strip())


def _first_row(lines: Lines, dialect: Dialect) -> tuple[Row, int]:
    return join_row(lines, dialect, None) or (split_row(without_end(lines[0]), dialect), 1)


def _place_header(place: str, lines: Lines, dialects: Sequence[Dialect], wanted: int | Sequence[str]) -> int:
    """The offset of the line where the header begins."""
    if isinstance(wanted, int):
        if wanted > len(lines):
            raise SourceError(NO_SUCH_LINE, place=place, lines=len(lines), line=wanted)
        if not lines[wanted - 1].strip():
            raise SourceError(NO_LINE, place=place, line=wanted)
        return wanted - 1
    first = next(at for at, line in enumerate(lines) if line.strip())
    return _naming(place, lines, dialects, wanted) if wanted else _below_titles(lines, first, dialects)


def _naming(place: str, lines: Lines, dialects: Sequence[Dialect], wanted: Sequence[str]) -> int:
    nearest = list(wanted)
    for at in range(min(len(lines), _SEARCHED)):
        for dialect in dialects:
            names = _first_row(lines[at:], dialect)[0].cells
            nearest = min(nearest, [each for each in wanted if each not in names], key=len)
            if not nearest:
                return at
    said = {"wanted": "、".join(wanted), "missing": "、".join(nearest)}
    raise SourceError(NO_HEADER, place=place, lines=_SEARCHED, **said)


def _below_titles(lines: Lines, first: int, dialects: Sequence[Dialect]) -> int:
    """The first line that is not blank, unless only lines further down name columns and those above are titles."""
    if any(_names_columns(_first_row(lines[first:], each)[0]) for each in dialects):
        return first
    found = {at for each in dialects if (at := _titles(lines[first:], each))}
    return first + (found.pop() if len(found) == 1 else 0)


def _names_columns(row: Row) -> bool:
    """Whether every cell may be a name: filled, and no number."""
    names = [cell.strip() for cell in row.cells]
    return row.trouble is None and len(names) > 1 and all(names) and not any(map(_NUMBER.fullmatch, names))


def _titles(lines: Lines, dialect: Dialect) -> int:
    """How many lines stand above the first that names every column, if each of them fills at most half of the columns.

    How many columns there are is what most lines say.
    """
    rows = [split_row(without_end(line), dialect) for line in lines]
    sizes = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
    size, times = max(sizes.items(), key=lambda each: each[1], default=(0, 0))
    heads = (at for at, row in enumerate(rows[:_SEARCHED]) if len(row.cells) == size and _names_columns(row))
    count = next(heads, 0) if times > 1 else 0
    return count if all(_is_title(row, size) for row in rows[:count]) else 0


def _is_title(row: Row, columns: int) -> bool:
    return row.trouble is None and sum(bool(cell.strip()) for cell in row.cells) <= columns / 2


def _tell_dialect(place: str, lines: Lines, dialects: Sequence[Dialect], wanted: Sequence[str]) -> Dialect:
    headers = {each: _first_row(lines, each)[0].cells for each in dialects}
    found = [each for each in dialects if len(headers[each]) > 1 and set(wanted) <= set(headers[each])]
    if len(found) > 1:
        agreement = {each: _agreement(lines, each) for each in found}
        found = [each for each in found if agreement[each] == max(agreement.values())]
    if len(found) > 1:
        candidates = " ".join(each.separator for each in found).replace("\t", "tab")
        raise SourceError(UNCLEAR_SEPARATOR, place=place, candidates=candidates)
    return found[0] if found else dialects[0]


def _agreement(lines: Lines, dialect: Dialect) -> int:
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
