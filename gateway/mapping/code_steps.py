"""Steps that read codes by a table that stands in the map: an unknown code is an issue, never a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import polars as pl
from pydantic import Field, model_validator

from gateway.domain.findings import Outcome
from gateway.mapping.map_errors import Wrong
from gateway.mapping.step import Fault, Step
from gateway.messages import Message

UNKNOWN_CODE = Message(
    "map.lookup",
    zh="“{column}”的值“{value}”不在对照表中，无法得出{field}；表中有：{allowed}；请更正，或由管理员把它补入对照表",
    en="{column} {value!r} is not in the table for {field}, which holds: {allowed}; correct it or have it added",
)
UNKNOWN_WORD = Message(
    "map.boolean",
    zh="“{column}”的值“{value}”既不表示是也不表示否；{field}认得：{allowed}；请更正，或由管理员补入",
    en="{column} {value!r} says neither yes nor no; {field} knows: {allowed}; correct it or have it added",
)
BOTH = Message(
    "map.boolean_both",
    zh="{file} 的 {where}：“{texts}”同时写在 true 和 false 中；请只留一处",
    en="{file}, {where}: {texts} stands under both true and false; leave it in one",
)

_LISTED = 12


class Lookup(Step):
    """The text that stands beside this one in a table; "" on the right states that there is none."""

    name = "lookup"
    words = Message("step.lookup", zh="查对照表：{allowed}", en="looked up in a table: {allowed}")
    argument = "table"
    takes_mapping = True
    takes: ClassVar = (pl.String, pl.Boolean, pl.Int64)
    each_element = True
    may_empty = True
    fault = Fault(UNKNOWN_CODE, Outcome.HELD)

    table: Mapping[str, str] = Field(min_length=1)

    def work(self, before: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Work by the type of the column."""
        text = before if dtype == pl.String else before.cast(pl.String)
        return text.replace_strict(list(self.table), list(self.table.values()), default=None, return_dtype=pl.String)

    def blanks(self) -> Mapping[str, str]:
        """Say how it may be written."""
        return {"allowed": listed(list(self.table))}


class Boolean(Step):
    """Yes or no, by the words that mean each."""

    name = "boolean"
    words = Message("step.boolean", zh="读作是否：{allowed}", en="read as yes or no: {allowed}")
    fault = Fault(UNKNOWN_WORD, Outcome.HELD)

    true: tuple[str, ...] = Field(min_length=1)
    false: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _apart(self) -> Boolean:
        both = sorted(set(self.true) & set(self.false))
        if both:
            raise Wrong(BOTH, texts=", ".join(both))
        return self

    def _work(self, before: pl.Expr) -> pl.Expr:
        words = dict.fromkeys(self.true, True) | dict.fromkeys(self.false, False)
        return before.replace_strict(list(words), list(words.values()), default=None, return_dtype=pl.Boolean)

    def blanks(self) -> Mapping[str, str]:
        """Say how it may be written."""
        return {"allowed": f"{listed(self.true)} / {listed(self.false)}"}


def listed(texts: Sequence[str]) -> str:
    """The first texts of a table, and how many there are where not all are said."""
    return ", ".join(texts[:_LISTED]) + (f" … ({len(texts)})" if len(texts) > _LISTED else "")
