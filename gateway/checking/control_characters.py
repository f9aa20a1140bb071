"""Characters that no field may hold: they are invisible, split lines elsewhere, or turn the direction of writing.

C0 and C1 controls and DEL, the soft hyphen, blanks, spaces and joiners of no width, separators of lines and
paragraphs, marks that turn the direction of writing, marks of annotation, tags, U+FEFF and the two that are no
characters. Tab, LF and CR stand for themselves in running text (a field of more than 500 characters, as 经营范围) and
are refused elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from gateway.checking.text_bytes import TextBytes

RUNNING_TEXT = 500

_LINES = (0x09, 0x0A, 0x0D)

# The refused characters of three bytes: the first two, and what the third may not be.
_OF_THREE_BYTES = {
    (0xE1, 0xA0): (0x8E,),  # U+180E
    (0xE2, 0x80): (*range(0x8B, 0x90), *range(0xA8, 0xAF)),  # U+200B to U+200F, U+2028 to U+202E
    (0xE2, 0x81): range(0xA0, 0xB0),  # U+2060 to U+206F
    (0xE2, 0xA0): (0x80,),  # U+2800
    (0xE3, 0x85): (0xA4,),  # U+3164
    (0xEF, 0xBB): (0xBF,),  # U+FEFF
    (0xEF, 0xBF): (0xB9, 0xBA, 0xBB, 0xBE, 0xBF),  # U+FFF9 to U+FFFB, U+FFFE, U+FFFF
}


def rows_with_control_characters(column: TextBytes, length: int | None) -> pl.Series:
    """The rows (UInt32, ascending) whose text holds one; `length` is the field's."""
    return column.rows([*_ascii(column, length), *(() if column.is_ascii else _beyond_ascii(column))])


def _ascii(column: TextBytes, length: int | None) -> Iterator[pl.Series]:
    byte = column.byte
    lowest = byte.min()
    if isinstance(lowest, int) and lowest < 0x20:
        running = length is None or length > RUNNING_TEXT
        yield ((byte < 0x20) & ~byte.is_in(_LINES) if running else byte < 0x20).arg_true()
    yield column.at(byte == 0x7F)


def _beyond_ascii(column: TextBytes) -> Iterator[pl.Series]:
    if column.holds(0xC2):
        c1_or_soft_hyphen = (column.second < 0xA0) | (column.second == 0xAD)
        yield column.at(column.lead(0xC2) & c1_or_soft_hyphen)
    yield column.pairs(0xD8, 0x9C)  # U+061C
    yield column.triples(0xF3, 0xA0, (0x80, 0x81))  # U+E0000 to U+E007F
    for (lead, following), thirds in _OF_THREE_BYTES.items():
        yield column.triples(lead, following, thirds)
