"""A small real loop over a drop folder: what is read and what was read whole stand in one transaction, then it settles.

Also called by a test as ``python ledger.py DIRECTORY KILLED_AT``: the process kills itself when it has moved, removed,
committed or read so many times.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.interfaces import ROW, Batch, Memory, ResumingSource, Surroundings
from gateway_files.csv_source import CsvOptions, CsvSource
from gateway_files.drop_folder_source import opening

STABLE = {"folder": "in", "pattern": "*.csv", "ready": {"stable_seconds": 0}}
MARKED = {"folder": "in", "pattern": "*.csv", "ready": {"marker": "{name}.done"}}


def drop_source(directory: Path, **options: Any) -> ResumingSource:
    """A CSV source over a drop folder of the directory."""
    source = opening(CsvSource)(CsvOptions(drop_folder=options or STABLE), Surroundings(directory, str))
    assert isinstance(source, ResumingSource)
    return source


@dataclass(frozen=True)
class Ledger:
    """What is stored: rows as (place, row, first cell), and the contents that were read whole."""

    path: Path

    def has_read(self, digest: str) -> bool:
        return bool(self._rows("SELECT 1 FROM contents WHERE digest = ?", digest))

    def cells(self) -> list[str]:
        """The first cells that are stored, in order."""
        return [cell for (cell,) in self._rows("SELECT cell FROM cells ORDER BY cell")]

    def run(self, source: ResumingSource, reached: Callable[[], None] = lambda: None) -> list[Batch]:
        """One run: read, store, settle; after an error nothing is stored, and it is raised."""
        batches = []
        try:
            for batch in source.resume(Memory(has_read=self.has_read)):
                reached()
                batches.append(batch)
            self._store(batches, reached)
        except BaseException:
            source.settle(stored=False)
            raise
        reached()
        source.settle(stored=True)
        return batches

    def _store(self, batches: list[Batch], reached: Callable[[], None]) -> None:
        with closing(self._open()) as database, database:
            for batch in batches:
                cells = [(row[0],) for row in batch.rows.drop(ROW).rows()]
                database.executemany("INSERT INTO cells VALUES (?)", cells)
                database.executemany("INSERT INTO contents VALUES (?)", [(each.digest,) for each in batch.read_whole])
            reached()

    def _rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(self._open()) as database:
            return database.execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path)
        database.execute("CREATE TABLE IF NOT EXISTS cells (cell TEXT)")
        database.execute("CREATE TABLE IF NOT EXISTS contents (digest TEXT)")
        return database


def main(directory: Path, killed_at: int) -> None:
    """Run once, and die at the given step; steps are what the operating system is asked to do, and the loop's own."""
    steps = 0

    def step() -> None:
        nonlocal steps
        if steps == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"os.rename", "os.remove"} and str(directory) in str(arguments[0]):
            step()

    sys.addaudithook(watch)
    Ledger(directory / "ledger.db").run(drop_source(directory, **MARKED), step)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
