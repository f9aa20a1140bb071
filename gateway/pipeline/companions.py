"""What goes out together with a record: fields of the records it names, and the lists of records that name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from gateway.domain.dataset import Dataset, Field
from gateway.domain.findings import no_findings
from gateway.domain.masks import joined
from gateway.domain.record_key import key_text
from gateway.mapping import CompiledMap
from gateway.state.database import Connection
from gateway.state.exchange import Exchange
from gateway.state.identity_changes import children_of_heirs, records_or_heirs

_NAMED = "\x00named"


@dataclass(frozen=True)
class Beside:
    """One record of another dataset, whose key the fields of this one are; it is read as `dataset.field`."""

    exchange: Exchange
    fields: tuple[Field, ...]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns that it adds."""
        return {f"{self.exchange.dataset.name}.{name}": dtype for name, dtype in self.exchange.schema.items()}


@dataclass(frozen=True)
class ChildList:
    """The records of a child dataset, written as a list of objects; `number` counts them in the order of their keys."""

    exchange: Exchange
    number: str
    outward: CompiledMap
    members: tuple[str, ...]


@dataclass(frozen=True)
class Gathered:
    """Versions with the fields beside them, their children by wire member, and what each version still lacks."""

    versions: pl.DataFrame
    children: Mapping[str, pl.DataFrame]
    lacking: pl.Series  # titles of datasets, null where nothing is lacking
    state: str = ""  # how far the other datasets were; another one may mean another content of the same versions


@dataclass(frozen=True)
class Companions:
    """What goes out with the records of a dataset; nothing where a profile says nothing of it."""

    dataset: Dataset
    beside: Sequence[Beside] = ()
    lists: Mapping[str, ChildList] = field(default_factory=dict)

    def gather(self, connection: Connection, versions: pl.DataFrame) -> Gathered:
        """Fetch what goes out with these versions; a version that is withdrawn lacks nothing."""
        lacking = [pl.Series("none", [None] * versions.height, dtype=pl.String)]
        frame = versions
        for each in self.beside:
            frame, absent = _joined(connection, each, frame)
            lacking.append(absent)
        children = {name: self._children(connection, each, versions) for name, each in self.lists.items()}
        for name, wanted in self.lists.items():
            there = versions["record_key"].is_in(children[name]["parent"].implode())
            lacking.append(_titles(~there, wanted.exchange.dataset))
        together = pl.concat_str(*lacking, separator="、", ignore_nulls=True)
        said = pl.when(pl.lit(versions["operation"]) != "withdraw", together != "").then(together)
        others = [*(each.exchange for each in self.beside), *(each.exchange for each in self.lists.values())]
        state = ",".join(str(each.last_change_number(connection)) for each in others)
        return Gathered(frame, children, pl.select(said.alias("lacking")).to_series(), state)

    def nest(
        self, versions: pl.DataFrame, children: Mapping[str, pl.DataFrame]
    ) -> tuple[list[pl.Series], pl.DataFrame]:
        """One column of lists a kind of children, and what is wrong with them, by the position of their parent."""
        columns, findings = [], [no_findings()]
        record_keys = versions["record_key"]
        own = [name for name in self.dataset.by_name if name in versions.columns]
        parents = versions.unique("record_key", keep="last").select(
            pl.col("record_key").alias("parent"), *(pl.col(name).alias(f"{self.dataset.name}.{name}") for name in own)
        )
        for name, each in self.lists.items():
            ours = children[name].join(parents, on="parent", how="inner", maintain_order="left")
            mapped = each.outward.apply(ours)
            columns.append(_lists(record_keys, ours["parent"], mapped.records.select(each.members), each.number, name))
            findings.append(_at_parents(mapped.findings, ours["parent"], record_keys))
        return columns, joined(findings)

    def _children(self, connection: Connection, each: ChildList, versions: pl.DataFrame) -> pl.DataFrame:
        kept = versions.filter(pl.col("operation") != "withdraw")
        parents = kept.select("record_key", *(key.name for key in self.dataset.keys)).unique("record_key")
        return children_of_heirs(connection, each.exchange, self.dataset, parents)


def _joined(connection: Connection, beside: Beside, versions: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The versions with the fields of the record that they name, and the dataset's title where it is not there."""
    keyed = versions.with_columns(key_text(beside.fields).alias(_NAMED))
    found = records_or_heirs(connection, beside.exchange, keyed[_NAMED].drop_nulls().unique().sort().to_list())
    renamed = {name: f"{beside.exchange.dataset.name}.{name}" for name in beside.exchange.schema}
    frame = keyed.join(
        found.rename({**renamed, "record_key": _NAMED}).with_columns(pl.lit(True).alias("\x00there")),
        on=_NAMED,
        how="left",
        maintain_order="left",
    )
    absent = frame[_NAMED].is_not_null() & frame["\x00there"].is_null()
    return frame.drop(_NAMED, "\x00there"), _titles(absent, beside.exchange.dataset)


def _titles(absent: pl.Series, dataset: Dataset) -> pl.Series:
    return pl.select(pl.when(absent).then(pl.lit(dataset.title)).alias(dataset.name)).to_series()


def _lists(parents: pl.Series, of: pl.Series, members: pl.DataFrame, number: str, name: str) -> pl.Series:
    """The members of each parent as a list of objects, in the order of the parents."""
    counted = members.select(of.alias(_NAMED), pl.int_range(1, pl.len() + 1).over(of).alias(number), pl.all())
    lists = counted.group_by(_NAMED, maintain_order=True).agg(pl.struct(number, *members.columns).alias(name))
    return parents.alias(_NAMED).to_frame().join(lists, on=_NAMED, how="left", maintain_order="left")[name]


def _at_parents(findings: pl.DataFrame, of: pl.Series, parents: pl.Series) -> pl.DataFrame:
    """Findings of children as findings of the records that carry them."""
    places = pl.DataFrame({_NAMED: parents}).with_row_index("place")
    named = findings.with_columns(of.gather(findings["index"]).alias(_NAMED))
    placed = named.join(places, on=_NAMED, how="inner", maintain_order="left")
    return placed.with_columns(pl.col("place").cast(pl.UInt32).alias("index")).select(findings.columns)
