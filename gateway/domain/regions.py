"""行政区划: the region codes of GB/T 2260, their names, and where the values of a region fall back to.

The table beside this module holds the codes in force: all provinces, all prefectures, and every county of 山东 (37)
and 河北 (13). It was compared entry by entry with mumuy/data_location of April 2026, which compiles the list that the
民政部 published for 2024; 710000 alone is after GB/T 2260 itself, as that compilation numbers 台湾 otherwise.
Codes that were withdrawn earlier, and functional zones, which never had one, are not in it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

import polars as pl

from gateway.errors import UnknownName

NATION = ""
_GOVERNMENT = re.compile("(省|市|(壮族|回族|维吾尔)?自治区|特别行政区)$")


class _RegionTable(Mapping[str, str]):
    """Read at the first look-up, so that importing this module costs nothing."""

    def __getitem__(self, code: str) -> str:
        return _names()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(_names())

    def __len__(self) -> int:
        return len(_names())


# Code → the region's own name, in the order of the codes; "市中区" stands there more than once.
REGIONS: Mapping[str, str] = _RegionTable()


def is_region_code(text: pl.Expr) -> pl.Expr:
    """Whether the text is a region code of the table; null stays null."""
    return text.is_in(list(REGIONS))


def provinces() -> Mapping[str, str]:
    """What a province is called, by its whole name and by the usual short one (山东省, 山东) → 37."""
    whole = {name: code[:2] for code, name in REGIONS.items() if code.endswith("0000")}
    return whole | {_GOVERNMENT.sub("", name): digits for name, digits in whole.items()}


def parents(code: str) -> tuple[str, ...]:
    """The regions that hold this one, nearest first, the nation ("") last: 370402 → 370400, 370000, "".

    A level that the region has not (the prefecture of a county of 北京) is left out; an unlisted code of six digits,
    as zones use, has parents too. Raises ValueError for a text that is not six digits.
    """
    if code == NATION:
        return ()
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is not a region code: six digits are expected, as in 370402")
    above = (code[:4] + "00", code[:2] + "0000")
    return (*(each for each in above if each != code and each in REGIONS), NATION)


def region_name(code: str) -> str:
    """The name with those above it: 370402 → 山东省枣庄市市中区; the nation is 全国. Raises UnknownName."""
    if code == NATION:
        return "全国"
    if code not in REGIONS:
        raise UnknownName("region", "行政区划", code, REGIONS)
    chain = (*reversed(parents(code)), code)
    return "".join(REGIONS[each] for each in chain if each != NATION)


@cache
def _names() -> Mapping[str, str]:
    text = files(__package__).joinpath("region_codes.csv").read_text(encoding="utf-8")
    return {row["code"]: row["name"] for row in csv.DictReader(text.splitlines())}
