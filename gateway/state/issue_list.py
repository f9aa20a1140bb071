"""Issues as an operator lists them: filtered, counted, and read in the order of their feeds, places and rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.state.tables import issues

_READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ListedIssue:
    """One issue as it is stored; `arguments` and `original` are JSON, or the raw line where no cells could be read."""

    id: int
    feed: str
    dataset: str
    record_key: str | None
    outcome: str
    code: str
    place: str
    row: int | None
    field: str
    column: str
    value: str | None
    arguments: str
    original: str | None
    status: str
    first_run: int
    last_run: int


@dataclass(frozen=True, slots=True)
class IssueFilter:
    """Which issues are wanted; what is not said does not matter."""

    feed: str | None = None
    run: int | None = None  # the issues that this run met
    outcomes: tuple[str, ...] = ()
    status: str | None = "open"

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The filter as SQL."""
        conditions: list[sa.ColumnElement[bool]] = []
        if self.feed is not None:
            conditions.append(issues.c.feed == self.feed)
        if self.run is not None:
            conditions += [issues.c.first_run <= self.run, issues.c.last_run >= self.run]
        if self.outcomes:
            conditions.append(issues.c.outcome.in_(self.outcomes))
        if self.status is not None:
            conditions.append(issues.c.status == self.status)
        return conditions


_COLUMNS = [issues.c[name] for name in ListedIssue.__slots__]
_ORDER = (issues.c.feed, issues.c.place, issues.c.row.nulls_first(), issues.c.id)


def read_issues(connection: sa.Connection, wanted: IssueFilter, at_most: int | None = None) -> Iterator[ListedIssue]:
    """The wanted issues; a long list is read in parts."""
    query = sa.select(*_COLUMNS).where(*wanted.conditions()).order_by(*_ORDER).limit(at_most)
    for row in connection.execution_options(yield_per=_READ_AT_ONCE).execute(query):
        yield ListedIssue(*row)


def count_issues(connection: sa.Connection, wanted: IssueFilter) -> dict[tuple[str, str], int]:
    """How many of the wanted issues there are by feed and outcome."""
    query = (
        sa.select(issues.c.feed, issues.c.outcome, sa.func.count())
        .where(*wanted.conditions())
        .group_by(issues.c.feed, issues.c.outcome)
        .order_by(issues.c.feed, issues.c.outcome)
    )
    return {(feed, outcome): count for feed, outcome, count in connection.execute(query)}


def issues_of_record(connection: sa.Connection, dataset: str, record_key: str) -> list[ListedIssue]:
    """Every issue of a record, closed ones included."""
    query = sa.select(*_COLUMNS).where(issues.c.record_key == record_key, issues.c.dataset == dataset)
    return [ListedIssue(*row) for row in connection.execute(query.order_by(issues.c.id))]


def issues_with_value(connection: sa.Connection, value: str, at_most: int) -> list[ListedIssue]:
    """The issues that point at exactly this value: reads through all issues, so ask only after keys gave nothing."""
    query = sa.select(*_COLUMNS).where(issues.c.value == value).order_by(issues.c.id).limit(at_most)
    return [ListedIssue(*row) for row in connection.execute(query)]
