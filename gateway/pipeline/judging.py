"""The batches of one run on their way through the judge, a few at a time, so that memory stays flat."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from gateway.domain.findings import Outcome
from gateway.interfaces import ROW, Batch, Content
from gateway.pipeline.again import outdated, superseded
from gateway.pipeline.early_look import EarlyLook
from gateway.pipeline.identities import Identities
from gateway.pipeline.judge import JUDGED, VERDICT, Judge
from gateway.pipeline.known_rows import KnownRows
from gateway.pipeline.left_out import LeftOutRows
from gateway.pipeline.parents import ORPHANS
from gateway.pipeline.progress import Point, Reached
from gateway.state.keys_read import KeysRead

_UNDER_WAY = 3  # batches in memory at once


@dataclass
class Judging:
    """Hands batches to the judge and counts what was read; the columns are checked at the first batch."""

    judge: Judge
    executor: Executor
    folder: Path
    reached: Reached
    known: KnownRows | None = None
    early: EarlyLook | None = None
    first: bool = False  # whether the exchange holds nothing yet
    read: int = 0
    left_out: LeftOutRows = field(default_factory=LeftOutRows)
    unreadable: int = 0  # rows whose cells could not even be told apart
    places: list[str] = field(default_factory=list)
    cursor: Mapping[str, str] | None = None  # of the last batch that has one
    read_whole: list[Content] = field(default_factory=list)
    unmapped: tuple[str, ...] = ()
    again: list[int] = field(default_factory=list)  # the issues of held rows that are looked at again
    read_runs: list[int] = field(default_factory=list)  # which runs read those rows, one each of the first batches
    judged: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=JUDGED))  # complete after `finish`
    orphans: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ORPHANS))
    _columns: tuple[str, ...] = ()
    _under_way: deque[Future[pl.DataFrame]] = field(default_factory=deque)
    _judged: list[pl.DataFrame] = field(default_factory=list)

    @property
    def identities(self) -> Identities:
        """The merges that the rows are judged by."""
        return self.judge.identities or Identities(self.judge.dataset)

    def take(self, number: int, batch: Batch) -> None:
        """Judge a batch; raises SourceError where a column that the map demands is missing."""
        columns = tuple(name for name in batch.rows.columns if name != ROW)
        if columns != self._columns:
            self._columns, self.unmapped = columns, self.judge.mapping.check_columns(columns, batch.place).unmapped
        self.places.append(batch.place)
        self.cursor = self.cursor if batch.cursor is None else batch.cursor
        self.read_whole.extend(batch.read_whole)
        position = self.read
        self.read += batch.rows.height + len(batch.faults)
        self.left_out.take(batch)
        self.unreadable += len(batch.faults)
        where = number, batch, self.folder, self.known, position
        self._under_way.append(self.executor.submit(self.judge.judge, *where, first=self.first))
        if len(self._under_way) >= _UNDER_WAY:
            self._wait_for_oldest()

    def finish(self) -> None:
        """Wait for the batches still under way."""
        while self._under_way:
            self._wait_for_oldest()
        judged = pl.concat([pl.DataFrame(schema=JUDGED), *self._judged]).rechunk()
        self.judged = superseded(judged, self.read_runs)
        self._judged.clear()

    def look_back(self, held: pl.DataFrame, read: KeysRead) -> None:
        """Find the rows looked at again that are older than what the exchange holds (`gateway.state.exchange.HELD`)."""
        read = replace(read, keys=self.identities.present(read.keys))
        self.judged = outdated(self.judged, held, self.read_runs, read)

    def hold_orphans(self, orphans: pl.DataFrame) -> None:
        """Hold the rows that lack a parent (`gateway.pipeline.parents.ORPHANS`)."""
        self.orphans = orphans
        if orphans.is_empty():
            return
        rows = orphans.select("batch", "index", lacking=pl.lit(value=True)).unique()
        lacking = self.judged.join(rows, on=["batch", "index"], how="left", maintain_order="left")
        verdict = pl.when("lacking").then(pl.lit(Outcome.HELD.value, VERDICT)).otherwise("verdict").alias("verdict")
        self.judged = lacking.with_columns(verdict).drop("lacking")

    def _wait_for_oldest(self) -> None:
        self._judged.append(self._under_way.popleft().result())
        self.reached(Point.BATCH_JUDGED)
