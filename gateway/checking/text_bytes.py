"""The bytes of a whole column of texts, looked at in one run; only what is found is traced back to its row.

That takes a sixth of the time of a regular expression on every text. Where there may be millions of bytes, to ask
whether something stands anywhere is many times cheaper than to ask where, and is asked first.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import polars as pl

# First bytes that Chinese text hardly ever has: of characters of two bytes, and of the first of those of three.
_RARE, _RARE_COUNT = 0xC0, 0x23


class TextBytes:
    """The texts of a column one behind the other, as UInt8."""

    def __init__(self, texts: pl.Series) -> None:
        self.texts = texts
        self.byte = texts.cast(pl.Binary).cast(pl.List(pl.UInt8)).list.explode(empty_as_null=False, keep_nulls=False)
        self.first, self.second = self.byte.head(-1), self.byte.slice(1)  # of each pair
        self._leads: dict[int, pl.Series] = {}

    @cached_property
    def highest(self) -> int:
        """The highest byte, 0 where there is none."""
        highest = self.byte.max()
        return highest if isinstance(highest, int) else 0

    @property
    def is_ascii(self) -> bool:
        """Whether there is nothing beyond ASCII."""
        return self.highest < 0x80

    @cached_property
    def rare(self) -> pl.Series:
        """The bytes 0xC0 to 0xE2, in their order."""
        return self.byte.filter((self.byte - _RARE) < _RARE_COUNT)

    def holds(self, byte: int) -> bool:
        """Whether this byte stands anywhere."""
        if byte > self.highest:
            return False
        return ((self.rare if self._is_rare(byte) else self.byte) == byte).any()

    def lead(self, byte: int) -> pl.Series:
        """Which pairs begin with this byte; worked out once."""
        if byte not in self._leads:
            self._leads[byte] = self.first == byte
        return self._leads[byte]

    def pairs(self, lead: int, following: int) -> pl.Series:
        """Where these two bytes stand."""
        if lead > self.highest or (self._is_rare(lead) and not self.holds(lead)):
            return _NOWHERE
        return self.at(self.lead(lead) & (self.second == following))

    def triples(self, lead: int, following: int, thirds: Iterable[int]) -> pl.Series:
        """Where these two bytes stand before one of those."""
        at = self.pairs(lead, following)
        return at.filter(self.byte.gather(at + 2).is_in(list(thirds))) if at.len() else at

    def at(self, mask: pl.Series) -> pl.Series:
        """Where a mask is true."""
        return mask.arg_true() if mask.any() else _NOWHERE

    def rows(self, positions: Iterable[pl.Series]) -> pl.Series:
        """The rows (UInt32, ascending) in which these bytes stand."""
        found = [each for each in positions if each.len()]
        if not found:
            return _NOWHERE
        return self._ends.search_sorted(pl.concat(found), side="right").unique().sort().cast(pl.UInt32)

    @staticmethod
    def _is_rare(byte: int) -> bool:
        return 0 <= byte - _RARE < _RARE_COUNT

    @cached_property
    def _ends(self) -> pl.Series:
        return self.texts.str.len_bytes().fill_null(0).cast(pl.UInt32).cum_sum()


_NOWHERE = pl.Series(dtype=pl.UInt32)
