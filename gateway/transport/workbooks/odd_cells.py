"""Cells that cannot be taken as they are read, and where cells stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Oddity(StrEnum):
    """Why a cell cannot be taken."""

    ERROR = "error"
    NOT_CALCULATED = "not_calculated"
    DIGITS_LOST = "digits_lost"
    SHORTENED = "shortened"  # a text that once was a longer number
    NO_DAY = "no_day"  # a number that is formatted as a day, and is none
    SHOWN_OTHERWISE = "shown_otherwise"  # its format shows another number, or nothing


@dataclass(frozen=True, slots=True)
class OddCell:
    """A cell that cannot be taken; `row` counts from 1, `column` from 0, `shown` is what Excel shows or stores."""

    row: int
    column: int
    oddity: Oddity
    shown: str = ""

    @property
    def name(self) -> str:
        """Its name, as C8."""
        return cell_name(self.row, self.column)


@dataclass(frozen=True, slots=True)
class StyledNumber:
    """A number whose format shows more than its value; `row` counts from 1, `column` from 0."""

    row: int
    column: int
    code: str
    number: float


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells that are shown as one, which has the value of the first; rows count from 1, columns from 0."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def name(self) -> str:
        """Its name, as C2:C8."""
        return f"{cell_name(self.first_row, self.first_column)}:{cell_name(self.last_row, self.last_column)}"

    def size_within(self, height: int, width: int) -> int:
        """How many of its cells lie within so many rows and columns."""
        rows = min(self.last_row, height) - self.first_row + 1
        return max(rows, 0) * max(min(self.last_column + 1, width) - self.first_column, 0)


def cell_name(row: int, column: int) -> str:
    """The name of a cell, as C8."""
    return f"{column_letters(column)}{row}"


def column_letters(column: int) -> str:
    """The letters of a column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column: A is 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
