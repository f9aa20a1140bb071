"""What feeds said under an old key of a merge: once any of them speaks of the new key, all of it is said of that one.

Where a feed spoke of several keys that are one now, the later word stands: that of the higher version of the source
where each has one and they compare, else that which the later run stored, and the one under the new key where one run
stored both.
"""

from __future__ import annotations

import polars as pl

from gateway.domain.dataset import Dataset
from gateway.domain.digest import record_digest
from gateway.domain.record_key import record_key
from gateway.domain.record_version import ranked
from gateway.pipeline.identities import Identities
from gateway.state import contributions
from gateway.state.database import Connection
from gateway.state.identity_changes import final_keys


def inherit(connection: Connection, dataset: Dataset) -> dict[str, str]:
    """Let what is said under old keys be said under the new ones that are spoken of; return those keys, old → new."""
    olds = contributions.merged_keys(connection, dataset.name)
    finals = final_keys(connection, dataset.name) if olds else {}
    spoken = contributions.spoken_of(connection, dataset.name, [finals[old] for old in olds])
    heirs = {old: finals[old] for old in olds if finals[old] in spoken}
    if heirs:
        said = contributions.said_of(connection, dataset, [*heirs, *dict.fromkeys(heirs.values())])
        inherited = _latest(said, heirs).filter(pl.col("record_key") != pl.col("heir")).drop("heir")
        contributions.unsay_keys(connection, dataset.name, list(heirs))
        for (feed,), theirs in inherited.group_by("feed", maintain_order=True):
            assert isinstance(feed, str)
            renamed = Identities(dataset, heirs).apply(theirs).with_columns(record_key(dataset), record_digest(dataset))
            contributions.unsay_keys(connection, dataset.name, renamed["record_key"].to_list(), feed)
            contributions.say(connection, dataset, feed, renamed)
    return heirs


def _latest(said: pl.DataFrame, heirs: dict[str, str]) -> pl.DataFrame:
    """The later word of each feed of each record (`heir`)."""
    said = said.with_columns(pl.col("record_key").replace(heirs).alias("heir"))
    by_version = ranked(said["record_version"], said.select("feed", "heir")).alias("version rank")
    versioned = pl.col("record_version").is_not_null().all().over("feed", "heir")
    order = (pl.when(versioned).then("version rank"), "run", pl.col("record_key") == pl.col("heir"))
    ordered = said.with_columns(by_version).sort(*order).drop("version rank")
    return ordered.unique(["feed", "heir"], keep="last", maintain_order=True)
