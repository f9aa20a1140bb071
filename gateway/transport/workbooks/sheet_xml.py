"""What the XML of a sheet says and its reader passes over: extent, errors, lost digits, formats, merged cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gateway.transport.workbooks.odd_cells import Merge, OddCell, Oddity, StyledNumber, column_number

_PIECE, _LONGEST_TAG = 1 << 18, 400
_P = rb"(?:\w+:)?"  # some writers give the elements a prefix
# Each pattern begins with plain letters wherever it can: that makes the search several times as fast.
_COLUMN = re.compile(rb"<" + _P + rb'c\b[^>]*?\br="([A-Z]{1,3})[0-9]{1,7}"[^>]*(?<!/)>')  # of a filled cell
_ROW = re.compile(rb'row\b[^>]*?\br="([0-9]{1,7})"')
_ERROR = re.compile(rb't="e"')
_NO_VALUE = rb"(?:<" + _P + rb"v ?/>|<" + _P + rb"v></" + _P + rb"v>)?</" + _P + rb"c>"
_NO_RESULT = (re.compile(rb"f>" + _NO_VALUE), re.compile(rb"f [^>]*/>" + _NO_VALUE))
# 16 digits or more before the point, of which Excel keeps 15.
_LONG = re.compile(rb"v>(-?[0-9]{16,}(?:\.[0-9]*)?|-?[0-9]+(?:\.[0-9]+)?[Ee]\+?[0-9]+)</")
_MOST = 10**15
_FRACTION = re.compile(rb"v>-?[0-9]*(?:\.[0-9]|[0-9][Ee]-)")
_MERGE = re.compile(rb'mergeCell [^>]*?\bref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_NAME = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_TYPE = re.compile(rb'\bt="(\w+)"')
_VALUE = re.compile(rb"<" + _P + rb"v>([^<]*)</")
_CELL_ENDS = re.compile(rb"</" + _P + rb"c>")
_OPENINGS = (b"<c ", b":c ", b"<c>", b":c>")


class UnnamedCell(Exception):
    """A cell that cannot be read and does not say where it stands."""


@dataclass(frozen=True, slots=True)
class Found:
    """The extent of the filled cells (rows from 1, columns from 0), and what is to be looked at."""

    last_row: int
    columns: AbstractSet[int]
    odd: list[OddCell]
    styled: list[StyledNumber]
    merges: list[Merge]
    has_days: bool
    has_fractions: bool


def scan(xml: bytes, codes: Mapping[int, str], day_styles: AbstractSet[int]) -> Found:
    """Look through the XML of a sheet; `codes` are those of styles whose numbers are needed. Raises UnnamedCell."""
    last_row, columns = _extent(xml)
    odd = [*_errors(xml), *_cells(xml, _LONG, _digits_lost)]
    for pattern in _NO_RESULT:
        odd += _cells(xml, pattern, _not_calculated)
    odd.sort(key=lambda cell: (cell.row, cell.column))
    has_days = bool(day_styles) and _of_styles(day_styles).search(xml) is not None
    has_fractions = _FRACTION.search(xml) is not None
    return Found(last_row, columns, odd, list(_styled(xml, codes)), list(_merges(xml)), has_days, has_fractions)


def _extent(xml: bytes) -> tuple[int, AbstractSet[int]]:
    letters: set[bytes] = set()
    rows = {b"0"}
    for start in range(0, len(xml), _PIECE):
        # Overlapping by one tag, so that none is cut in two.
        letters.update(_COLUMN.findall(xml, start, start + _PIECE + _LONGEST_TAG))
        rows.update(_ROW.findall(xml, start, start + _PIECE + _LONGEST_TAG))
    return max(map(int, rows)), {column_number(each.decode()) for each in letters}


def _errors(xml: bytes) -> Iterator[OddCell]:
    for match in _ERROR.finditer(xml):
        opening = xml.rfind(b"<", 0, match.start())
        if _is_cell(xml, opening):
            value = _VALUE.search(xml, match.end())
            row, column = _place(xml[opening : match.end() + 40])
            yield OddCell(row, column, Oddity.ERROR, value[1].decode() if value else "")


def _cells(
    xml: bytes, pattern: re.Pattern[bytes], odd: Callable[[bytes, re.Match[bytes]], tuple[Oddity, str] | None]
) -> Iterator[OddCell]:
    for match in pattern.finditer(xml):
        opening = max(xml.rfind(each, 0, match.start()) for each in _OPENINGS)
        tag = xml[opening : xml.find(b">", opening + 1)]
        kind = _TYPE.search(tag)
        found = odd(kind[1] if kind else b"n", match)
        if found:
            row, column = _place(tag)
            yield OddCell(row, column, *found)


def _not_calculated(kind: bytes, _: re.Match[bytes]) -> tuple[Oddity, str] | None:
    # A text result may well be empty; a number may not.
    return None if kind in {b"str", b"e"} else (Oddity.NOT_CALCULATED, "")


def _digits_lost(kind: bytes, match: re.Match[bytes]) -> tuple[Oddity, str] | None:
    lost = kind == b"n" and abs(float(match[1])) >= _MOST
    return (Oddity.DIGITS_LOST, match[1].decode()) if lost else None


def _styled(xml: bytes, codes: Mapping[int, str]) -> Iterator[StyledNumber]:
    if not codes:
        return
    for match in _of_styles(codes.keys()).finditer(xml):
        opening = xml.rfind(b"<", 0, match.start())
        closing = xml.find(b">", match.end())
        tag = xml[opening:closing]
        kind = _TYPE.search(tag)
        if _is_cell(xml, opening) and xml[closing - 1 : closing] != b"/" and (kind is None or kind[1] == b"n"):
            ends = _CELL_ENDS.search(xml, closing)
            value = _VALUE.search(xml, closing, ends.end() if ends else closing)
            if value and value[1]:
                yield StyledNumber(*_place(tag), codes[int(match[1])], float(value[1]))


def _of_styles(styles: AbstractSet[int]) -> re.Pattern[bytes]:
    return re.compile(rb'\bs="(' + b"|".join(str(style).encode() for style in sorted(styles)) + rb')"')


def _merges(xml: bytes) -> Iterator[Merge]:
    for match in _MERGE.finditer(xml):
        left, top, right, bottom = (each.decode() for each in match.groups())
        yield Merge(int(top), column_number(left), int(bottom), column_number(right))


def _is_cell(xml: bytes, opening: int) -> bool:
    return bool(re.match(rb"<" + _P + rb"c[\s>]", xml[opening : opening + 40]))


def _place(tag: bytes) -> tuple[int, int]:
    name = _NAME.search(tag)
    if not name:
        raise UnnamedCell
    return int(name[2]), column_number(name[1].decode())
