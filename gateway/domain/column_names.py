"""What departments call the columns of a dataset: titles, names of fields, other usual names, initials of pinyin.

The other names stand beside this module in `column_names.csv`: those met in department forms and exports, and the
field names of GS15 and of the 浙江 double-random tables (`standards.md` §5). ``*`` there is every dataset that has a
field of that name.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from gateway.domain.dataset import Dataset
from gateway.domain.pinyin import initials

# Fewer initials than this fit too much to mean anything.
_FEWEST_INITIALS = 2
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_SIGNS = re.compile(r"[\s_\-./:*、，。：;\"'“”()\[\]]+")


class NameKind(StrEnum):
    """How a name stands for a field."""

    TITLE = "title"  # the field's Chinese title
    FIELD = "field"  # its own English name
    OTHER = "other"  # another usual name
    INITIALS = "initials"  # the pinyin initials of its title or of another usual name


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A name that a column of this field may have, plainly written; `full` is what initials abbreviate."""

    field: str
    plain: str
    kind: NameKind
    full: str


def plain_name(column: str) -> str:
    """A column's name as it is compared: half width, small letters, without signs and what stands in brackets."""
    text = unicodedata.normalize("NFKC", column).lower()
    return _SIGNS.sub("", _BRACKETED.sub("", text)) or _SIGNS.sub("", text)


def column_names(dataset: Dataset) -> tuple[ColumnName, ...]:
    """Every known name of every field of a dataset, the surest kinds first."""
    found = [*_own(dataset), *_others(dataset)]
    return tuple(sorted([*found, *_initials(found)], key=lambda each: list(NameKind).index(each.kind)))


def _own(dataset: Dataset) -> Iterator[ColumnName]:
    for name, field in dataset.by_name.items():
        yield ColumnName(name, plain_name(field.title), NameKind.TITLE, field.title.removesuffix("（分）"))
        yield ColumnName(name, plain_name(name), NameKind.FIELD, name)


def _others(dataset: Dataset) -> Iterator[ColumnName]:
    for of, field, names in _table():
        if of in {dataset.name, "*"} and field in dataset.by_name:
            yield from (ColumnName(field, plain_name(name), NameKind.OTHER, name) for name in names)


def _initials(names: list[ColumnName]) -> Iterator[ColumnName]:
    for each in names:
        if not each.plain.isascii() and len(letters := initials(each.plain)) >= _FEWEST_INITIALS:
            yield ColumnName(each.field, letters, NameKind.INITIALS, each.full)


@cache
def _table() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    text = files(__package__).joinpath("column_names.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple((row["dataset"], row["field"], tuple(row["names"].split())) for row in rows)
