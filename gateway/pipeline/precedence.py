"""Several feeds of one dataset that speak of the same records: whose value stands in which field.

`config/precedence.yml` maps a dataset to its feeds, the first of which has the first word, and where a field has
another order, to that:

    inspection_targets:
      feeds: [market-regulation, emergency-management]
      fields:
        phone: [emergency-management]

The value of a field is that of the first feed which has one; an empty cell says nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.domain.dataset import RECORD_VERSION, Dataset
from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError, UnknownName
from gateway.messages import Message
from gateway.pipeline.feeds import InboundFeed, OutboundFeed

UNREADABLE = Message(
    "precedence.unreadable",
    zh="文件 {file} 无法读取（{why}）；应为 UTF-8 编码的 YAML，逐个数据集写明 feeds 和 fields，请更正",
    en="the file {file} cannot be read ({why}); YAML in UTF-8 is expected that maps a dataset to its feeds and fields, "
    "correct it",
)
INVALID = Message(
    "precedence.invalid",
    zh="文件 {file} 有误：{reason_zh}；应逐个数据集写明 feeds 和 fields，请更正",
    en="the file {file} is wrong: {reason}; it maps a dataset to its feeds and fields, correct it",
)
NOT_ITS_FEED = Message(
    "precedence.not_its_feed",
    zh="{file} 中 {dataset} 的 {where} 写了“{feed}”，它不是该数据集的汇入数据流，或不在 feeds 中；可用的有：{allowed}",
    en="{where} of {dataset} in {file} names {feed!r}, which is no inbound feed of that dataset, or is not among its "
    "feeds; allowed: {allowed}",
)
NAMED_TWICE = Message(
    "precedence.named_twice",
    zh="{file} 中 {dataset} 的 {where} 把“{feed}”写了两次；每个数据流只写一次",
    en="{where} of {dataset} in {file} names {feed!r} twice; name each feed once",
)
NO_ORDER_OF_KEYS = Message(
    "precedence.no_order_of_keys",
    zh="{file} 中 {dataset} 的字段 {field} 是标识项，各来源必然相同，不能规定先后；请删去",
    en="{field} of {dataset} in {file} is part of the key, the same in every source, and has no order; take it out",
)


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    feeds: tuple[str, ...] = Field(min_length=2)
    fields: Mapping[str, tuple[str, ...]] = {}


_ADAPTER = TypeAdapter(dict[str, _Declared])
Feeds = Mapping[str, InboundFeed | OutboundFeed]


@dataclass(frozen=True)
class Precedence:
    """The order of the feeds of one dataset, and that of the fields which have another."""

    dataset: Dataset
    feeds: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]

    @property
    def digest(self) -> str:
        """What tells one declaration from another."""
        text = repr((self.feeds, sorted(self.fields.items()), [each.name for each in self.dataset.fields]))
        return hashlib.sha256(text.encode()).hexdigest()

    def order(self, field: str) -> tuple[str, ...]:
        """Every feed, the one with the first word first."""
        first = self.fields.get(field, ())
        return (*first, *(feed for feed in self.feeds if feed not in first))

    def merged(self, contributions: pl.DataFrame) -> pl.DataFrame:
        """One record a key of what feeds say (`feed`, `record_key`, own columns and fields): the fields merged.

        The other columns are those of the first feed that speaks of it. `fields` is JSON, a field to its feed.
        """
        # A feed that was taken out of the list comes last, so that nothing is withdrawn because a list was edited.
        unlisted = sorted(set(contributions["feed"]) - set(self.feeds))
        every = replace(self, feeds=(*self.feeds, *unlisted))
        wide = contributions.select(pl.col("record_key").unique(maintain_order=True))
        for feed in every.feeds:
            said = contributions.filter(pl.col("feed") == feed)
            named = said.select("record_key", pl.exclude("record_key").name.prefix(f"{feed}\x00"))
            wide = wide.join(named, on="record_key", how="left", maintain_order="left")
        names = [each.name for each in self.dataset.fields]
        others = [name for name in contributions.columns if name not in {*names, "record_key"}]
        return wide.select(
            "record_key",
            *(_first_word(name, every.feeds) for name in others),
            *(pl.coalesce(f"{feed}\x00{name}" for feed in every.order(name)).alias(name) for name in names),
            pl.struct(_speaker(name, every.order(name)) for name in names).struct.json_encode().alias("fields"),
        )


def _first_word(column: str, feeds: Sequence[str]) -> pl.Expr:
    """A column of the first feed that speaks of the record, empty or not."""
    value = pl.lit(None)
    for feed in reversed(feeds):
        value = pl.when(pl.col(f"{feed}\x00feed").is_not_null()).then(pl.col(f"{feed}\x00{column}")).otherwise(value)
    return value.alias(column)


def _speaker(field: str, feeds: Sequence[str]) -> pl.Expr:
    said = [pl.when(pl.col(f"{feed}\x00{field}").is_not_null()).then(pl.lit(feed)) for feed in feeds]
    return pl.coalesce(said).alias(field)


def load_precedence(file: Path, feeds: Feeds, datasets: Mapping[str, Dataset]) -> dict[str, Precedence]:
    """What a deployment declares, by dataset; nothing where there is no file, StartError for a wrong one."""
    if not file.is_file():
        return {}
    try:
        content = read_yaml_text(file.read_text(encoding="utf-8-sig"), file.name) or {}
        declared = _ADAPTER.validate_python(content)
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(UNREADABLE, file=file.name, why=error) from error
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        raise StartError(INVALID, file=file.name, reason=reason, reason_zh=reason_zh) from error
    return {name: _precedence(file.name, name, each, feeds, datasets) for name, each in declared.items()}


def _precedence(file: str, name: str, declared: _Declared, feeds: Feeds, datasets: Mapping[str, Dataset]) -> Precedence:
    if name not in datasets:
        raise UnknownName("dataset", "数据集", name, datasets)
    dataset = datasets[name]
    own = [feed for feed, each in feeds.items() if isinstance(each, InboundFeed) and each.dataset == name]
    _assert_feeds(file, name, "feeds", declared.feeds, own)
    for field, order in declared.fields.items():
        if field not in dataset.by_name or field == RECORD_VERSION:
            raise UnknownName(f"field of {name}", f"字段（{name}）", field, [each.name for each in dataset.fields])
        if dataset.by_name[field].key:
            raise StartError(NO_ORDER_OF_KEYS, file=file, dataset=name, field=field)
        _assert_feeds(file, name, field, order, declared.feeds)
    return Precedence(dataset, declared.feeds, declared.fields)


def _assert_feeds(
    file: str, dataset: str, where: str, named: tuple[str, ...], allowed: list[str] | tuple[str, ...]
) -> None:
    for at, feed in enumerate(named):
        if feed not in allowed:
            raise StartError(
                NOT_ITS_FEED, file=file, dataset=dataset, where=where, feed=feed, allowed=", ".join(allowed) or "-"
            )
        if feed in named[:at]:
            raise StartError(NAMED_TWICE, file=file, dataset=dataset, where=where, feed=feed)


MESSAGES = (UNREADABLE, NOT_ITS_FEED, NAMED_TWICE, NO_ORDER_OF_KEYS)
