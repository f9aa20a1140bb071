"""What a run would change: every row that was read gets one action, every record that vanished is a withdrawal.

All of it happens in frames of hashes (`JUDGED`, `HELD`); no record is looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import polars as pl

from gateway.domain.findings import Outcome
from gateway.domain.record_version import order, ranked
from gateway.pipeline.again import OLDER, UNDECIDED


class Action(StrEnum):
    """What becomes of a row."""

    INSERT = "insert"  # a record not held before
    CHANGE = "change"  # a new version of a record, or its return after a withdrawal
    CONFIRM = "confirm"  # the same content under a newer version of the source
    SAME = "same"  # the same content
    OLDER = "older"  # an older version than the one held, or an older row than another one
    REJECTED = "rejected"
    HELD = "held"
    DOUBLED = "doubled"  # held: several rows of the run claim one key
    FOREIGN = "foreign"  # held: the record belongs to another feed
    UNDECIDED = "undecided"  # held: it is not known whether the row or the record is newer
    INCOMPARABLE = "incomparable"  # held: its version and that of the record do not tell which is newer


UNCHANGED = (Action.CONFIRM, Action.SAME, Action.OLDER)
WAITING = (Action.HELD, Action.DOUBLED, Action.FOREIGN, Action.UNDECIDED, Action.INCOMPARABLE)


@dataclass(frozen=True)
class Plan:
    """The actions of a run.

    `rows`: batch, index, key, version, held_version, id (of the record held, null for an insert), action; in reading
    order.
    `vanished`: the ids of own records that no row of the run names.
    """

    rows: pl.DataFrame
    vanished: pl.Series
    own_records: int

    def count(self, *actions: Action) -> int:
        """How many rows have one of the actions."""
        return int(self.rows["action"].is_in([action.value for action in actions]).sum())

    def of(self, *actions: Action) -> pl.DataFrame:
        """The rows that have one of the actions."""
        return self.rows.filter(pl.col("action").is_in([action.value for action in actions]))

    def vanished_share(self) -> Decimal:
        """The share of the feed's records that vanished, 0 to 1."""
        return Decimal(len(self.vanished)) / max(self.own_records, 1)


def compare(judged: pl.DataFrame, held: pl.DataFrame, *, latest_decides: bool, snapshot: bool) -> Plan:
    """Give every judged row its action against what the exchange holds."""
    rows = (
        judged.drop("row_hash")
        .join(_claims(judged), on="key", how="left", maintain_order="left")
        .join(held, on="key", how="left", maintain_order="left")
    )
    rows = rows.with_columns(order(rows["version"], rows["held_version"]).alias("order")).select(
        "batch", "index", "key", "version", "held_version", "id", _action(latest_decides, snapshot).alias("action")
    )
    own = held.filter(pl.col("own") & ~pl.col("withdrawn"))
    vanished = own.join(judged, on="key", how="anti")["id"].sort()
    return Plan(rows, vanished, own.height)


def _claims(judged: pl.DataFrame) -> pl.DataFrame:
    """The keys that several rows claim, with the latest version and how many rows have it: 0 where nothing tells."""
    doubled = judged.filter(pl.col("key").is_not_null() & pl.col("key").is_duplicated())
    latest = pl.col("rank") == pl.col("rank").max()
    return (
        doubled.with_columns(ranked(doubled["version"], doubled.select("key")).alias("rank"))
        .group_by("key")
        .agg(pl.col("version").filter(latest).first().alias("latest"), latest.sum().alias("latest_claims"))
    )


def _action(latest_decides: bool, snapshot: bool) -> pl.Expr:
    doubled, rejected = pl.col("latest_claims").is_not_null(), pl.col("verdict") == Outcome.REJECTED.value
    decided = doubled & (pl.col("latest_claims") == 1) if latest_decides else pl.lit(value=False)
    older_in_run = decided & pl.col("version").ne_missing(pl.col("latest"))
    same = (pl.col("digest") == pl.col("held_digest")) & ~pl.col("withdrawn")
    both = pl.col("version").is_not_null() & pl.col("held_version").is_not_null()
    # The source's own word: of the same content, what it says now of its version stands, of whatever kind.
    newer = (pl.col("order") > 0).fill_null(pl.col("version").is_not_null())
    # A withdrawn record that is in the full list again is back, whichever version it has.
    back = pl.col("withdrawn") & pl.lit(snapshot)
    cases = (
        (pl.col("verdict") == OLDER, Action.OLDER),
        (rejected, Action.REJECTED),
        (doubled & ~decided, Action.DOUBLED),
        (older_in_run, Action.OLDER),
        (pl.col("verdict") == Outcome.HELD.value, Action.HELD),
        (pl.col("verdict") == UNDECIDED, Action.UNDECIDED),
        (pl.col("id").is_null(), Action.INSERT),
        (~pl.col("own"), Action.FOREIGN),
        ((pl.col("order") < 0) & ~back, Action.OLDER),
        (same & newer, Action.CONFIRM),
        (same, Action.SAME),
        (both & pl.col("order").is_null() & ~back, Action.INCOMPARABLE),
    )
    names = [action.value for action in Action]
    expression = pl.lit(Action.CHANGE.value)
    for holds, action in reversed(cases):
        expression = pl.when(holds).then(pl.lit(action.value)).otherwise(expression)
    return expression.cast(pl.Enum(names))
