"""A field map worked out into polars expressions, in stages, so that no chain of steps is evaluated twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import polars as pl

from gateway.domain.dataset import RECORD_VERSION
from gateway.domain.masks import Meaning
from gateway.errors import StartError
from gateway.mapping.compiled_map import CompiledMap, Watch
from gateway.mapping.field_map import Coalesce, Constant, FieldMap, FromColumn, Origin, Sql
from gateway.mapping.map_errors import (
    UNKNOWN_COLUMN,
    UNKNOWN_FIELD,
    UNWORKABLE,
    WRONG_CONSTANT,
    WRONG_TYPE,
    Wrong,
    nearest,
)
from gateway.mapping.sql_expression import assert_works, sql_expression
from gateway.mapping.step import Step
from gateway.mapping.text_steps import Empty, Strip, means_empty

_Result = TypeVar("_Result")

_ADVICE: Mapping[str, str] = {
    "Date": "{date: [%Y-%m-%d]}",
    "Datetime": "{time: {formats: […], zone: …}}",
    "Int64": "{decimal: 元} / integer",
    "Boolean": "{boolean: {true: […], false: […]}}",
    "String": "{format: …} / {decimal: 元} / {join: …}",
}


def compile_map(
    field_map: FieldMap, target: Mapping[str, pl.DataType], source: Mapping[str, pl.DataType] | None = None
) -> CompiledMap:
    """Compile a map into the columns of `target`: a dataset's schema inward, a wire schema outward.

    `source` is the schema of the canonical records for an outward map; without it every source column is text, and
    which columns there are is found by `CompiledMap.check_columns`. Raises StartError.
    """
    _known_fields(field_map, target)
    if source is not None:
        _known_columns(field_map, source)
    plan = _Plan(field_map, source)
    final = [plan.target(name, dtype) for name, dtype in target.items()]
    return CompiledMap(field_map, plan.stages, plan.watches, final)


@dataclass
class _Plan:
    """The stages as they grow: a column stands one stage after the last of those it is made of."""

    field_map: FieldMap
    source: Mapping[str, pl.DataType] | None
    stages: list[list[pl.Expr]] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    types: dict[str, pl.DataType] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
    done: dict[tuple[str, str], str] = field(default_factory=dict)

    def target(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """The expression of a field over the staged columns, after planning what leads to it."""
        origin = self.field_map.fields.get(name)
        if origin is None:
            return pl.repeat(None, pl.len(), dtype=dtype).alias(name)
        if isinstance(origin, Constant):
            found, expression = self._constant(name, origin)
        else:
            column = self._origin(name, origin, f"fields.{name}")
            found, expression = self.types[column], pl.col(column)
            if name == RECORD_VERSION and self.source is None:
                found, expression = _as_version(found, expression)
        if found != dtype:
            raise self._wrong_type(name, found, dtype)
        return expression.alias(name)

    def _origin(self, name: str, origin: Origin, where: str) -> str:
        steps, empty = origin.steps, tuple[str, ...]()
        if isinstance(origin, FromColumn):
            column = self._source_column(origin.column)
            if _begins_with_strip(origin):
                empty = (*self.field_map.empty, *origin.empty)
            elif origin.empty:
                steps = (Empty(texts=origin.empty), *steps)
        elif isinstance(origin, Sql):
            columns = [self._source_column(each) for each in origin.columns]
            column = self._at(where, lambda: self._sql(origin.sql, columns))
        else:
            assert isinstance(origin, Coalesce)
            columns = [
                self._origin(name, each, f"{where}.coalesce[{number}]")
                for number, each in enumerate(origin.coalesce, start=1)
            ]
            column = self._at(where, lambda: self._add(pl.coalesce(columns), columns, "coalesce"))
        for number, step in enumerate(steps):
            column = self._step(name, origin.columns[0], column, step, where, empty if number == 0 else ())
        return column

    def _sql(self, sql: str, columns: Sequence[str]) -> str:
        expression = sql_expression(sql)
        column = self._add(expression, columns, sql)
        assert_works(sql, expression, {each: self.types[each] for each in columns})
        return self._settled(column) if self.types[column] == pl.String else column

    def _source_column(self, column: str) -> str:
        """A source column with what means empty made null; findings still quote what the source wrote."""
        if column not in self.types:
            self.types[column] = pl.String() if self.source is None else self.source[column]
            self.depths[column] = 0
            if self.types[column] == pl.String:
                filled, empty = pl.col(column) != "", self.field_map.empty
                if empty and column in self._unstripped:
                    filled &= ~means_empty(pl.col(column), empty)
                self._stage(1).append(pl.when(filled).then(pl.col(column)).alias(column))
                self.depths[column] = 1
        return column

    @cached_property
    def _unstripped(self) -> frozenset[str]:
        """The columns that some field reads without a `strip` first: a stripped text is quicker to compare."""
        origins = (each for each in self.field_map.origins() if not _begins_with_strip(each))
        return frozenset(name for each in origins if not isinstance(each, Coalesce) for name in each.columns)

    def _step(self, name: str, source_column: str, before: str, step: Step, where: str, empty: tuple[str, ...]) -> str:
        dtype = self.types[before]
        place = f"{where} ({step.name})"
        after = self.done.get((before, repr(step)))
        if after is None:
            after = self._at(place, lambda: self._add(step.on(pl.col(before), dtype), [before], step.name))
            self.done[before, repr(step)] = after
        if step.fault:
            fails = step.failed(pl.col(before), pl.col(after), dtype)
            meaning = Meaning(step.fault.outcome, step.fault.message, name, source_column, step.blanks())
            self.watches.append(Watch(fails, meaning))
        return self._settled(after, empty) if step.may_empty else after

    def _settled(self, column: str, empty: tuple[str, ...] = ()) -> str:
        """From here on "" is null, and so is what else means empty."""
        key = column, repr(("settled", empty))
        if key not in self.done:
            self.done[key] = self._add(_filled(pl.col(column), self.types[column], empty), [column], "settled")
        return self.done[key]

    def _add(self, expression: pl.Expr, inputs: Sequence[str], label: str) -> str:
        column = f"\x00{len(self.types)} {label}"
        depth = 1 + max(self.depths[each] for each in inputs)
        self.types[column] = _type_of(expression, {each: self.types[each] for each in inputs})
        self.depths[column] = depth
        self._stage(depth).append(expression.alias(column))
        return column

    def _stage(self, depth: int) -> list[pl.Expr]:
        while len(self.stages) < depth:
            self.stages.append([])
        return self.stages[depth - 1]

    def _constant(self, name: str, origin: Constant) -> tuple[pl.DataType, pl.Expr]:
        frame = pl.DataFrame({"": [origin.constant]})
        for step in origin.steps:
            where = f"fields.{name} ({step.name})"
            after = self._at(where, lambda: step.on(pl.col(""), frame.schema[""]))  # noqa: B023 - called at once
            both = frame.with_columns(after.alias("after"))
            if step.fault and both.select(step.failed(pl.col(""), pl.col("after"), frame.schema[""])).item():
                raise StartError(
                    WRONG_CONSTANT, file=self.field_map.name, where=where, value=origin.constant, step=step.name
                )
            frame = both.select(pl.col("after").alias(""))
        found = frame.schema[""]
        return found, pl.repeat(pl.lit(frame.item(), found), pl.len(), dtype=found)

    def _at(self, where: str, work: Callable[[], _Result]) -> _Result:
        try:
            return work()
        except Wrong as wrong:
            raise wrong.at(self.field_map.name, where) from wrong
        except pl.exceptions.PolarsError as error:
            what = str(error).splitlines()[0]
            raise StartError(UNWORKABLE, file=self.field_map.name, where=where, what=what) from error

    def _wrong_type(self, name: str, found: pl.DataType, expected: pl.DataType) -> StartError:
        advice = _ADVICE.get(expected.base_type().__name__, "-")
        return StartError(
            WRONG_TYPE,
            file=self.field_map.name,
            where=f"fields.{name}",
            found=str(found),
            expected=str(expected),
            advice=advice,
        )


def _type_of(expression: pl.Expr, inputs: Mapping[str, pl.DataType]) -> pl.DataType:
    return pl.LazyFrame(schema=inputs).select(expression.alias("")).collect_schema()[""]


def _as_version(dtype: pl.DataType, column: pl.Expr) -> tuple[pl.DataType, pl.Expr]:
    """A version that steps made a time, a date or a whole number of, as the text that a version is."""
    if isinstance(dtype, pl.Datetime):
        return pl.String(), column.dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    if isinstance(dtype, (pl.Date, pl.Int64)):
        return pl.String(), column.cast(pl.String)
    return dtype, column


def _begins_with_strip(origin: Origin) -> bool:
    return isinstance(origin, FromColumn) and bool(origin.steps) and isinstance(origin.steps[0], Strip)


def _filled(column: pl.Expr, dtype: pl.DataType, empty: Sequence[str]) -> pl.Expr:
    """The column with what means empty made null; of a multi-value, without "", and null where nothing is left."""
    if not isinstance(dtype, pl.List):
        return pl.when(pl.all_horizontal(column != text for text in ("", *empty))).then(column)
    parts = column.list.eval(pl.element().filter(pl.element() != ""))
    return pl.when(parts.list.len() > 0).then(parts)


def _known_fields(field_map: FieldMap, target: Mapping[str, pl.DataType]) -> None:
    for name in field_map.fields:
        if name not in target:
            raise StartError(
                UNKNOWN_FIELD,
                file=field_map.name,
                dataset=field_map.dataset,
                name=name,
                nearest=nearest(name, target),
            )


def _known_columns(field_map: FieldMap, source: Mapping[str, pl.DataType]) -> None:
    for name, origin in field_map.fields.items():
        for column in origin.columns:
            if column not in source:
                where = f"fields.{name}"
                raise StartError(
                    UNKNOWN_COLUMN, file=field_map.name, where=where, name=column, nearest=nearest(column, source)
                )
