"""国民经济行业分类 (GB/T 4754-2017): sections (门类, a letter), divisions (大类, two digits) and the codes below them.

The table beside this module holds sections and divisions, compared with two published copies of the standard; groups
(中类, three digits) and classes (小类, four) are known by their division. Registers write a code with its section
(`C2631`) or without (`2631`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gateway.errors import StartError
from gateway.messages import Message

NO_INDUSTRY = Message(
    "industry.unknown",
    zh="“{value}”不是国民经济行业分类（GB/T 4754-2017）的代码；可以写门类字母 A 至 T，或 2 至 4 位数字，"
    "前两位为大类 01 至 97，前面可带所属门类字母；请更正",
    en="{value!r} is no code of GB/T 4754-2017: a section letter from A to T, or two to four digits that start with a "
    "division from 01 to 97, with their section letter before them or not; correct it",
)

_CODE = re.compile(r"([A-T])?([0-9]{2,4})?")


@dataclass(frozen=True, slots=True)
class Industry:
    """A section, division, group or class; `digits` is empty for a section, `name` that of the division or section."""

    section: str
    digits: str
    name: str

    @property
    def code(self) -> str:
        """The code as the standard writes it."""
        return self.digits or self.section

    def holds(self, code: str) -> bool | None:
        """Whether a code of a register belongs here; None for a coarser one, which may belong here or elsewhere."""
        letter, digits = _parts(code)
        if not digits:
            return False if letter != self.section else None if self.digits else True
        if not self.digits:
            return _section_of(digits) == self.section
        if digits.startswith(self.digits):
            return True
        # Registers fill a coarser code with zeros: 5200 is the division 52.
        return None if self.digits.startswith(digits[:2] + digits[2:].rstrip("0")) else False


def industry(code: str) -> Industry:
    """The class of a code as a person types it; raises StartError for a code that the standard has not."""
    letter, digits = _parts(code)
    section = _section_of(digits) if digits else letter
    if not section or letter not in {"", section}:
        raise StartError(NO_INDUSTRY, value=code)
    return Industry(section, digits, _table()[digits[:2] or section][1])


def _parts(code: str) -> tuple[str, str]:
    """The section letter and the digits of a code as somebody writes it, each "" where it is not there."""
    found = _CODE.fullmatch(code.strip().upper())
    return (found[1] or "", found[2] or "") if found else ("", "")


def _section_of(digits: str) -> str:
    return _table().get(digits[:2], ("", ""))[0]


@cache
def _table() -> Mapping[str, tuple[str, str]]:
    """Code → section and name."""
    text = files(__package__).joinpath("industry.csv").read_text(encoding="utf-8")
    return {row["code"]: (row["section"], row["name"]) for row in csv.DictReader(text.splitlines())}
