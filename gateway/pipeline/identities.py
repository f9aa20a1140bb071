"""Rows that come under a key whose record lives on under another: they take effect on that one.

See `gateway.state.identity_changes` for how merges are declared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from gateway.domain.dataset import Dataset
from gateway.domain.findings import Outcome, no_findings
from gateway.domain.frame_hash import frame_hash
from gateway.domain.masks import Meaning, findings_at
from gateway.domain.record_key import key_fields, record_key
from gateway.messages import Message
from gateway.pipeline.compare import Plan

MERGED = Message(
    "identity.merged",
    zh="标识“{value}”已声明为同一主体的旧标识，本行按新标识入库；请在来源中改用新标识",
    en="the key {value!r} is declared an old one of the same subject, and the row takes effect under the new key; use "
    "the new one in the source",
)

_NEW = "\x00new."


@dataclass(frozen=True)
class Identities:
    """The merges in force of one dataset: old key → the key under which its record lives."""

    dataset: Dataset
    finals: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What tells one state of the merges from another."""
        text = "\n".join(f"{old}\t{new}" for old, new in sorted(self.finals.items()))
        return hashlib.sha256(text.encode()).hexdigest()

    def apply(self, records: pl.DataFrame) -> pl.DataFrame:
        """The records, those under an old key with the key fields of the new one."""
        if not self.finals:
            return records
        keyed = records.with_columns(record_key(self.dataset).alias("record_key"))
        if not keyed["record_key"].is_in(self._old).any():
            return records
        joined = keyed.join(self._fields, on="record_key", how="left", maintain_order="left")
        names = [each.name for each in self.dataset.keys]
        merged = pl.col(f"{_NEW}merged").is_not_null()
        return joined.with_columns(
            pl.when(merged).then(pl.col(_NEW + name)).otherwise(pl.col(name)).alias(name) for name in names
        ).select(records.columns)

    def notes(self, records: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
        """A finding for each of the records, as they were mapped, that came under an old key."""
        if not self.finals:
            return no_findings()
        keys = records.select(record_key(self.dataset)).to_series()
        at, name = keys.is_in(self._old).fill_null(value=False).arg_true(), self.dataset.keys[0].name
        return findings_at(at, keys[at], Meaning(Outcome.NOTE, MERGED, name, columns.get(name, "")))

    def spared(self, plan: Plan, held: pl.DataFrame, judged: pl.DataFrame) -> Plan:
        """The plan, its vanished records without those that live on under a key which is read or held.

        They did not vanish: they are withdrawn once, when the record of the new key is in force.
        """
        if not self.finals:
            return plan
        there = pl.concat([judged["key"], held.filter(~pl.col("withdrawn"))["key"]]).drop_nulls()
        living = self._hashes.filter(pl.col("new").is_in(there.implode()))["old"]
        ids = held.filter(pl.col("key").is_in(living.implode()))["id"]
        return replace(plan, vanished=plan.vanished.filter(~plan.vanished.is_in(ids.implode())))

    def present(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Hashes of keys (`key`), an old one as that of the key under which its record lives now."""
        if not self.finals:
            return keys
        living = keys.join(self._hashes, left_on="key", right_on="old", how="left")
        return living.with_columns(pl.coalesce("new", "key").alias("key")).drop("new")

    @cached_property
    def _old(self) -> pl.Series:
        return pl.Series(list(self.finals), dtype=pl.String).implode()

    @cached_property
    def _hashes(self) -> pl.DataFrame:
        pairs = pl.DataFrame(list(self.finals.items()), schema={"old": pl.String, "new": pl.String}, orient="row")
        return pairs.select(frame_hash("old"), frame_hash("new"))

    @cached_property
    def _fields(self) -> pl.DataFrame:
        """The key fields of each new key: record_key (the old one) and the fields under a mark of their own."""
        fields = key_fields(self.dataset, list(self.finals.values())).select(pl.exclude("record_key").name.prefix(_NEW))
        old = pl.Series("record_key", list(self.finals), dtype=pl.String)
        return fields.with_columns(old, old.alias(f"{_NEW}merged"))


MESSAGES = (MERGED,)
