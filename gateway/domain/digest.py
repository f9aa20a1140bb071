"""A hash of what a record says, stable over versions and machines: two records of one key with one digest are equal.

The canonical text of a record is its fields in the order in which the dataset declares them, `record_version` left
out, each as text: a text as it is, a whole number or an amount in decimal digits, a date as the days and a time as the
microseconds since 1970-01-01 (UTC), true as ``1`` and false as ``0``, nothing for a field without a value. An empty
text and no value are one and the same. The texts are joined by U+001F, and every U+001F at the very end is taken away,
so that a field which a later version declares last, and which a record has not, leaves its digest as it was.

A value cannot pretend to be two: U+001F is a control character, which the checks refuse in every field.

The digest is the first 32 hexadecimal digits (128 bits) of the SHA-256 of that text in UTF-8, which any language can
work out again: `hashlib.sha256(text.encode()).hexdigest()[:32]`.
"""

from __future__ import annotations

import polars as pl
from polars_hash import CryptographicHashingNameSpace

from gateway.domain.dataset import Dataset, Field, Type

SEPARATOR = "\x1f"
DIGITS = 32


def record_digest(dataset: Dataset) -> pl.Expr:
    """The digest of each record as 32 hexadecimal digits."""
    text = canonical_text(dataset)
    return CryptographicHashingNameSpace(text).sha2_256().str.head(DIGITS).alias("digest")


def canonical_text(dataset: Dataset) -> pl.Expr:
    """The text that the digest is of."""
    joined = pl.concat_str([_text(each).fill_null("") for each in dataset.fields], separator=SEPARATOR)
    return joined.str.strip_chars_end(SEPARATOR)


def _text(field: Field) -> pl.Expr:
    column = pl.col(field.name)
    if field.type is Type.TEXT:
        return column
    if field.type in {Type.DATE, Type.TIME}:
        column = column.to_physical()
    elif field.type is Type.BOOLEAN:
        column = column.cast(pl.Int8)
    return column.cast(pl.String)
