"""What a step of a field map is: a named, validated piece of work on one column, and what it says when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from gateway.domain.findings import Outcome
from gateway.mapping.map_errors import STEP_UNFIT, Wrong
from gateway.messages import Message


@dataclass(frozen=True, slots=True)
class Fault:
    """What is found of a row for which a step fails."""

    message: Message
    outcome: Outcome


class Step(BaseModel):
    """One step; a subclass declares its options as fields, and how it is worded for a person.

    `takes` names the types of column it works on; a list of texts is taken too by a step of single texts, which then
    works on each element. `may_empty` says that it can leave "", which means absent from there on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: ClassVar[str]
    words: ClassVar[Message]
    argument: ClassVar[str] = ""  # the field that an argument which is no mapping goes to
    takes_mapping: ClassVar[bool] = False  # whether a mapping, too, is that argument
    takes: ClassVar[tuple[type[pl.DataType], ...]] = (pl.String,)
    each_element: ClassVar[bool] = False
    may_empty: ClassVar[bool] = False
    fault: ClassVar[Fault | None] = None

    @model_serializer(mode="wrap")
    def _named(self, options: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {self.name: options(self)}

    @classmethod
    def options(cls, argument: Any) -> Mapping[str, Any]:
        """The options that an argument as the YAML says it stands for."""
        if argument is None:
            return {}
        if isinstance(argument, Mapping) and not cls.takes_mapping:
            return argument
        return {cls.argument or "argument": argument}

    def work(self, before: pl.Expr, dtype: pl.DataType) -> pl.Expr:  # noqa: ARG002 - for steps of several types
        """Give the column after this step; null where it fails."""
        return self._work(before)

    def _work(self, before: pl.Expr) -> pl.Expr:
        raise NotImplementedError

    def fails(self, before: pl.Expr, after: pl.Expr) -> pl.Expr:
        """Say where the step failed: filled before, and null after."""
        return before.is_not_null() & after.is_null()

    def blanks(self) -> Mapping[str, str]:
        """Give the blanks of its words and of its fault's message."""
        return {name: ", ".join(said) if isinstance(said, tuple) else str(said) for name, said in self}

    def on(self, before: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Work on a column, or on each part of a column of multi-values; raises Wrong for a type it does not take."""
        if isinstance(dtype, pl.List) and self.each_element:
            return before.list.eval(self.on(pl.element(), pl.Series(dtype=dtype.inner).dtype))
        if not isinstance(dtype, self.takes):
            takes = ", ".join(each.__name__ for each in self.takes)
            raise Wrong(STEP_UNFIT, step=self.name, found=str(dtype), takes=takes)
        return self.work(before, dtype)

    def failed(self, before: pl.Expr, after: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Say where it failed, or did for a part of a multi-value."""
        if isinstance(dtype, pl.List) and self.each_element:
            return self.fails_in_parts(before, after)
        return self.fails(before, after)

    def fails_in_parts(self, before: pl.Expr, after: pl.Expr) -> pl.Expr:
        """Say where a part that was filled before is null after."""
        return before.list.drop_nulls().list.len() != after.list.drop_nulls().list.len()
