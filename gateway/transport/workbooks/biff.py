"""The records of an .xls (MS-XLS) that its reader passes over: sheets, errors, cell formats that are dates."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.transport.workbooks.odd_cells import CHINESE_DATE_FORMATS, OddCell, Oddity, padded_width

_BOF, _END, _PASSWORD, _SHEET, _SINCE_1904, _FORMAT, _STYLE = 0x809, 0x0A, 0x2F, 0x85, 0x22, 0x41E, 0xE0
_FORMULA, _ERROR, _NUMBER, _RK, _RKS = 0x06, 0x205, 0x203, 0x27E, 0xBD
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
    date_styles: set[int] = field(default_factory=set)
    padded_styles: dict[int, int] = field(default_factory=dict)  # to how many digits


@dataclass(slots=True)
class SheetCells:
    """The columns that are filled, the errors, and the numbers that are dates; rows from 1, columns from 0."""

    columns: set[int] = field(default_factory=set)
    odd: list[OddCell] = field(default_factory=list)
    dates: list[tuple[int, int]] = field(default_factory=list)
    padded: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # by how many digits they show


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
    dates = CHINESE_DATE_FORMATS - declared.keys()
    found.date_styles = {at for at, number in enumerate(formats) if number in dates}
    widths = {at: padded_width(declared.get(number, "")) for at, number in enumerate(formats)}
    found.padded_styles = {at: width for at, width in widths.items() if width}
    return found


def _format_code(body: bytes) -> str:
    """The text of a number format, which has one or two bytes a character."""
    length, wide = struct.unpack_from("<HB", body, 2)
    return body[5 : 5 + 2 * length].decode("utf-16-le") if wide & 1 else body[5 : 5 + length].decode("latin-1")


def read_cells(
    stream: bytes, sheet: SheetRecord, date_styles: set[int], padded_styles: Mapping[int, int]
) -> SheetCells:
    """Look at the cells of one sheet."""
    found = SheetCells()

    def note_style(style: int, row: int, column: int) -> None:
        if style in date_styles:
            found.dates.append((row + 1, column))
        elif style in padded_styles:
            found.padded.setdefault(padded_styles[style], []).append((row + 1, column))

    for kind, body in _records(stream, sheet.offset):
        if kind in _ONE_CELL:
            row, column, style = struct.unpack_from("<HHH", body)
            found.columns.add(column)
            error = _error(kind, body)
            if error is not None:
                found.odd.append(OddCell(row + 1, column, Oddity.ERROR, _NAMES.get(error, "#ERROR")))
            elif kind not in _TEXTS:
                note_style(style, row, column)
        elif kind == _RKS:
            row, first, last = *struct.unpack_from("<HH", body), struct.unpack_from("<H", body, len(body) - 2)[0]
            for column in range(first, last + 1):
                found.columns.add(column)
                note_style(struct.unpack_from("<H", body, 4 + 6 * (column - first))[0], row, column)
    found.odd.sort(key=lambda cell: (cell.row, cell.column))
    return found


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
