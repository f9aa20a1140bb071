"""A compiled field map at work: frames of rows in, frames of records and findings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gateway.domain.masks import Meaning, findings_of
from gateway.errors import SourceError
from gateway.interfaces import ROW
from gateway.mapping.field_map import FieldMap
from gateway.mapping.map_errors import alike
from gateway.messages import Message, listed

UNMAPPED_COLUMN = Message(
    "map.unmapped_column",
    zh="来源的列 {columns} 既未映射也未列入 ignore，其内容未被采用；"
    "请在字段映射中写明用途，或在 ignore 下写明不用的理由",
    en="the source's columns {columns} are neither mapped nor ignored by name, so what they hold was not taken; "
    "map them, or say under ignore why not",
)
MISSING_COLUMN = Message(
    "map.missing_column",
    zh="来源“{place}”缺少映射所需的列：{columns}；最接近的现有列：{nearest}；现有的列：{present}；"
    "请恢复原列名，或修改字段映射 {file}",
    en="{place!r} lacks columns that the map reads: {columns}; the nearest there are: {nearest}; "
    "its columns are: {present}; restore their names or change the field map {file}",
)

_COMPARED = 5  # missing columns for which the nearest are said
# A frame of many small chunks makes every expression slow.
_CHUNKS = 4


@dataclass(frozen=True, slots=True)
class Watch:
    """A Boolean expression over the staged columns, and what it means where it is true."""

    fails: pl.Expr
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """How the columns of a source answer to a map: all in the order of the source, `absent` in that of the map."""

    unmapped: tuple[str, ...]  # neither mapped nor ignored by name: one issue of the run
    ignored: tuple[str, ...]
    absent: tuple[str, ...]  # not there, their default stands in


@dataclass(frozen=True, slots=True)
class Mapped:
    """Records in the order and number of the rows, and what was found of the rows (`domain.findings.FINDINGS`)."""

    records: pl.DataFrame
    findings: pl.DataFrame


class CompiledMap:
    """A field map ready to run; it keeps nothing between frames, so threads may share it."""

    def __init__(
        self,
        field_map: FieldMap,
        stages: Sequence[Sequence[pl.Expr]],
        watches: Sequence[Watch],
        final: Sequence[pl.Expr],
    ) -> None:
        self._map = field_map
        self._stages = stages
        self._watches = watches
        self._final = final

    @property
    def columns(self) -> Mapping[str, str]:
        """The source column to point at for each field; "" where there is none."""
        return {name: next(iter(origin.columns), "") for name, origin in self._map.fields.items()}

    @property
    def demanded(self) -> tuple[str, ...]:
        """The source columns without which it cannot run, in the order of the map."""
        return tuple(dict.fromkeys(each for origin in self._map.fields.values() for each in origin.demanded))

    def check_columns(self, columns: Sequence[str], place: str = "-") -> ColumnReport:
        """Account for every column of a source; raises SourceError where one that the map demands is missing.

        `place` is the file, sheet or table that they are of, for whoever reads the error.
        """
        there = [each for each in columns if each != ROW]
        missing = [each for each in self.demanded if each not in there]
        if missing:
            raise SourceError(
                MISSING_COLUMN,
                file=self._map.name,
                place=place,
                columns=listed(missing),
                nearest="; ".join(f"{each} → {alike(each, there)}" for each in missing[:_COMPARED]),
                present=listed(there),
            )
        known = self._map.source_columns
        return ColumnReport(
            unmapped=tuple(each for each in there if each not in known and each not in self._map.ignore),
            ignored=tuple(each for each in there if each not in known and each in self._map.ignore),
            absent=tuple(each for each in self._map.defaults if each not in there),
        )

    def apply(self, rows: pl.DataFrame) -> Mapped:
        """Map rows whose columns `check_columns` has seen."""
        if rows.n_chunks() > _CHUNKS:
            rows = rows.rechunk()
        frame = rows.with_columns(
            pl.lit(default).alias(column)
            for column, default in self._map.defaults.items()
            if column not in rows.columns
        )
        for stage in self._stages:
            frame = frame.with_columns(stage)
        return Mapped(frame.select(self._final), self._findings(frame))

    def _findings(self, frame: pl.DataFrame) -> pl.DataFrame:
        flags = frame.select(watch.fails.alias(str(number)) for number, watch in enumerate(self._watches))
        # The source's own text: what means empty is null by now, and nothing fails on an empty cell.
        return findings_of(
            (index := flag.arg_true(), frame[watch.meaning.column].gather(index), watch.meaning)
            for flag, watch in zip(flags, self._watches, strict=True)
            if flag.any()
        )
