"""Batches that are pushed: an inbound run of exactly one of them, and what became of each of its rows.

The outcomes are kept in the transaction that stores the records. So a sender that was not answered, because the
gateway was killed or the line broke, repeats its batch and is told what was stored, and nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, runtime_checkable

import polars as pl

from gateway.domain.findings import Outcome
from gateway.errors import StartError
from gateway.interfaces import ROW, Batch, Source
from gateway.messages import Message
from gateway.pipeline import run_issues
from gateway.pipeline.compare import UNCHANGED, Action, Plan
from gateway.pipeline.feeds import InboundFeed, OutboundFeed
from gateway.pipeline.inbound import InboundRunner
from gateway.pipeline.judge import issues_file
from gateway.pipeline.judging import Judging
from gateway.pipeline.reading import Reader
from gateway.pipeline.spool import Spool, Terms
from gateway.state import pushed_batches
from gateway.state.database import Connection

READS_CHANGES = Message(
    "push.reads_changes",
    zh="数据流“{feed}”的记录是推送来的，一批不是全量；请写 reads: changes",
    en="the records of feed {feed!r} are pushed, and a batch is no full snapshot; write reads: changes",
)

MESSAGES = (READS_CHANGES,)

# What no row shows by itself: doubled keys, other owners, missing parents.
_WHOLE_RUN = [message.code for message in run_issues.MESSAGES]
_ACCEPTED = (Action.INSERT, Action.CHANGE)


def is_pushed(feed: InboundFeed | OutboundFeed) -> TypeGuard[InboundFeed]:
    """Whether a feed is one that batches are pushed to."""
    return isinstance(feed, InboundFeed) and feed.source["type"] == "push"


@runtime_checkable
class PushedSource(Source, Protocol):
    """A source that is not read but sent to."""

    def batch(self, place: str, body: bytes) -> Batch:
        """The rows of what was sent; raises SourceError where it holds none to speak of."""


@dataclass(frozen=True)
class PushRunner(InboundRunner):
    """Runs a feed that is pushed to: with the batch that came, or without one for rows held before."""

    batch: Batch | None = None
    _outcomes: list[pl.DataFrame] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.feed.reads != "changes":
            raise StartError(READS_CHANGES, feed=self.name)

    @property
    def reader(self) -> Reader:
        """Gives the batch, and keeps what became of it."""
        return _PushReader(self.name, self.feed, self.source, self.database, self.batch, self._outcomes)

    def _plan(self, connection: Connection, spool: Spool, judging: Judging) -> Plan:
        plan = super()._plan(connection, spool, judging)
        self._outcomes[:] = [_outcomes_of(plan, spool, judging)]
        return plan


@dataclass(frozen=True)
class _PushReader(Reader):
    batch: Batch | None
    outcomes: list[pl.DataFrame]

    def batches(self, terms: Terms) -> Iterator[Batch]:  # noqa: ARG002 - a pushed batch is read as it came
        """The batch, unless a run that was killed turned out to have read it whole."""
        if self.batch is None:
            return
        with self.database.read() as connection:
            stored = pushed_batches.outcomes(connection, self.name, self.batch.place)
        if stored is None:
            yield self.batch

    def remember(self, connection: Connection, run: int, terms: Terms, judging: Judging) -> None:
        """Keep the outcome and the issues of each row of the batch."""
        for place in judging.places[terms.again :]:
            of_the_run = pushed_batches.issues_of(connection, self.name, run, place, _WHOLE_RUN)
            found = [pl.read_ipc(issues_file(judging.folder, number)) for number in range(len(judging.places))]
            rows = _rows(self.outcomes[0], pl.concat([*found[terms.again :], of_the_run]))
            pushed_batches.keep(connection, self.name, place, run, rows)


def _outcomes_of(plan: Plan, spool: Spool, judging: Judging) -> pl.DataFrame:
    """The row numbers of the batch that was read, with what becomes of each that could be split into cells."""
    parts = [pl.DataFrame(schema={"row": pl.Int64(), "outcome": pl.String()})]
    for number in range(spool.terms.again, len(judging.places)):
        rows, planned = spool.rows(number)[ROW], plan.rows.filter(pl.col("batch") == number)
        outcome = planned["action"].cast(pl.String).replace_strict(_WORDS, return_dtype=pl.String)
        parts.append(pl.DataFrame({"row": rows.gather(planned["index"]), "outcome": outcome}))
    return pl.concat(parts)


def _word(action: Action) -> str:
    if action in _ACCEPTED:
        return "accepted"
    if action in UNCHANGED:
        return "unchanged"
    return (Outcome.REJECTED if action is Action.REJECTED else Outcome.HELD).value


_WORDS = {action.value: _word(action) for action in Action}


def _rows(outcomes: pl.DataFrame, issues: pl.DataFrame) -> list[Mapping[str, Any]]:
    """Each row by its number, with its outcome and its issues; one that has only an issue had no cells."""
    rows: dict[int, dict[str, Any]] = {
        row: {"row": row, "outcome": outcome, "issues": []} for row, outcome in outcomes.rows()
    }
    for issue in issues.select(pl.exclude("original")).rows(named=True):
        rejected = {"row": issue["row"], "outcome": Outcome.REJECTED.value, "issues": []}
        rows.setdefault(issue["row"], rejected)["issues"].append(issue)
    return [rows[number] for number in sorted(rows)]
