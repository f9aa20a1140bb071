"""How a dataset is declared: its fields and rules as data that a reader scans like a table.

From one declaration come the polars schema, the compiled checks, the exchange table, the wire checks and the docs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import polars as pl

from gateway.domain.findings import Outcome
from gateway.messages import Message

# A reserved field of every dataset: the version a source gives its row (a time or a number), never part of the digest.
RECORD_VERSION = "record_version"


class Type(StrEnum):
    """What a field holds; money is whole 分 (a hundredth of the currency unit), times are UTC."""

    TEXT = "text"
    DATE = "date"
    TIME = "time"
    MONEY = "money"
    INTEGER = "integer"
    BOOLEAN = "boolean"

    @property
    def polars(self) -> pl.DataType:
        """The polars type that holds it."""
        return _POLARS[self]


_POLARS: Mapping[Type, pl.DataType] = {
    Type.TEXT: pl.String(),
    Type.DATE: pl.Date(),
    Type.TIME: pl.Datetime("us", "UTC"),
    Type.MONEY: pl.Int64(),
    Type.INTEGER: pl.Int64(),
    Type.BOOLEAN: pl.Boolean(),
}


class Privacy(StrEnum):
    """Who may see a field; personal and secret fields never reach a public destination."""

    PUBLIC = "public"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class CodeList:
    """A closed vocabulary: code → Chinese title, with the standard it comes from."""

    name: str
    title: str
    codes: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a dataset; `length` counts characters, a key field must also be filled or have `absent`."""

    name: str
    title: str
    type: Type = Type.TEXT
    length: int | None = None
    required: bool = False
    key: bool = False
    absent: str | None = None  # what stands in a key field that a record does not have, usually ""
    codes: CodeList | None = None
    privacy: Privacy = Privacy.PUBLIC


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules know beside the record: reviewed identifier exceptions by scheme, in capital letters."""

    exceptions: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named check over the fields of one record.

    `fails` gives a Boolean expression over the canonical fields, true where the rule is broken (null counts as not
    broken); `field` is the one to point at; the message's blanks are `value`, `field`, `title`, `column` and `allowed`.
    `when` spares a costly rule the records that it cannot break on: where it is not true, `fails` is not asked.
    """

    message: Message
    field: str
    outcome: Outcome
    fails: Callable[[Facts], pl.Expr]
    allowed: str = ""
    when: Callable[[Facts], pl.Expr] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A record that must be held, and not withdrawn, before this one is accepted; until then the row is held.

    `fields` name the parent's key, in the order of its key fields. Where a field of them is `several`, it holds more
    than one name joined by ``;``, and each must be there. A record that leaves `fields` empty has no such parent.
    """

    dataset: str
    fields: tuple[str, ...]
    several: str = ""


@dataclass(frozen=True)
class Dataset:
    """One table of the exchange model."""

    name: str
    title: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()
    parents: tuple[Parent, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name, the reserved `record_version` included."""
        version = Field(name=RECORD_VERSION, title="来源版本", length=64)
        return {each.name: each for each in (*self.fields, version)}

    @property
    def keys(self) -> tuple[Field, ...]:
        """The fields that together name a record."""
        return tuple(each for each in self.fields if each.key)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The polars schema of its canonical records, `record_version` last."""
        return {name: each.type.polars for name, each in self.by_name.items()}
