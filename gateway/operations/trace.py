"""A record's whole life: every version with its source, its issues, and what each destination answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.dataset import Dataset, Privacy
from gateway.operations.merge import links
from gateway.state import trace as traced
from gateway.state.contributions import provenance_of
from gateway.state.database import Connection, Database
from gateway.state.identity_changes import IdentityChange
from gateway.state.issue_list import ListedIssue, issues_of_record, issues_with_value
from gateway.state.run_list import runs_numbered
from gateway.state.trace import TracedDelivery

_HIDDEN = "***"


@dataclass(frozen=True, kw_only=True)
class TracedVersion:
    """One version of a record: where and when it came in, what it says, what became of it at each destination."""

    change_number: int
    operation: str
    feed: str
    run: int
    stored_at: dt.datetime | None
    source: str
    source_row: int | None
    owner_department: str
    fields: Mapping[str, Any]
    deliveries: Sequence[TracedDelivery]
    provenance: Mapping[str, str]  # field → the feed whose value stands in it; empty where one feed speaks alone


@dataclass(frozen=True, kw_only=True)
class Life:
    """Everything that is known of one record; `versions` is empty where its rows only ever made issues."""

    dataset: str
    record_key: str
    versions: Sequence[TracedVersion]
    issues: Sequence[ListedIssue]
    merges: Sequence[IdentityChange] = ()  # of other keys into this one, and of this one into another


@dataclass(frozen=True)
class Traced:
    """What a key or its start leads to: whole lives, or only the keys where there are too many of them.

    `issues` are those that point at exactly this value, looked for where no key starts so.
    """

    lives: Sequence[Life] = ()
    keys: Sequence[tuple[str, str]] = ()
    issues: Sequence[ListedIssue] = ()


def trace(database: Database, datasets: Mapping[str, Dataset], key: str, at_most: int) -> Traced:
    """Follow a record key or its start; letters typed small are tried as capitals too."""
    with database.read() as connection:
        for start in dict.fromkeys((key, key.upper())):
            found = traced.keys_starting_with(connection, datasets.values(), start, _LISTED_AT_MOST)
            if len(found) > at_most:
                return Traced(keys=found)
            if found:
                linked = dict.fromkeys(
                    each for dataset, key in found for each in _with_linked(connection, dataset, key)
                )
                return Traced(lives=[_life(connection, datasets, *each) for each in linked])
        return Traced(issues=issues_with_value(connection, key, at_most))


_LISTED_AT_MOST = 200


def _with_linked(connection: Connection, dataset: str, key: str) -> list[tuple[str, str]]:
    """The record, what it became and what became of it, by declared merges."""
    before, after = links(connection, dataset, key)
    keys = [key, *(each.new_key for each in after), *(each.old_key for each in reversed(before))]
    return [(dataset, each) for each in keys]


def _life(connection: Any, datasets: Mapping[str, Dataset], name: str, record_key: str) -> Life:
    dataset = datasets[name]
    rows = traced.versions_of(connection, dataset, record_key)
    deliveries = traced.deliveries_of(connection, name, record_key)
    speakers = provenance_of(connection, name, [row["change_number"] for row in rows])
    stored_at = {run: each.finished_at for run, each in runs_numbered(connection, _runs(rows)).items()}
    return Life(
        dataset=name,
        record_key=record_key,
        versions=[
            _version(dataset, row, stored_at.get(row["run"]), deliveries, speakers.get(row["change_number"], {}))
            for row in rows
        ],
        issues=issues_of_record(connection, name, record_key),
        merges=[each for those in links(connection, name, record_key) for each in those],
    )


def _runs(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    return sorted({row["run"] for row in rows})


def _version(
    dataset: Dataset,
    row: Mapping[str, Any],
    stored_at: dt.datetime | None,
    deliveries: Iterable[TracedDelivery],
    provenance: Mapping[str, str],
) -> TracedVersion:
    number = row["change_number"]
    return TracedVersion(
        change_number=number,
        operation=row["operation"],
        feed=row["feed"],
        run=row["run"],
        stored_at=stored_at,
        source=row["source"],
        source_row=row["source_row"],
        owner_department=row["owner_department"],
        fields={
            field.name: _HIDDEN if field.privacy is Privacy.SECRET else row[field.name] for field in dataset.fields
        },
        deliveries=[each for each in deliveries if each.change_number == number],
        provenance=provenance,
    )
