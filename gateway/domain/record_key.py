"""The text that names a record everywhere: in the exchange, in issues, on documents and in receipts.

``91370202264706576B|uscc|enterprise|`` is the key of an inspection target: its key fields joined by ``|``, with ``%``
and ``|`` inside a part written ``%25`` and ``%7C``, so that two different keys never read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from gateway.domain.dataset import Dataset, Field

# PostgreSQL's index takes 2704 bytes an entry, and a character has up to four.
LONGEST_KEY = 600


def record_key(dataset: Dataset) -> pl.Expr:
    """The key of each record as text; null where a part that the dataset demands is missing."""
    return key_text(dataset.keys).alias("record_key")


def key_text(fields: Iterable[Field]) -> pl.Expr:
    """The key that the fields name, their own record's or another's; null where a part that they demand is missing."""
    return pl.concat_str([_part(each) for each in fields], separator="|")


def key_of(parts: Iterable[str]) -> str:
    """The key text for parts that a person typed."""
    return "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)


def parts_of(key: str) -> list[str]:
    """The parts of a key text, as a person would type them."""
    return [part.replace("%7C", "|").replace("%25", "%") for part in key.split("|")]


def key_fields(dataset: Dataset, keys: Sequence[str]) -> pl.DataFrame:
    """Keys (`record_key`) with the fields that they name."""
    parts = [parts_of(key) for key in keys]
    fields = (
        pl.Series(each.name, [None if part[at] == each.absent else part[at] for part in parts], pl.String).cast(
            each.type.polars
        )
        for at, each in enumerate(dataset.keys)
    )
    return pl.DataFrame([pl.Series("record_key", keys, pl.String), *fields])


def _part(field: Field) -> pl.Expr:
    text = pl.col(field.name).cast(pl.String)
    if field.absent is not None:
        text = text.fill_null(field.absent)
    return text.str.replace_all("%", "%25", literal=True).str.replace_all("|", "%7C", literal=True)
