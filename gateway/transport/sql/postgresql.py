"""PostgreSQL, read by COPY: the server writes the text of every value, polars splits it.

COPY's text format is used, not its CSV: there NULL is a bare backslash and N, while the same two characters as a value
are escaped, so the two can never be confused; every row is one line, and every tab in a value is escaped.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport.sql.copy_text import parse_block
from gateway.transport.sql.dialect import BATCH_ROWS, Column, Content, TextRows, connected, first_line
from gateway.transport.sql.messages import DRIVER_MISSING, FAILED, NOT_READING
from gateway.transport.sql.selection import quote_standard

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

_CONNECTION = {"connect_timeout": "10", "application_name": "double-random-gateway"}
# The text of a value must not depend on how a server, a database or a role happens to be set up.
_SESSION = {
    "datestyle": "ISO, YMD",
    "timezone": "Asia/Shanghai",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "3",  # any number above 0 means the shortest exact form; before version 12, 17 digits
    "lock_timeout": "30s",
}
_BOOLEAN, _BYTEA = 16, 17  # pg_type.oid
_READ_ONLY_TRANSACTION = "25006"  # SQLSTATE
_CONTENT: dict[int, Content] = {_BOOLEAN: "boolean", _BYTEA: "binary"}


class PostgreSql:
    """One PostgreSQL database."""

    def __init__(self, url: sa.URL, password: str | None) -> None:
        self.address = f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or url.username or ''}"
        self._url = url.set(
            drivername="postgresql+psycopg",
            password=password,
            query={**_CONNECTION, **url.query, "client_encoding": "utf8"},
        )
        self._password = password

    @classmethod
    def at(cls, url: sa.URL, password: str | None, _directory: Path) -> PostgreSql:
        """The database that a url names."""
        return cls(url, password)

    def quote(self, name: str) -> str:
        """Quote an identifier, capitals and all."""
        return quote_standard(name)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """One read-only transaction that sees the database as it was at its start."""
        engine = self._engine()
        driver_error = engine.dialect.loaded_dbapi.Error
        try:
            with connected(engine, self.address, self._password) as connection:
                for name, value in _SESSION.items():
                    connection.exec_driver_sql("SELECT set_config(%s, %s, true)", (name, value))
                yield connection
        except sa.exc.DBAPIError as error:
            raise self._fault(error.orig) from None
        except driver_error as error:
            raise self._fault(error) from None

    def describe(self, connection: sa.Connection, statement: str, _table: str | None, /) -> list[Column]:
        """Have the server parse the statement, alone and where only a reading one can stand, without running it."""
        self._prepared(connection, statement, FAILED)
        as_rows = f"SELECT * FROM (\n{statement}\n) AS source_rows"  # noqa: S608 - the operator's own statement
        result = self._prepared(connection, as_rows, NOT_READING)
        return [
            Column((result.fname(at) or b"").decode(), _CONTENT.get(result.ftype(at), "text"))
            for at in range(result.nfields)
        ]

    def read(self, connection: sa.Connection, statement: str, columns: Sequence[Column]) -> Generator[TextRows]:
        """Let the server write the rows and split them block by block."""
        driver = _driver(connection)
        names = [column.name for column in columns]
        booleans = [column.name for column in columns if column.content == "boolean"]
        # A server without an encoding would end the whole COPY at the first row that is not UTF-8.
        encoding = "SQL_ASCII" if driver.pgconn.parameter_status(b"server_encoding") == b"SQL_ASCII" else "UTF8"
        copy = f"COPY (\n{statement}\n) TO STDOUT (FORMAT text, ENCODING '{encoding}')"
        first_row = 1
        with driver.cursor() as cursor, cursor.copy(copy.encode()) as lines:
            sent = iter(lines)
            while block := b"".join(islice(sent, BATCH_ROWS)):  # the server sends one row a message
                rows, faults = parse_block(names, block, first_row)
                first_row += rows.height + len(faults)
                yield rows.with_columns(pl.col(booleans).replace_strict({"t": "true", "f": "false"})), faults

    def _engine(self) -> sa.Engine:
        try:
            return sa.create_engine(
                self._url,
                poolclass=sa.NullPool,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
            )
        except ImportError:
            raise SourceError(DRIVER_MISSING, kind="PostgreSQL", extra="postgres") from None

    def _prepared(self, connection: sa.Connection, statement: str, refusal: Message) -> PGresult:
        """Parse as the extended protocol does, which takes exactly one statement and no placeholders of a driver."""
        from psycopg.pq import DiagnosticField, ExecStatus

        server = _driver(connection).pgconn
        result = server.prepare(b"", statement.encode())
        if result.status == ExecStatus.COMMAND_OK:
            result = server.describe_prepared(b"")
        if result.status != ExecStatus.COMMAND_OK:
            cause = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b""
            raise SourceError(refusal, database=self.address, cause=first_line(cause.decode(), self._password))
        return result

    def _fault(self, error: Any) -> SourceError:
        message = NOT_READING if error.sqlstate == _READ_ONLY_TRANSACTION else FAILED
        cause = first_line(error.diag.message_primary or error, self._password)
        return SourceError(message, database=self.address, cause=cause)


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)
