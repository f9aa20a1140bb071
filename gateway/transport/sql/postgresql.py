"""PostgreSQL, read by COPY: the server writes the text of every value, polars splits it.

COPY's text format is used, not its CSV: there NULL is a bare backslash and N, while the same two characters as a value
are escaped, so the two can never be confused; every row is one line, and every tab in a value is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport.sql.catalogue import Catalogue, InspectedCatalogue
from gateway.transport.sql.copy_text import parse_block
from gateway.transport.sql.dialect import BATCH_ROWS, Column, Content, Operator, TextRows, connected, told
from gateway.transport.sql.float_text import plain
from gateway.transport.sql.literals import of_number, of_text, of_time
from gateway.transport.sql.messages import DRIVER_MISSING, FAILED, NO_RIGHTS, NOT_READING
from gateway.transport.sql.mislabelled import set_apart
from gateway.transport.sql.ranges import in_order
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
_FAULTS = {"25006": NOT_READING, "42501": NO_RIGHTS}  # SQLSTATE
# What a server says before there is a SQLSTATE to be had, in English or in its own language.
_LOGIN = re.compile(r"authentication|认证|pg_hba\.conf|no password supplied|role .* does not exist|角色.*不存在")
# pg_type.oid
_CONTENT: dict[int, tuple[Content, str]] = {
    16: ("boolean", "boolean"),
    17: ("binary", "bytea"),
    20: ("number", "bigint"),
    21: ("number", "smallint"),
    23: ("number", "integer"),
    700: ("number", "real"),
    701: ("number", "double precision"),
    1700: ("number", "numeric"),
    1082: ("time", "date"),
    1114: ("time", "timestamp"),
    1184: ("time", "timestamptz"),
    **dict.fromkeys((18, 19, 25, 1042, 1043), ("text", "text")),
}
_WESTERN = {b"LATIN1", b"LATIN9", b"WIN1252"}  # server_encoding
_FLOATS = {"real": 2**24, "double precision": 2**53}  # from where on not every whole number is one


class PostgreSql:
    """One PostgreSQL database."""

    driver = "postgresql+psycopg"
    own_schemas = "information_schema|pg_.*"  # the server's own

    def __init__(self, url: sa.URL, password: str | None) -> None:
        self.address = f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or url.username or ''}"
        self._url = url.set(
            drivername=self.driver,
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

    def snapshot(self) -> AbstractContextManager[sa.Connection]:
        """One read-only transaction that sees the database as it was at its start."""
        return self._session()

    @contextmanager
    def _session(self, snapshot: str | None = None) -> Iterator[sa.Connection]:
        """A transaction of the database's present state, or of the one that another transaction exports."""
        engine = self._engine
        driver_error = engine.dialect.loaded_dbapi.Error
        try:
            with connected(engine, self.address, self._password, _is_login) as connection:
                if snapshot is not None:
                    connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT {of_text(snapshot)}")
                for name, value in _SESSION.items():
                    connection.exec_driver_sql("SELECT set_config(%s, %s, true)", (name, value))
                yield connection
        except sa.exc.DBAPIError as error:
            raise self._fault(error.orig) from None
        except driver_error as error:
            raise self._fault(error) from None

    def catalogue(self, connection: sa.Connection) -> Catalogue:
        """What the database holds, in all schemas that are not the server's own."""
        return InspectedCatalogue(
            sa.inspect(connection),
            lambda schemas: [name for name in schemas if not re.fullmatch(self.own_schemas, name)],
            partial(_types, connection),
        )

    def describe(self, connection: sa.Connection, statement: str, _table: str | None, /) -> list[Column]:
        """Have the server parse the statement, alone and where only a reading one can stand, and run it for no row."""
        self._prepared(connection, statement, FAILED)
        no_rows = self.first(statement, 0)
        result = self._prepared(connection, no_rows, NOT_READING)
        _driver(connection).execute(no_rows.encode())  # whether it may be read is judged when it runs
        return [
            Column((result.fname(at) or b"").decode(), *_CONTENT.get(result.ftype(at), ("other",)))
            for at in range(result.nfields)
        ]

    def exact(self, column: Column, /) -> str:
        """Every value is written whole."""
        return self.quote(column.name)

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows."""
        return f"SELECT * FROM (\n{statement}\n) AS source_rows LIMIT {rows}"  # noqa: S608 - the operator's own

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """As a literal that takes the column's own type."""
        if column.is_number:
            of_number(value)
        elif column.content == "time":
            of_time(value)
        backslashes_doubled = of_text(value).replace("\\", "\\\\")
        return f"{self.quote(column.name)} {operator} E{backslashes_doubled}"

    def clock(self, connection: sa.Connection, column: Column, seconds: int, /) -> str | None:
        """The second in which the snapshot's transaction began, in the column's own type."""
        began = f"date_trunc('second', now()) - INTERVAL '{seconds} seconds'"
        now = f"SELECT CAST(CAST({began} AS {column.type}) AS text)"
        return str(connection.exec_driver_sql(now).scalar_one())

    def read(self, connection: sa.Connection, statement: str, columns: Sequence[Column]) -> Generator[TextRows]:
        """Let the server write the rows and split them block by block."""
        driver = _driver(connection)
        names = [column.name for column in columns]
        as_written = [written for column in columns if (written := _written(column)) is not None]
        # A server without an encoding would end the whole COPY at the first row that is not UTF-8.
        encoding = "SQL_ASCII" if driver.pgconn.parameter_status(b"server_encoding") == b"SQL_ASCII" else "UTF8"
        copy = f"COPY (\n{statement}\n) TO STDOUT (FORMAT text, ENCODING '{encoding}')"
        western = names if driver.pgconn.parameter_status(b"server_encoding") in _WESTERN else []
        first_row = 1
        with driver.cursor() as cursor, cursor.copy(copy.encode()) as lines:
            sent = iter(lines)
            while block := b"".join(islice(sent, BATCH_ROWS)):  # the server sends one row a message
                rows, faults = parse_block(names, block, first_row)
                first_row += rows.height + len(faults)
                yield set_apart((rows.with_columns(as_written), faults), western)

    def read_ranges(
        self, connection: sa.Connection, statements: Sequence[str], columns: Sequence[Column], parts: int, /
    ) -> Generator[TextRows]:
        """Several connections that see what this one sees."""
        snapshot = str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())
        with ExitStack() as open_sessions:
            idle: SimpleQueue[sa.Connection] = SimpleQueue()
            for _ in range(min(parts, len(statements))):
                idle.put(open_sessions.enter_context(self._session(snapshot)))
            pool = ThreadPoolExecutor(parts)
            open_sessions.callback(pool.shutdown, cancel_futures=True)

            def whole(statement: str) -> list[TextRows]:
                session = idle.get()
                try:
                    return list(self.read(session, statement, columns))
                finally:
                    idle.put(session)

            yield from in_order(pool, whole, statements, ahead=parts)

    @cached_property
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
            state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
            raise told(_FAULTS.get(state, refusal), self.address, cause.decode(), self._password)
        return result

    def _fault(self, error: Any) -> SourceError:
        message = _FAULTS.get(error.sqlstate, FAILED)
        return told(message, self.address, error.diag.message_primary or error, self._password)


def _types(connection: sa.Connection, table: str, schema: str | None) -> Iterable[tuple[str, str]]:
    place = ".".join(quote_standard(name) for name in (schema, table) if name is not None)
    found = connection.exec_driver_sql(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = CAST(%s AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (place,),
    )
    return [(name, kind) for name, kind in found]


def _written(column: Column) -> pl.Expr | None:
    """The text of a value where the server's own is not what is wanted."""
    text = pl.col(column.name)
    if column.content == "boolean":
        return text.replace_strict({"t": "true", "f": "false"})
    if column.type == "timestamptz":
        return text.str.replace(r"([+-]\d\d)$", "$1:00")  # ISO 8601 has the minutes of an offset too
    if column.type in _FLOATS:
        return text.map_batches(partial(plain, exact_below=_FLOATS[column.type]), pl.String)
    return None


def _is_login(error: object) -> bool:
    return _LOGIN.search(str(error)) is not None


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)
