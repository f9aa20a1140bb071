"""Texts that stand where a value was lost: destroyed, misread or shortened on the way, or written for no value."""

from __future__ import annotations

import re

import polars as pl

from gateway.checking.text_bytes import TextBytes
from gateway.domain.garbled_text import misread
from gateway.domain.shortened_numbers import SHORTENED

# What programs write where they have no value. Case counts: Nan may be a name, nan is none.
NO_VALUE = ("NULL", "null", "nan", "NaN", "NaT", "None", "<NA>", "\\N")
_ERROR = r"^\s*(?:#(?:REF!|N/A|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)|#{2,})\s*$"
_REPLACED_TWICE = "锟斤拷"  # two U+FFFD in UTF-8, read as GB18030
# How a spreadsheet is told that digits are text; it belongs to the file and not to the value.
_AS_TEXT = r"""^(?:="[^"]*"|'[0-9][0-9A-Za-z-]*)$"""

_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


def rows_without_value(column: TextBytes) -> pl.Series:
    """The rows that hold what a spreadsheet shows for an error, or a program for no value."""
    errors = _rows_like(column, column.at(column.byte == ord("#")), _ERROR) if column.holds(ord("#")) else _NONE
    if not (column.holds(ord("N")) or column.holds(ord("n"))):
        return errors
    short = (column.texts.str.len_bytes() <= max(map(len, NO_VALUE))).arg_true()
    words = short.filter(column.texts.gather(short).is_in(NO_VALUE)) if short.len() else _NONE
    return pl.concat([errors, words.cast(pl.UInt32)]).sort()


def rows_shortened(column: TextBytes) -> pl.Series:
    """The rows that hold a number in scientific notation alone."""
    if not (column.holds(ord("+")) or column.holds(ord("."))):
        return _NONE
    first, second = column.first, column.second
    behind_a_digit = ((second == ord("E")) | (second == ord("e"))) & (first >= ord("0")) & (first <= ord("9"))
    return _rows_like(column, column.at(behind_a_digit), SHORTENED)


def rows_as_text(column: TextBytes) -> pl.Series:
    """The rows whose value stands in a spreadsheet's marks for text, as ="138" and '00123."""
    marks = [column.at(column.byte == ord(each)) for each in "='" if column.holds(ord(each))]
    return _rows_like(column, pl.concat(marks), _AS_TEXT) if marks else _NONE


def rows_destroyed(column: TextBytes) -> pl.Series:
    """The rows that hold the sign of a character that was lost when their encoding was changed."""
    if column.is_ascii:
        return _NONE
    rows = column.rows([column.triples(0xEF, 0xBF, (0xBD,))])  # U+FFFD
    twice = column.rows([column.pairs(0x8B, 0xB7)])  # the end of 拷, which stands in other texts too
    twice = twice.filter(column.texts.gather(twice).str.contains(_REPLACED_TWICE, literal=True))
    return pl.concat([rows, twice]).unique().sort()


def rows_of_private_use(column: TextBytes) -> pl.Series:
    """The rows that hold a character of a private use area: U+E000 to U+F8FF, planes 15 and 16."""
    if column.is_ascii:
        return _NONE
    found = [column.at(column.byte == each) for each in (0xEE, 0xF4) if each <= column.highest]
    found.append(column.at(column.lead(0xEF) & (column.second < 0xA4)))
    if column.highest >= 0xF3:
        found.append(column.at(column.lead(0xF3) & (column.second > 0xAF)))
    return column.rows(found)


def named(text: str) -> str:
    """The text with its characters of private use as <U+E81E>, since nobody else can see them."""
    return _PRIVATE_USE.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def rows_misread(column: TextBytes) -> pl.Series:
    """The rows whose text was read in UTF-8 though it was written in GB18030, as ŷΰ for 欧伟."""
    if column.is_ascii or not _of_letters(column.rare).any():
        return _NONE
    rows = column.rows([_of_letters(column.byte).arg_true()])
    wrong = [row for row, text in zip(rows, column.texts.gather(rows), strict=True) if misread(text)]
    return pl.Series(wrong, dtype=pl.UInt32)


def _of_letters(byte: pl.Series) -> pl.Series:
    """Which bytes begin a letter that takes two bytes in UTF-8; the signs before these, as ·, are no letters."""
    return (byte > 0xC2) & (byte < 0xE0)


def _rows_like(column: TextBytes, positions: pl.Series, pattern: str) -> pl.Series:
    rows = column.rows([positions])
    return rows.filter(column.texts.gather(rows).str.contains(pattern)) if rows.len() else rows


_NONE = pl.Series(dtype=pl.UInt32)
