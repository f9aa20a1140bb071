"""Storing a run of one of several feeds that speak of the same records: what it says is kept, the records are merged.

A record is merged anew when what one of its feeds says changes, when the declared order changes, and while the merged
record breaks a rule that no single feed's row broke; until it breaks none the version before stays in force.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl

from gateway.checking import CompiledChecks, verdicts
from gateway.checking.verdict import ACCEPTED
from gateway.domain.digest import record_digest
from gateway.domain.findings import Outcome, no_findings
from gateway.domain.record_key import record_key
from gateway.messages import Message
from gateway.pipeline.compare import Action, Plan
from gateway.pipeline.inheriting import inherit
from gateway.pipeline.precedence import Precedence
from gateway.pipeline.spooled_records import SpooledRecords
from gateway.pipeline.store import Stamp
from gateway.state import contributions
from gateway.state.database import Connection
from gateway.state.exchange import Exchange
from gateway.state.issues import ISSUES

BROKEN_TOGETHER = Message(
    "precedence.broken_together",
    zh="标识“{record}”的记录由 {feeds} 合成后不符合规则 {rules}（{fields}）；原有版本照旧有效，"
    "请更正其中一个来源，或调整 precedence.yml 中的先后",
    en="the record {record!r}, merged from {feeds}, breaks the rules {rules} ({fields}); the version before stays in "
    "force, correct one of the sources or the order in precedence.yml",
)

_MERGED_AT_ONCE = 50_000


@dataclass(frozen=True)
class Contributing:
    """Stores what one of the feeds of a dataset with a declared precedence says."""

    precedence: Precedence
    exchange: Exchange
    checks: CompiledChecks

    def held(self, connection: Connection, feed: str) -> pl.DataFrame:
        """What the rows of a run are compared with (`gateway.state.exchange.HELD`)."""
        return contributions.held_by(connection, self.precedence.dataset, feed, self.precedence.feeds)

    def share(self, connection: Connection) -> list[str]:
        """Take over what the feeds stored while no precedence was declared; return the keys of it, to be merged."""
        return contributions.share(connection, self.precedence.dataset, self.precedence.feeds)

    def store(
        self,
        connection: Connection,
        plan: Plan,
        records: SpooledRecords,
        stamp: Stamp,
        *,
        shared: list[str],
        withdraw: bool,
    ) -> pl.DataFrame:
        """Keep what the plan changes, merge the records that it touches, write those that differ; return the issues.

        `shared` are the keys of what was taken over before the plan was made.
        """
        dataset = self.precedence.dataset
        touched = [*shared, *self._say(connection, plan, records, stamp)]
        if withdraw:
            gone = plan.vanished.to_list()
            touched += contributions.keys_of(connection, gone)
            contributions.unsay(connection, gone)
        confirmed = plan.of(Action.CONFIRM)
        contributions.confirm(connection, confirmed.select("id", pl.col("version").alias("record_version")))
        heirs = inherit(connection, dataset)
        touched += heirs.values()
        touched += contributions.open_keys(connection, dataset.name, BROKEN_TOGETHER.code)
        if not contributions.applied(connection, dataset.name, self.precedence.digest):
            touched += contributions.all_keys(connection, dataset.name, self.precedence.feeds)
        # Nobody speaks of an old key any more; its record stands until the one of the new key is in force.
        keys = [key for key in dict.fromkeys(touched) if key not in heirs]
        parts = (keys[start : start + _MERGED_AT_ONCE] for start in range(0, len(keys), _MERGED_AT_ONCE))
        found = [self._merge(connection, part, stamp) for part in parts]
        return pl.concat([pl.DataFrame(schema=ISSUES), *found])

    def _say(self, connection: Connection, plan: Plan, records: SpooledRecords, stamp: Stamp) -> list[str]:
        """Keep what the run says; return the keys of it."""
        dataset, keys = self.precedence.dataset, list[str]()
        written = plan.of(Action.INSERT, Action.CHANGE)
        for (number,), rows in written.group_by("batch", maintain_order=True):
            assert isinstance(number, int)
            said = pl.concat([records.of(number, rows["index"]), rows.select("id")], how="horizontal").with_columns(
                pl.lit(stamp.owner_department).alias("owner_department"), pl.lit(stamp.run).alias("run")
            )
            fresh = pl.col("id").is_null()
            contributions.say(connection, dataset, stamp.feed, said.filter(fresh))
            contributions.say_otherwise(connection, dataset, stamp.feed, said.filter(~fresh))
            keys += said["record_key"].to_list()
        return keys

    def _merge(self, connection: Connection, keys: list[str], stamp: Stamp) -> pl.DataFrame:
        dataset = self.precedence.dataset
        said = contributions.said_of(connection, dataset, keys)
        merged = self.precedence.merged(said).with_columns(record_key(dataset), record_digest(dataset).alias("digest"))
        findings = self.checks.apply(merged, {}, no_findings()) if merged.height else no_findings()
        sound = verdicts(findings, merged.height) == ACCEPTED
        there = contributions.in_exchange(connection, dataset, keys)
        self._write(connection, merged.filter(sound), there, stamp)
        self._withdraw(connection, there.join(merged, on="record_key", how="anti").filter(~pl.col("withdrawn")), stamp)
        return _issues(merged, said, findings.filter(pl.col("outcome") != Outcome.NOTE.value))

    def _write(self, connection: Connection, merged: pl.DataFrame, there: pl.DataFrame, stamp: Stamp) -> None:
        compared = merged.join(there, on="record_key", how="left", maintain_order="left")
        same = (pl.col("digest") == pl.col("held_digest")) & ~pl.col("withdrawn")
        # What changed is who has the first word: the record is the next feed's, and is no new version.
        others = compared.filter(same & (pl.col("feed") != pl.col("held_feed")))
        owned = others.select("id", "feed", "owner_department", "source", "source_row")
        contributions.hand_over(connection, self.precedence.dataset, owned)
        differing = compared.filter(~same.fill_null(value=False))
        if differing.is_empty():
            return
        last = self.exchange.allot(connection, differing.height)
        fresh = pl.col("id").is_null()
        versions = differing.with_columns(
            (pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("change_number"),
            pl.when(fresh).then(pl.lit("insert")).otherwise(pl.lit("change")).alias("operation"),
            pl.lit(0).alias("withdrawn"),
            pl.lit(stamp.run).alias("run"),
        )
        stored = versions.drop("held_digest", "held_feed", "fields")
        self.exchange.insert(connection, stored.filter(fresh).drop("id"))
        self.exchange.replace(connection, stored.filter(~fresh))
        contributions.keep_provenance(
            connection, self.precedence.dataset.name, versions.select("change_number", "fields")
        )

    def _withdraw(self, connection: Connection, unsaid: pl.DataFrame, stamp: Stamp) -> None:
        """Withdraw the records of which no feed speaks any more."""
        if unsaid.is_empty():
            return
        last = self.exchange.allot(connection, unsaid.height)
        self.exchange.replace(
            connection,
            unsaid.select("id").with_columns(
                (pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("change_number"),
                pl.lit("withdraw").alias("operation"),
                pl.lit(1).alias("withdrawn"),
                pl.lit(stamp.run).alias("run"),
            ),
        )


def _issues(merged: pl.DataFrame, said: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """One issue a merged record that breaks rules (`ISSUES`)."""
    feeds = {key: ", ".join(sorted(names)) for key, names in said.group_by("record_key").agg("feed").iter_rows()}
    rows = []
    for (index,), found in findings.group_by("index", maintain_order=True):
        key = merged["record_key"][index]
        rules, fields = (", ".join(found[name].unique(maintain_order=True)) for name in ("code", "field"))
        arguments = {"record": key, "feeds": feeds[key], "rules": rules, "fields": fields}
        rows.append(
            {
                **dict.fromkeys(ISSUES),
                **dict.fromkeys(("place", "field", "column"), ""),
                "record_key": key,
                "outcome": Outcome.HELD.value,
                "code": BROKEN_TOGETHER.code,
                "value": rules,
                "arguments": json.dumps(arguments, ensure_ascii=False),
            }
        )
    return pl.DataFrame(rows, schema=ISSUES)


MESSAGES = (BROKEN_TOGETHER,)
