"""What a platform holds, in one SQLite file: committed before anything is answered, so a kill loses nothing.

`effects` is a log without a unique key on purpose: were a version to take effect twice, the log would show it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "platform.sqlite3"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    idempotency_key TEXT PRIMARY KEY, body_digest TEXT NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts (
    dataset TEXT, record_key TEXT, change_number INTEGER, outcome TEXT NOT NULL, reference TEXT NOT NULL,
    code TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (dataset, record_key, change_number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS effects (
    number INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, record_key TEXT NOT NULL,
    change_number INTEGER NOT NULL, operation TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS effects_of_record ON effects (dataset, record_key, change_number);
CREATE TABLE IF NOT EXISTS names (
    dataset TEXT, name TEXT, record_key TEXT NOT NULL, PRIMARY KEY (dataset, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_of_record ON names (dataset, record_key);
CREATE TABLE IF NOT EXISTS nonces (
    requester TEXT, nonce TEXT, seen_at REAL NOT NULL, PRIMARY KEY (requester, nonce)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, request TEXT NOT NULL, times INTEGER NOT NULL,
    seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_TABLES = ("documents", "verdicts", "effects", "names", "nonces", "faults", "settings", "counts", "sqlite_sequence")

TAKEN, REFUSED, TAKEN_BEFORE = "taken", "refused", "taken_before"
WITHDRAW = "d"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the platform said of a record version: TAKEN, REFUSED or TAKEN_BEFORE."""

    outcome: str
    reference: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """A version that took effect (`operation` is i, u or d), with what it said as JSON."""

    dataset: str
    record_key: str
    change_number: int
    operation: str
    content: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure to simulate, on one kind of request; `seconds` bounds a simulated hang."""

    kind: str
    request: str
    times: int
    seconds: float


class Store:
    """The platform's file; every request is one transaction.

    `reference` leads the platform's own numbers; `schema` and `tables` are those that a sandbox adds.
    """

    def __init__(self, folder: Path, reference: str, schema: str = "", tables: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / FILE
        self._reference = reference
        self._tables = (*_TABLES, *tables)
        with closing(self._connect()) as connection:
            connection.executescript(_SCHEMA + schema)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Read and write; committed when the block ends, undone when it raises."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection, self._reference, self._tables)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        # One connection a request: nothing is shared between threads, nothing stays open.
        connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class Transaction:
    """The queries of one request; `connection` is there for the tables that a sandbox adds."""

    def __init__(self, connection: sqlite3.Connection, reference: str, tables: Sequence[str]) -> None:
        self.connection = connection
        self._reference = reference
        self._tables = tables

    # documents and their answers

    def document(self, idempotency_key: str) -> tuple[str, bytes] | None:
        """The digest of the body taken under a key, and the answer given."""
        row = self._one("SELECT body_digest, answer FROM documents WHERE idempotency_key = ?", idempotency_key)
        return (row[0], row[1]) if row else None

    def remember_document(self, idempotency_key: str, body_digest: str, answer: bytes) -> None:
        """Keep an answer, to be given again word for word."""
        self._do("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", idempotency_key, body_digest, answer)

    # record versions

    def verdict(self, dataset: str, record_key: str, change_number: int) -> Verdict | None:
        """What was said of a version."""
        row = self._one(
            "SELECT outcome, reference, code, reason FROM verdicts"
            " WHERE dataset = ? AND record_key = ? AND change_number = ?",
            dataset,
            record_key,
            change_number,
        )
        return Verdict(*row) if row else None

    def remember_verdict(self, dataset: str, record_key: str, change_number: int, verdict: Verdict) -> None:
        """Keep what is said of a version; the latest word counts."""
        self._do(
            "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(dataset, record_key, change_number),
            *(verdict.outcome, verdict.reference, verdict.code, verdict.reason),
        )

    def newest(self, dataset: str, record_key: str) -> Effect | None:
        """The newest version of a record that took effect."""
        row = self._one(
            "SELECT dataset, record_key, change_number, operation, content FROM effects"
            " WHERE dataset = ? AND record_key = ? ORDER BY change_number DESC, number DESC LIMIT 1",
            dataset,
            record_key,
        )
        return Effect(*row) if row else None

    def take(self, effect: Effect) -> str:
        """Let a version take effect; gives the platform's own number of it."""
        number = self.connection.execute(
            "INSERT INTO effects (dataset, record_key, change_number, operation, content) VALUES (?, ?, ?, ?, ?)",
            (effect.dataset, effect.record_key, effect.change_number, effect.operation, effect.content),
        ).lastrowid
        return f"{self._reference}{number:012d}"

    def effects(self, record_key: str | None = None) -> list[Effect]:
        """Everything that took effect, in the order taken; of one record, or of all."""
        rows = self.connection.execute(
            "SELECT dataset, record_key, change_number, operation, content FROM effects"
            " WHERE ? IS NULL OR record_key = ? ORDER BY number",
            (record_key, record_key),
        )
        return [Effect(*row) for row in rows]

    def in_force(self, dataset: str) -> Iterator[Effect]:
        """The newest version of every record of a dataset that was not withdrawn."""
        rows = self.connection.execute(
            "SELECT dataset, record_key, max(change_number), operation, content FROM effects"
            " WHERE dataset = ? GROUP BY record_key ORDER BY record_key",
            (dataset,),
        )
        # SQLite gives the other columns of the row that holds the maximum.
        return (effect for effect in (Effect(*row) for row in rows) if effect.operation != WITHDRAW)

    def contents(self, dataset: str) -> Iterator[dict[str, Any]]:
        """What the records in force of a dataset say, in the order of their keys."""
        return (json.loads(each.content) for each in self.in_force(dataset))

    # the platform's own names of what records are about

    def holder(self, dataset: str, name: str) -> str | None:
        """The key of the record in force that is about what the platform knows by this name."""
        row = self._one("SELECT record_key FROM names WHERE dataset = ? AND name = ?", dataset, name)
        return str(row[0]) if row else None

    def give_name(self, dataset: str, record_key: str, name: str | None) -> None:
        """Let a record be about this name and no other; None where it was withdrawn."""
        self._do("DELETE FROM names WHERE dataset = ? AND record_key = ?", dataset, record_key)
        if name is not None:
            self._do("INSERT INTO names VALUES (?, ?, ?)", dataset, name, record_key)

    # nonces

    def remember_nonce(self, requester: str, nonce: str, now: float, keep_seconds: float) -> None:
        """Remember a nonce, and forget those older than they are kept."""
        self._do("DELETE FROM nonces WHERE seen_at < ?", now - keep_seconds)
        self._do("INSERT INTO nonces VALUES (?, ?, ?)", requester, nonce, now)

    def nonce_was_seen(self, requester: str, nonce: str) -> bool:
        """Whether a nonce is remembered."""
        return self._one("SELECT 1 FROM nonces WHERE requester = ? AND nonce = ?", requester, nonce) is not None

    # faults, settings, counts

    def add_fault(self, fault: Fault) -> None:
        """Simulate a failure for the next requests of its kind."""
        self._do(
            "INSERT INTO faults (kind, request, times, seconds) VALUES (?, ?, ?, ?)",
            *(fault.kind, fault.request, fault.times, fault.seconds),
        )

    def use_fault(self, request: str) -> Fault | None:
        """The failure for this request, counted as used."""
        row = self._one(
            "SELECT number, kind, request, times, seconds FROM faults"
            " WHERE request = ? AND times > 0 ORDER BY number LIMIT 1",
            request,
        )
        if row is None:
            return None
        self._do("UPDATE faults SET times = times - 1 WHERE number = ?", row[0])
        return Fault(*row[1:])

    def setting(self, name: str, default: str) -> str:
        """A setting of the simulation."""
        row = self._one("SELECT value FROM settings WHERE name = ?", name)
        return str(row[0]) if row else default

    def set(self, name: str, value: str) -> None:
        """Change a setting of the simulation."""
        self._do("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def count(self, name: str, more: int = 1) -> None:
        """Count something that happened."""
        self._do(
            "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + ?", name, more, more
        )

    def state(self) -> dict[str, int]:
        """Counts of what is held and of what happened."""
        counts = dict(self.connection.execute("SELECT name, value FROM counts"))
        held = {
            "effects": "SELECT count(*) FROM effects",
            "double_effects": "SELECT count(*) - count(DISTINCT dataset || '|' || change_number || '|' || record_key)"
            " FROM effects",
            "records": "SELECT count(DISTINCT dataset || '|' || record_key) FROM effects",
            "refused_versions": f"SELECT count(*) FROM verdicts WHERE outcome = '{REFUSED}'",  # noqa: S608
            "documents": "SELECT count(*) FROM documents",
        }
        return {name: self._number(query) for name, query in held.items()} | counts

    def forget_everything(self) -> None:
        """Empty every table, the numbering included."""
        for table in self._tables:
            self._do(f"DELETE FROM {table}")  # noqa: S608 - declared beside their schema

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self.connection.execute(query, values).fetchone()
        return row

    def _number(self, query: str) -> int:
        return int(self.connection.execute(query).fetchone()[0])

    def _do(self, statement: str, *values: object) -> int:
        return self.connection.execute(statement, values).rowcount
