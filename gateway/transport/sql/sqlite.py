"""SQLite files, which each cell types for itself; nothing is ever written or created, not even beside the file.

A file in WAL mode that nobody has open is read as immutable, because merely opening it otherwise creates two files; it
is then compared with itself afterwards. One that is open elsewhere is read beside its writers. One in rollback mode
keeps its writers waiting at their commit until it has been read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from gateway.errors import OptionError, SourceError
from gateway.transport.sql.catalogue import Catalogue, InspectedCatalogue
from gateway.transport.sql.dialect import BATCH_ROWS, Column, Content, Operator, TextRows, connected, first_line
from gateway.transport.sql.literals import is_number, of_number, of_text
from gateway.transport.sql.messages import (
    CHANGED_WHILE_READ,
    FAILED,
    INTERRUPTED_WRITING,
    MISSING_FILE,
    NOT_READING,
    NOT_SQLITE,
    WRONG_URL,
)
from gateway.transport.sql.selection import quote_standard
from gateway.transport.sql.text_rows import joined, text_rows

_WAIT_SECONDS = 30  # for a writer that holds the whole file
_CHUNK_ROWS = 2_000  # as many as stay in the processor's cache: 50 000 at once are a third slower
_WAL_HEADER = b"\x02\x02"  # bytes 18 and 19 of the file, https://www.sqlite.org/fileformat.html

_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_NUMBERS = ("INT", "REAL", "FLOA", "DOUB", "NUM", "DEC")
_FAULTS = {
    sqlite3.SQLITE_AUTH: NOT_READING,
    sqlite3.SQLITE_READONLY: NOT_READING,
    sqlite3.SQLITE_NOTADB: NOT_SQLITE,
    sqlite3.SQLITE_READONLY_ROLLBACK: INTERRUPTED_WRITING,
    sqlite3.SQLITE_READONLY_RECOVERY: INTERRUPTED_WRITING,
}


class Sqlite:
    """One SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = str(path)

    @classmethod
    def at(cls, url: sa.URL, _password: str | None, directory: Path) -> Sqlite:
        """The file that a url names, relative ones from `directory`; raises OptionError for one in memory."""
        if url.database in {None, "", ":memory:"} or url.host or url.query:
            raise OptionError(WRONG_URL)
        return cls(directory / str(url.database))

    def quote(self, name: str) -> str:
        """Quote an identifier; one that names nothing would be read as a string, so names are checked before."""
        return quote_standard(name)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """One read transaction over the whole reading."""
        parameters, before = self._parameters(), self._stamp()
        uri = f"{self.path.resolve().as_uri()}?{parameters}"
        engine = sa.create_engine("sqlite://", creator=lambda: _connect(uri), poolclass=sa.NullPool)
        try:
            with connected(engine, self.address) as connection:
                connection.exec_driver_sql("BEGIN")
                yield connection
        except sa.exc.DBAPIError as error:
            raise self._fault(error.orig) from None
        except sqlite3.Error as error:
            raise self._fault(error) from None
        if "immutable" in parameters and self._stamp() != before:
            raise SourceError(CHANGED_WHILE_READ, database=self.address)

    def catalogue(self, connection: sa.Connection) -> Catalogue:
        """What the file holds."""
        types = "SELECT name, type FROM pragma_table_xinfo(?)"
        return InspectedCatalogue(
            sa.inspect(connection),
            lambda _schemas: [None],
            lambda table, _schema: [(name, kind) for name, kind in connection.exec_driver_sql(types, (table,))],
        )

    def describe(self, connection: sa.Connection, statement: str, table: str | None, /) -> list[Column]:
        """Name the columns; a table declares their content, of a query the first row tells numbers."""
        cursor = _execute_reading(connection, statement)
        names = [column[0] for column in cursor.description or ()]
        if table is not None:
            cursor.close()
            declared = _declared(connection, table)
            return [Column(name, declared.get(name, "text")) for name in names]
        first = cursor.fetchone() or (None,) * len(names)
        cursor.close()
        return [
            Column(name, "number" if isinstance(cell, int | float) else "text")
            for name, cell in zip(names, first, strict=True)
        ]

    def exact(self, column: Column, /) -> str:
        """Every cell is read as it is stored."""
        return self.quote(column.name)

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows."""
        return f"SELECT * FROM (\n{statement}\n) LIMIT {rows}"  # noqa: S608 - the operator's own statement

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """Texts with texts and numbers with numbers, since each cell may be of another type."""
        name = self.quote(column.name)
        if column.is_number:
            return f"{name} {operator} {of_number(value)}"
        among_texts = f"{name} {operator} {of_text(value)}"
        if not is_number(value):
            return among_texts
        return f"CASE typeof({name}) WHEN 'text' THEN {among_texts} ELSE {name} {operator} {value} END"

    def clock(self, _connection: sa.Connection, _column: Column, _seconds: int, /) -> str | None:
        """A file has no clock, and no column of times."""
        return None

    def read(self, connection: sa.Connection, statement: str, columns: Sequence[Column]) -> Generator[TextRows]:
        """Fetch text undecoded, so that polars checks and takes it over whole columns at once."""
        names = [column.name for column in columns]
        _driver(connection).text_factory = bytes
        cursor = _execute_reading(connection, statement)
        for first_row in count(1, BATCH_ROWS):
            chunks = [
                text_rows(names, rows, at)
                for at in range(first_row, first_row + BATCH_ROWS, _CHUNK_ROWS)
                if (rows := cursor.fetchmany(_CHUNK_ROWS))
            ]
            if not chunks:
                return
            yield joined(chunks)

    def _parameters(self) -> str:
        if not self.path.is_file():
            raise SourceError(MISSING_FILE, database=self.address)
        with self.path.open("rb") as file:
            if file.read(20)[18:] != _WAL_HEADER:
                return "mode=ro"
        log, index = (Path(f"{self.path.resolve()}{suffix}") for suffix in ("-wal", "-shm"))
        if index.exists():
            return "mode=ro"
        if log.exists() and log.stat().st_size:
            raise SourceError(INTERRUPTED_WRITING, database=self.address)
        return "mode=ro&immutable=1"

    def _stamp(self) -> tuple[int, int, int]:
        stat = self.path.stat()
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def _fault(self, error: object) -> SourceError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return SourceError(_FAULTS.get(code, FAILED), database=self.address, cause=first_line(error))


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _execute_reading(connection: sa.Connection, statement: str) -> sqlite3.Cursor:
    """Run configured SQL, refusing what does more than read: a read-only file alone would let ATTACH create another."""
    driver = _driver(connection)
    driver.set_authorizer(_authorize)
    try:
        return driver.execute(statement)
    finally:
        driver.set_authorizer(None)


def _authorize(action: int, first: str | None, *_: str | None) -> int:
    # A table-valued function, as json_each, announces itself as an update of the schema; the file is read-only anyway.
    announces = action == sqlite3.SQLITE_UPDATE and first == "sqlite_master"
    return sqlite3.SQLITE_OK if announces or action in _READING else sqlite3.SQLITE_DENY


def _declared(connection: sa.Connection, table: str) -> dict[str, Content]:
    """Which columns are declared as bytes or numbers; a date or a decimal is whatever each cell says."""
    found = connection.exec_driver_sql("SELECT name, upper(type) FROM pragma_table_xinfo(?)", (table,))
    return {
        name: "binary" if "BLOB" in kind else "number" if any(word in kind for word in _NUMBERS) else "text"
        for name, kind in found
    }
