"""Binary fractions as decimals: 1.234567e+06 is 1234567, where all of its digits are known."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

_LEAST = Decimal("1e-15")  # what is smaller would be zeros for the most part


def plain(texts: pl.Series, exact_below: int) -> pl.Series:
    """The texts of numbers without an exponent, but those beyond the whole numbers that their type has each of.

    There the digits before the point would be made up: a number of 18 digits is none of them, and must look like none.
    """
    if not texts.str.contains("[eE]").any():
        return texts
    return pl.Series(texts.name, [_plain(text, exact_below) for text in texts], dtype=pl.String)


def _plain(text: str | None, exact_below: int) -> str | None:
    if text is None or "e" not in text.lower():
        return text
    number = Decimal(text)
    return format(number, "f") if _LEAST <= abs(number) < exact_below else text
