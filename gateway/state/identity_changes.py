"""Declared merges: which record's life goes on under which key.

A chain, as A into B and later B into C, ends at its last key wherever it is entered; cycles are refused when declared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from gateway.domain.dataset import Dataset
from gateway.domain.record_key import key_fields
from gateway.state import contributions, event_log
from gateway.state.database import Connection
from gateway.state.exchange import Exchange
from gateway.state.exchange_tables import table_of
from gateway.state.tables import identity_changes, now

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """One declared merge: who decided it, why and when."""

    old_key: str
    new_key: str
    decided_by: str
    reason: str
    declared_at: dt.datetime


def declared_changes(connection: Connection, dataset: str) -> dict[str, IdentityChange]:
    """Every merge of a dataset by its old key."""
    columns = [identity_changes.c[name] for name in IdentityChange.__slots__]
    rows = connection.execute(sa.select(*columns).where(identity_changes.c.dataset == dataset))
    return {row.old_key: IdentityChange(*row) for row in rows}


def final_keys(connection: Connection, dataset: str) -> dict[str, str]:
    """The key under which each old key's record lives now."""
    pairs = sa.select(identity_changes.c.old_key, identity_changes.c.new_key)
    rows = connection.execute(pairs.where(identity_changes.c.dataset == dataset))
    steps = {row.old_key: row.new_key for row in rows}
    return {old: last_of(steps, old) for old in steps}


def last_of(steps: Mapping[str, str], key: str) -> str:
    """Where a chain of merges ends."""
    while key in steps:
        key = steps[key]
    return key


def living_keys(connection: Connection, dataset: str, keys: Iterable[str]) -> dict[str, str]:
    """Those of the keys whose records live on under another key, with that key."""
    asked = list(dict.fromkeys(keys))
    if not asked or not _any(connection, dataset):
        return {}
    finals = final_keys(connection, dataset)
    return {key: finals[key] for key in asked if key in finals}


def old_keys(connection: Connection, dataset: str, keys: Iterable[str]) -> dict[str, str]:
    """The keys whose records live on under these, each with the one under which it does."""
    asked = set(keys)
    finals = final_keys(connection, dataset) if asked and _any(connection, dataset) else {}
    return {old: new for old, new in finals.items() if new in asked}


def records_or_heirs(connection: Connection, exchange: Exchange, keys: list[str]) -> pl.DataFrame:
    """The records in force of these keys, as `Exchange.records_of`; for a merged key what lives on, under that key."""
    found = exchange.records_of(connection, keys)
    there = set(found["record_key"])
    living = living_keys(connection, exchange.dataset.name, (key for key in keys if key not in there))
    if not living:
        return found
    heirs = exchange.records_of(connection, list(dict.fromkeys(living.values())))
    pairs = pl.DataFrame(list(living.items()), schema={"old": pl.String, "record_key": pl.String}, orient="row")
    inherited = heirs.join(pairs, on="record_key", how="inner").with_columns(pl.col("old").alias("record_key"))
    return pl.concat([found, inherited.select(found.columns)])


def children_of_heirs(
    connection: Connection, children: Exchange, parent: Dataset, parents: pl.DataFrame
) -> pl.DataFrame:
    """The children of records, as `Exchange.children_of`; those that name a merged key are the children of its heir."""
    heirs = old_keys(connection, parent.name, parents["record_key"].to_list())
    standing = Exchange(parent).in_force(connection, list(heirs))  # such a record answers for itself still
    heirs = {old: new for old, new in heirs.items() if old not in standing}
    named = pl.concat([parents, key_fields(parent, list(heirs)).select(parents.columns)])
    found = children.children_of(connection, parent.keys, named)
    return found.with_columns(pl.col("parent").replace(heirs)) if heirs else found


def declare(connection: Connection, dataset: str, changes: Sequence[IdentityChange]) -> None:
    """Enter merges that one person decided for one reason, on record."""
    rows = [{name: getattr(each, name) for name in IdentityChange.__slots__} for each in changes]
    connection.execute(sa.insert(identity_changes), [{"dataset": dataset, **row} for row in rows])
    _log(connection, "identity.declared", dataset, changes, changes[0].decided_by, changes[0].reason)


