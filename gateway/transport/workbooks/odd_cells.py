"""Cells that cannot be taken as they are read, and cells of which only their format tells what they show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Excel's Chinese versions show these built-in number formats as dates or times (ECMA-376 part 1, 18.8.30, zh-cn);
# other readers take them for plain numbers.
CHINESE_DATE_FORMATS = frozenset((*range(27, 37), *range(50, 59)))

_DAY_ZERO = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a workbook knows no zone
_LAST_DAY = {False: 2_958_465, True: 2_957_003}  # 9999-12-31
_NO_DAY = 60  # 1900-02-29, which Excel counts as a day; those before it are one day later than they seem


class Oddity(StrEnum):
    """Why a cell cannot be taken."""

    ERROR = "error"
    NOT_CALCULATED = "not_calculated"
    DIGITS_LOST = "digits_lost"


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
        return f"{column_letters(self.column)}{self.row}"


_ZEROS = re.compile(r"(0{2,})(?:_.)?(?:;@)?")


def padded_width(number_format: str) -> int:
    """To how many digits a number format fills a whole number up with zeros, as 6 for 000000; 0 for any other format.

    So are codes with leading zeros kept by who does not know that they could be texts.
    """
    zeros = _ZEROS.fullmatch(number_format)
    return len(zeros[1]) if zeros else 0


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


def serial_date(text: str, *, since_1904: bool) -> str:
    """The ISO date, time or both of a day number as text; the text itself where it is none."""
    try:
        days = float(text)
    except ValueError:
        return text
    if not 0 <= days <= _LAST_DAY[since_1904]:
        return text
    later = 1 if 1 <= days < _NO_DAY and not since_1904 else 0
    when = _DAY_ZERO[since_1904] + timedelta(days=later, seconds=round(days * 86_400))
    if days < 1:
        return when.strftime("%H:%M:%S")
    return when.strftime("%Y-%m-%d") if days == int(days) else when.strftime("%Y-%m-%d %H:%M:%S")
