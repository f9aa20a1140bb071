"""Texts whose order as text is not the order in which they came: 10 before 9, 2024/10/1 before 2024/9/30.

Such a column cannot say what is new: its greatest text would hide rows that are written later. What has no digits is
taken as it is, and so are times with all their digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from gateway.transport.sql import time_texts

_SHORT_DAY = re.compile(r"\d{4}([-/.年])\d{1,2}[-/.月]\d{1,2}(?!\d)")
_ALL_DIGITS = re.compile(r"\d{4}([-/.年])\d\d[-/.月]\d\d(?!\d)")
_FRACTION = re.compile(r"(:99)\.9+")


def examples(values: pl.Series) -> list[str]:
    """One text of each way in which the texts are written, those with digits alone."""
    shapes = values.str.replace_all(r"\d", "9")
    first = pl.DataFrame({"value": values, "shape": shapes}).unique("shape", keep="first", maintain_order=True)
    return first.filter(pl.col("shape").str.contains("9", literal=True))["value"].to_list()


def out_of_order(texts: Iterable[str]) -> tuple[str, str] | None:
    """Two texts, maybe the same twice, that show that more of the kind are in another order than they came."""
    texts = list(texts)
    for text in texts:
        if _SHORT_DAY.match(text) and not _ALL_DIGITS.match(text):
            return text, text
    return next(((texts[0], other) for other in texts[1:] if not _alike(texts[0], other)), None)


def is_fixed(text: str) -> bool:
    """Whether texts of its kind are in order whatever is written later: no digits, or a time with all of them."""
    return not has_digits(text) or time_texts.read(text) is not None


def has_digits(text: str) -> bool:
    """Whether digits say its order, wholly or in part."""
    return re.search(r"\d", text) is not None


def _alike(one: str, other: str) -> bool:
    if not (time_texts.read(one) and time_texts.read(other)):
        return len(one) == len(other) and not (time_texts.read(one) or time_texts.read(other))
    shorter, longer = sorted((_shape(one), _shape(other)), key=len)
    return longer.startswith(shorter)


def _shape(text: str) -> str:
    return _FRACTION.sub(r"\1", re.sub(r"\d", "9", text))