def revoke(connection: Connection, dataset: str, changes: Sequence[IdentityChange], by: str, reason: str) -> None:
    """Take merges back, on record."""
    for each in changes:
        mine = (identity_changes.c.dataset == dataset) & (identity_changes.c.old_key == each.old_key)
        connection.execute(sa.delete(identity_changes).where(mine))
    _log(connection, "identity.revoked", dataset, changes, by, reason)


def withdraw_merged(connection: Connection, exchange: Exchange, run: int) -> int:
    """Withdraw the records in force whose life goes on under a key that is in force; return how many.

    To be called in a transaction that has claimed the dataset. What is withdrawn already is left alone.
    """
    olds = _in_force_under_old_keys(connection, exchange) if _any(connection, exchange.dataset.name) else {}
    if not olds:
        return 0
    finals = final_keys(connection, exchange.dataset.name)
    there = exchange.in_force(connection, list(dict.fromkeys(finals[key] for key in olds)))
    merged = [key for key in olds if finals[key] in there]
    ids = sorted(olds[key] for key in merged)
    if ids:
        contributions.unsay_keys(connection, exchange.dataset.name, merged)
        last = exchange.allot(connection, len(ids))
        exchange.replace(connection, _withdrawals(ids, last, run))
        detail = {"dataset": exchange.dataset.name, "run": run, "records": len(ids)}
        event_log.append(connection, "identity.merged", detail)
    return len(ids)


def held_among(connection: Connection, exchange: Exchange, keys: Sequence[str]) -> dict[str, bool]:
    """Those of the keys that were ever held, and whether they are withdrawn."""
    table, found = table_of(exchange.dataset), dict[str, bool]()
    for start in range(0, len(keys), _AT_ONCE):
        part = sa.select(table.c.record_key, table.c.withdrawn).where(
            table.c.record_key.in_(keys[start : start + _AT_ONCE])
        )
        found |= {key: bool(withdrawn) for key, withdrawn in connection.execute(part)}
    return found


def keys_with(connection: Connection, exchange: Exchange, field: str, value: str) -> Iterator[str]:
    """The keys of the records in force that say so in a field."""
    table = table_of(exchange.dataset)
    mine = sa.select(table.c.record_key).where(table.c[field] == value, table.c.withdrawn == 0)
    return iter(connection.execute(mine.order_by(table.c.record_key)).scalars().all())


def _log(
    connection: Connection, action: str, dataset: str, changes: Sequence[IdentityChange], by: str, reason: str
) -> None:
    """Enter what was done in the log, some hundred keys an entry."""
    for start in range(0, len(changes), _AT_ONCE):
        keys = {each.old_key: each.new_key for each in changes[start : start + _AT_ONCE]}
        detail = {"dataset": dataset, "keys": keys, "decided_by": by, "reason": reason}
        event_log.append(connection, action, detail)


def _any(connection: Connection, dataset: str) -> bool:
    query = sa.select(identity_changes.c.old_key).where(identity_changes.c.dataset == dataset).limit(1)
    return connection.execute(query).first() is not None


def _in_force_under_old_keys(connection: Connection, exchange: Exchange) -> dict[str, int]:
    table = table_of(exchange.dataset)
    query = sa.select(table.c.record_key, table.c.id).join(
        identity_changes, identity_changes.c.old_key == table.c.record_key
    )
    mine = (identity_changes.c.dataset == exchange.dataset.name) & (table.c.withdrawn == 0)
    return {key: int(number) for key, number in connection.execute(query.where(mine))}


def _withdrawals(ids: Sequence[int], last: int, run: int) -> pl.DataFrame:
    return pl.DataFrame({"id": ids}, schema={"id": pl.Int64()}).with_columns(
        (pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("change_number"),
        pl.lit("withdraw").alias("operation"),
        pl.lit(1).alias("withdrawn"),
        pl.lit(run).alias("run"),
    )


def declared_now(pairs: Mapping[str, str], by: str, reason: str) -> list[IdentityChange]:
    """Merges as they are declared at this moment."""
    at = now()
    return [IdentityChange(old, new, by, reason, at) for old, new in pairs.items()]
