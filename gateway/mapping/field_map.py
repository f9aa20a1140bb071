"""A field map: where each field of a dataset comes from, and by which steps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from gateway.mapping.map_errors import TWO_DEFAULTS, Wrong
from gateway.mapping.sql_expression import sql_expression
from gateway.mapping.step import Step


class Origin(BaseModel):
    """Where the value of a field comes from, and the steps it then goes through."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[SerializeAsAny[Step], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns it reads, in order."""
        return ()

    @property
    def demanded(self) -> tuple[str, ...]:
        """Those of its columns without which it cannot be worked out."""
        return self.columns


class FromColumn(Origin):
    """One source column; `default` stands in for the column where a source has none, never for an empty cell."""

    column: str = Field(alias="from", min_length=1)
    empty: tuple[str, ...] = ()
    default: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Its column."""
        return (self.column,)

    @property
    def demanded(self) -> tuple[str, ...]:
        """Its column, unless a default stands in for it."""
        return self.columns if self.default is None else ()


class Constant(Origin):
    """The same text in every record."""

    constant: str


class Coalesce(Origin):
    """The first of several origins that is filled."""

    coalesce: tuple[SerializeAsAny[Origin], ...] = Field(min_length=1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all its origins."""
        return tuple(column for each in self.coalesce for column in each.columns)

    @property
    def demanded(self) -> tuple[str, ...]:
        """What its origins demand."""
        return tuple(column for each in self.coalesce for column in each.demanded)


class Sql(Origin):
    """One expression over the columns of a row."""

    sql: str = Field(min_length=1)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it names."""
        return tuple(dict.fromkeys(sql_expression(self.sql).meta.root_names()))


class FieldMap(BaseModel):
    """One file: the dataset it is for, what means empty, the columns left aside by name, and an origin a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(exclude=True)  # the file, as messages say it
    map: str = Field(min_length=1)
    dataset: str = Field(min_length=1)
    empty: tuple[str, ...] = ()
    ignore: Mapping[str, str] = Field(default_factory=dict)
    fields: Mapping[str, SerializeAsAny[Origin]] = Field(min_length=1)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the map says, whatever its layout, comments and order of fields."""
        content = self.model_dump(by_alias=True, exclude_defaults=True)
        return sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @cached_property
    def source_columns(self) -> frozenset[str]:
        """Every column that a field reads."""
        return frozenset(column for each in self.fields.values() for column in each.columns)

    @cached_property
    def defaults(self) -> Mapping[str, str]:
        """The text that stands in for a column which a source has not."""
        return {
            each.column: each.default
            for each in self.origins()
            if isinstance(each, FromColumn) and each.default is not None
        }

    @model_validator(mode="after")
    def _one_default_a_column(self) -> FieldMap:
        for each in self.origins():
            if isinstance(each, FromColumn) and each.default not in {None, self.defaults.get(each.column)}:
                raise Wrong(TWO_DEFAULTS, column=each.column)
        return self

    def origins(self) -> Iterator[Origin]:
        """Every origin of every field, those inside a coalesce included."""
        for each in self.fields.values():
            yield from _with_inner(each)


def _with_inner(origin: Origin) -> Iterator[Origin]:
    yield origin
    if isinstance(origin, Coalesce):
        for each in origin.coalesce:
            yield from _with_inner(each)
