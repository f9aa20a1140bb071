"""The records of an .xls (MS-XLS) that its reader passes over: sheets, errors, number formats, merged cells."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.transport.workbooks import number_format
from gateway.transport.workbooks.odd_cells import Merge, OddCell, Oddity, StyledNumber

_BOF, _END, _PASSWORD, _SHEET, _SINCE_1904, _FORMAT, _STYLE = 0x809, 0x0A, 0x2F, 0x85, 0x22, 0x41E, 0xE0
_FORMULA, _ERROR, _NUMBER, _RK, _RKS = 0x06, 0x205, 0x203, 0x27E, 0xBD
_MERGES = 0xE5
_TEXTS = {0xFD, 0x204, 0xD6}
_ONE_CELL = {_FORMULA, _ERROR, _NUMBER, _RK, *_TEXTS}
_NAMES = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


@dataclass(frozen=True, slots=True)
class SheetRecord:
    """A sheet: whether it shows cells, and where its records begin."""

    visible: bool
    offset: int


@dataclass(slots=True)
class Contents:
    """What the records say of the workbook; `sheets` are in the order of their names."""

    password: bool = False
    since_1904: bool = False
    sheets: list[SheetRecord] = field(default_factory=list)
    looked_at: dict[int, str] = field(default_factory=dict)  # codes of styles that show more than a value


@dataclass(slots=True)
class SheetCells:
    """The columns that are filled (from 0), the errors, the numbers of some styles, and the merged cells."""

    columns: set[int] = field(default_factory=set)
    odd: list[OddCell] = field(default_factory=list)
    styled: list[StyledNumber] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)


def read_contents(stream: bytes) -> Contents:
    """Read what stands before the first sheet; raises ValueError for a stream that is cut off."""
    found = Contents()
    declared: dict[int, str] = {}
    formats: list[int] = []
    for kind, body in _records(stream, 0):
        if kind == _PASSWORD:
            found.password = True
            return found
        if kind == _SHEET:
            offset, hidden, what = struct.unpack_from("<IBB", body)
            found.sheets.append(SheetRecord(hidden & 3 == 0 and what == 0, offset))  # neither a chart nor a macro
        elif kind == _SINCE_1904:
            found.since_1904 = body[:1] == b"\1"
        elif kind == _FORMAT:
            declared[struct.unpack_from("<H", body)[0]] = _format_code(body)
        elif kind == _STYLE:
            formats.append(struct.unpack_from("<H", body, 2)[0])
    found.looked_at = number_format.looked_at(formats, declared)
    return found


def _format_code(body: bytes) -> str:
    """The text of a number format, which has one or two bytes a character."""
    length, wide = struct.unpack_from("<HB", body, 2)
    return body[5 : 5 + 2 * length].decode("utf-16-le") if wide & 1 else body[5 : 5 + length].decode("latin-1")


def read_cells(stream: bytes, sheet: SheetRecord, codes: Mapping[int, str]) -> SheetCells:
    """Look at the cells of one sheet; `codes` are those of styles whose numbers are needed."""
    found = SheetCells()

    def note_style(style: int, row: int, column: int, number: float) -> None:
        if style in codes:
            found.styled.append(StyledNumber(row + 1, column, codes[style], number))

    for kind, body in _records(stream, sheet.offset):
        if kind in _ONE_CELL:
            row, column, style = struct.unpack_from("<HHH", body)
            found.columns.add(column)
            error = _error(kind, body)
            if error is not None:
                found.odd.append(OddCell(row + 1, column, Oddity.ERROR, _NAMES.get(error, "#ERROR")))
            elif style in codes and (number := _number(kind, body)) is not None:
                note_style(style, row, column, number)
        elif kind == _RKS:
            row, first, last = *struct.unpack_from("<HH", body), struct.unpack_from("<H", body, len(body) - 2)[0]
            for column in range(first, last + 1):
                found.columns.add(column)
                style, number = struct.unpack_from("<HI", body, 4 + 6 * (column - first))
                note_style(style, row, column, _rk(number))
        elif kind == _MERGES:
            found.merges.extend(_merges(body))
    found.odd.sort(key=lambda cell: (cell.row, cell.column))
    return found


def _number(kind: int, body: bytes) -> float | None:
    """The number of a cell that holds one."""
    if kind == _RK:
        return _rk(struct.unpack_from("<I", body, 6)[0])
    if kind == _NUMBER or (kind == _FORMULA and body[12:14] != b"\xff\xff"):
        number: float = struct.unpack_from("<d", body, 6)[0]
        return number
    return None


def _rk(packed: int) -> float:
    """A number packed into four bytes: half of one of eight, or a whole number; perhaps a hundredfold."""
    number: float = struct.unpack("<d", struct.pack("<Q", (packed & ~3) << 32))[0]
    if packed & 2:
        number = struct.unpack("<i", struct.pack("<I", packed))[0] >> 2
    return number / 100 if packed & 1 else number


def _merges(body: bytes) -> Iterator[Merge]:
    for at in range(struct.unpack_from("<H", body)[0]):
        top, bottom, left, right = struct.unpack_from("<HHHH", body, 2 + 8 * at)
        yield Merge(top + 1, left, bottom + 1, right)


def _error(kind: int, body: bytes) -> int | None:
    if kind == _ERROR and body[7:8] == b"\1":
        return body[6]
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:  # its result is an error
        return body[8]
    return None


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of one substream, from its beginning to its end."""
    depth = 0
    try:
        while True:
            kind, length = struct.unpack_from("<HH", stream, at)
            depth += (kind == _BOF) - (kind == _END)
            if kind == _END and depth <= 0:
                return
            yield kind, stream[at + 4 : at + 4 + length]
            at += 4 + length
    except struct.error as error:
        raise ValueError("the workbook's records are cut off") from error
