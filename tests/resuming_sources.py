"""Two sources that resume, as an outside plugin would offer them: a table with a cursor column, and an inbox of files.

Both write down what the gateway told them: the table's `told` holds one row a `settle`.
"""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from gateway.errors import SourceError
from gateway.hookspecs import offers
from gateway.interfaces import ROW, Batch, Content, Memory, Options, SourceOffer, Surroundings
from gateway.messages import Message

LOCKED = Message("test.outside_locked", zh="外部系统暂不可用", en="the outside system is locked")
ROOT = Path(__file__).parents[1]


class Cursor(Options):
    column: str
    look_back: int = 0


class TableOptions(Options):
    path: str
    cursor: Cursor
    batch_rows: int = 2
    password: str | None = None


class Table:
    """The table `register` of an SQLite file, in the order of a column of whole numbers."""

    def __init__(self, options: TableOptions, surroundings: Surroundings) -> None:
        self.options, self.file = options, surroundings.directory / options.path

    def check(self) -> None:
        """It can always be read."""

    def read(self) -> Iterator[Batch]:
        return self._batches(None)

    def resume(self, memory: Memory) -> Iterator[Batch]:
        if memory.since is not None:
            return self._batches(int(memory.since))
        start = memory.cursor and int(memory.cursor[self.options.cursor.column]) - self.options.cursor.look_back
        return self._batches(start, silent=start is not None)

    def settle(self, *, stored: bool) -> None:
        with closing(sqlite3.connect(self.file)) as outside, outside:
            if outside.execute("SELECT count(*) FROM locked").fetchone()[0]:
                raise SourceError(LOCKED)
            outside.execute("INSERT INTO told VALUES (?)", (int(stored),))

    def _batches(self, start: int | None, *, silent: bool = False) -> Iterator[Batch]:
        column = self.options.cursor.column
        with closing(sqlite3.connect(self.file)) as outside:
            query = f'SELECT "标识", "名称", "{column}" FROM register WHERE "{column}" >= ? ORDER BY "{column}", rowid'
            rows = outside.execute(query, (-(10**9) if start is None else start,)).fetchall()
        size = self.options.batch_rows
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            yield Batch("register", _frame(part, first + 1), cursor={column: str(part[-1][2])})
        if not rows and not silent:
            yield Batch("register", _frame([], 1))


class InboxOptions(Options):
    folder: str


class Inbox:
    """A folder of CSV files, each taken into `processing` to be read and put into `done` or `failed` afterwards."""

    def __init__(self, options: InboxOptions, surroundings: Surroundings) -> None:
        self.folder = surroundings.directory / options.folder
        self.taken: list[Path] = []

    def check(self) -> None:
        """It can always be read."""

    def read(self) -> Iterator[Batch]:
        for file in sorted(self.folder.glob("*.csv")):
            yield _whole(file)

    def resume(self, memory: Memory) -> Iterator[Batch]:
        self.taken = []
        for name in ("processing", "done", "failed"):
            (self.folder / name).mkdir(exist_ok=True)
        for file in sorted(self.folder.glob("*.csv")):
            file.rename(self.folder / "processing" / file.name)
        for file in sorted((self.folder / "processing").glob("*.csv")):
            self.taken.append(file)
            batch = _whole(file)
            if not memory.has_read(batch.read_whole[0].digest):
                yield batch

    def settle(self, *, stored: bool) -> None:
        for file in self.taken:
            file.rename(self.folder / ("done" if stored else "failed") / file.name)
        self.taken = []


def _whole(file: Path) -> Batch:
    content = file.read_bytes()
    rows = [(row["标识"], row["名称"], "") for row in csv.DictReader(content.decode().splitlines())]
    return Batch(file.name, _frame(rows, 2), read_whole=[Content(hashlib.sha256(content).hexdigest(), file.name)])


def _frame(rows: list[tuple[object, ...]], first: int) -> pl.DataFrame:
    cells = {name: [str(row[at]) for row in rows] for at, name in enumerate(("标识", "名称"))}
    schema = {ROW: pl.Int64(), "标识": pl.String(), "名称": pl.String()}
    return pl.DataFrame({ROW: list(range(first, first + len(rows))), **cells}, schema=schema)


@offers
def gateway_sources() -> list[SourceOffer]:
    return [
        SourceOffer("outside_table", "外部表", TableOptions, Table, [LOCKED]),
        SourceOffer("outside_inbox", "外部收件夹", InboxOptions, Inbox),
    ]


@pytest.fixture
def resuming_sources(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install this module as a plugin, for this process and those that it starts."""
    installed = tmp_path_factory.mktemp("installed")
    described = installed / "resuming_sources-1.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: resuming-sources\nVersion: 1\n", encoding="utf-8")
    (described / "entry_points.txt").write_text(
        "[gateway]\nresuming_sources = tests.resuming_sources\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("PYTHONPATH", f"{installed}:{ROOT}")
