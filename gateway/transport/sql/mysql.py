"""MariaDB and MySQL, read by the text protocol: the server writes the text of every value, polars cuts it.

Two types do not come whole by themselves: a FLOAT is written with six digits, so it is asked for as a DOUBLE and
written with the fewest digits that name the same FLOAT; a BIT comes as bytes and becomes its number.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.transport.sql.catalogue import Catalogue, CatalogueQueries, QueriedCatalogue
from gateway.transport.sql.dialect import BATCH_ROWS, Column, Content, Operator, TextRows, connected, told
from gateway.transport.sql.float_text import plain
from gateway.transport.sql.literals import of_number, of_time
from gateway.transport.sql.messages import DRIVER_MISSING, FAILED, NO_RIGHTS, NOT_READING
from gateway.transport.sql.mislabelled import set_apart
from gateway.transport.sql.mysql_rows import cut_cells
from gateway.transport.sql.text_rows import byte_rows, joined

if TYPE_CHECKING:
    from gateway.transport.sql.mysql_connection import TextConnection

_CUT_ROWS = 8_000  # as many as stay in the processor's cache
_CONNECT_SECONDS = 10
_SESSION = (
    "SET time_zone = '+08:00'",  # in which a TIMESTAMP is written
    "SET lock_wait_timeout = 30",
    "SET @gateway_start = NOW()",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_CATALOGUE = CatalogueQueries(
    schemas="SELECT schema_name FROM information_schema.schemata ORDER BY 1",
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = {schema} ORDER BY 1",
    primary_key="SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = {schema}"
    " AND table_name = {table} AND constraint_name = 'PRIMARY' ORDER BY ordinal_position",
    columns="SELECT column_name, column_type FROM information_schema.columns WHERE table_schema = {schema}"
    " AND table_name = {table} ORDER BY ordinal_position",
    default="DATABASE()",
)
_OWN_SCHEMAS = {"information_schema", "mysql", "performance_schema", "sys"}

# Numbers of errors, https://mariadb.com/kb/en/mariadb-error-codes/.
_LOGIN = {1044, 1045, 1251, 1698, 4151}
_RIGHTS = {1044, 1142, 1143, 1370}
_WRITING = {1290, 1792}
_DOUBLED = 1060
_NOT_READING = {1064, 1235, *_WRITING}

# Numbers of types and of the character set that is none, https://mariadb.com/kb/en/result-set-packets/.
_CONTENT: dict[int, Content] = {
    **dict.fromkeys((0, 1, 2, 3, 5, 8, 9, 13, 246), "number"),
    **dict.fromkeys((7, 10, 12, 14), "time"),
    4: "float",
    16: "bits",
    255: "binary",
}
_DATES, _DATE = {10, 14}, "date"
_DOUBLES, _DOUBLE = {5}, "double"
_LATIN1, _WESTERN = {5, 8, 15, 31, 47, 48, 49, 94}, "latin1"  # numbers of its collations
_STRINGS, _BYTES = {15, 249, 250, 251, 252, 253, 254}, 63


class MySql:
    """One MariaDB or MySQL server, and the database of it that names without one are looked for in."""

    def __init__(self, url: sa.URL, password: str | None) -> None:
        self.address = f"{url.host or 'localhost'}:{url.port or 3306}/{url.database or ''}"
        query = {**url.query, "charset": "utf8mb4"}
        self._url = url.set(drivername="mysql+pymysql", password=password, query=query)
        self._password = password

    @classmethod
    def at(cls, url: sa.URL, password: str | None, _directory: Path) -> MySql:
        """The database that a url names."""
        return cls(url, password)

    def quote(self, name: str) -> str:
        """Quote an identifier; between backticks whatever `sql_mode` says."""
        return "`" + name.replace("`", "``") + "`"

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """One read-only transaction that sees transactional tables as they were at its start."""
        engine = self._engine
        driver_error = engine.dialect.loaded_dbapi.Error
        try:
            with connected(engine, self.address, self._password, lambda error: _number(error) in _LOGIN) as connection:
                for statement in _SESSION:
                    connection.exec_driver_sql(statement)
                yield connection
        except sa.exc.DBAPIError as error:
            raise self._fault(error.orig) from None
        except driver_error as error:
            raise self._fault(error) from None

    def catalogue(self, connection: sa.Connection) -> Catalogue:
        """What the server shows to this user; discovered is the database of the url, or every one without it."""
        database = self._url.database
        return QueriedCatalogue(
            _CATALOGUE,
            lambda statement: _driver(connection).answer(statement),
            _of_text,
            lambda schemas: [None] if database else [name for name in schemas if name.lower() not in _OWN_SCHEMAS],
            partial(self._is_denied, _driver(connection)),
        )

    def describe(self, connection: sa.Connection, statement: str, _table: str | None, /) -> list[Column]:
        """Have the server parse the statement, alone and where only a reading one can stand, without running it."""
        driver = _driver(connection)
        try:
            driver.query(f"SET @gateway_statement = {_of_text(statement)}")
            driver.query("PREPARE gateway_statement FROM @gateway_statement")
            driver.query("SET character_set_results = NULL")  # so that it says each column's own
        except driver.Error as error:
            raise self._fault(error) from None
        try:
            fields = driver.fields(self.first(statement, 0))
        except driver.Error as error:
            fields = self._doubled(driver, statement, error)
        driver.query("SET character_set_results = utf8mb4")
        return [Column(field.name, _content(field), _type(field)) for field in fields]

    def exact(self, column: Column, /) -> str:
        """A FLOAT as a DOUBLE."""
        name = self.quote(column.name)
        return f"{name} + 0e0 AS {name}" if column.content == "float" else name

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows."""
        return f"SELECT * FROM (\n{statement}\n) AS source_rows LIMIT {rows}"  # noqa: S608 - the operator's own statement

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """Numbers as numbers: MySQL compares an expression with a text as DOUBLEs, which mixes up long ones."""
        if column.is_number:
            written = of_number(value)
        elif column.content == "time":
            written = of_time(value)
        else:
            written = _of_text(value)
        return f"{self.quote(column.name)} {operator} {written}"

    def clock(self, connection: sa.Connection, column: Column, seconds: int, /) -> str | None:
        """The second in which the snapshot was about to be taken."""
        kind = "DATE" if column.type == _DATE else "DATETIME"
        [(text,)] = _driver(connection).answer(
            f"SELECT CAST(CAST(CAST(@gateway_start AS DATETIME) - INTERVAL {seconds} SECOND AS {kind}) AS CHAR)"
        )
        return str(text)

    def read(self, connection: sa.Connection, statement: str, columns: Sequence[Column], /) -> Generator[TextRows]:
        """Cut the rows out of what the server sends, block by block."""
        ended = False
        try:
            first_row = 1
            for rows in _piles(_driver(connection).rows(statement)):
                batch, faults = self._cut(rows, columns, first_row)
                first_row += len(rows)
                yield batch, faults
            ended = True
        finally:
            if not ended:
                connection.invalidate()  # there is no other way to have the server stop sending

    def _cut(self, rows: Sequence[bytes], columns: Sequence[Column], first_row: int) -> TextRows:
        names = [column.name for column in columns]
        pieces = []
        for at in range(0, len(rows), _CUT_ROWS):
            cells = cut_cells(rows[at : at + _CUT_ROWS], len(columns))
            texts = [_written(cell, column) for cell, column in zip(cells, columns, strict=True)]
            pieces.append(byte_rows(names, texts, first_row + at))
        return set_apart(joined(pieces), [column.name for column in columns if column.type == _WESTERN])

    def _is_denied(self, driver: TextConnection, table: str, schema: str | None) -> bool:
        """The server lists no table that the user may not read, but says so when it is asked for it."""
        place = ".".join(self.quote(name) for name in (schema, table) if name is not None)
        try:
            driver.fields(self.first(f"SELECT 1 FROM {place}", 0))  # noqa: S608 - quoted
        except driver.Error as error:
            return _number(error) in _RIGHTS
        return False

    @cached_property
    def _engine(self) -> sa.Engine:
        try:
            engine = sa.create_engine(self._url, poolclass=sa.NullPool)
            from gateway.transport.sql.mysql_connection import TextConnection
        except ImportError:
            raise SourceError(DRIVER_MISSING, kind="MariaDB/MySQL", extra="mysql") from None

        @sa.event.listens_for(engine, "do_connect")
        def _connect(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> TextConnection:
            return TextConnection(**{"connect_timeout": _CONNECT_SECONDS, **options})

        return engine

    def _fault(self, error: Any) -> SourceError:
        number = _number(error)
        message = NO_RIGHTS if number in _RIGHTS else NOT_READING if number in _WRITING else FAILED
        return told(message, self.address, _words(error), self._password)

    def _doubled(self, driver: TextConnection, statement: str, error: Any) -> list[Any]:
        """The columns of a statement that is refused for nothing but two of one name; otherwise why it is refused."""
        if _number(error) in _NOT_READING:
            raise told(NOT_READING, self.address, _words(error), self._password)
        if _number(error) != _DOUBLED:
            raise self._fault(error)
        driver.query("SET sql_select_limit = 0")
        return driver.fields(statement)


def _of_text(value: str) -> str:
    """In hexadecimal, since `sql_mode` says what a backslash means; a literal, so that a column's collation counts."""
    return f"_utf8mb4 0x{value.encode().hex()}" if value else "''"


def _driver(connection: sa.Connection) -> TextConnection:
    return cast("TextConnection", connection.connection.driver_connection)


def _number(error: Any) -> int | None:
    """The server's own number of an error, which the driver puts first."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else None


def _words(error: Any) -> str:
    return str(error.args[1] if len(error.args) > 1 else error)


def _content(field: Any) -> Content:
    if field.type_code in _STRINGS:
        return "binary" if field.charsetnr == _BYTES else "text"
    return _CONTENT.get(field.type_code, "other")


def _type(field: Any) -> str:
    if field.type_code in _DATES:
        return _DATE
    if field.type_code in _STRINGS and field.charsetnr in _LATIN1:
        return _WESTERN
    return _DOUBLE if field.type_code in _DOUBLES else ""


def _piles(packets: Iterable[list[bytes]]) -> Iterator[list[bytes]]:
    """Batches of rows out of what came together."""
    pile: list[bytes] = []
    for some in packets:
        pile += some
        while len(pile) >= BATCH_ROWS:
            yield pile[:BATCH_ROWS]
            pile = pile[BATCH_ROWS:]
    if pile:
        yield pile


def _written(cells: pl.Series, column: Column) -> pl.Series:
    """A cell's text in bytes, for the types whose text the server does not send, or not as it is wanted."""
    if column.content == "float":
        short = cells.cast(pl.String).cast(pl.Float64).cast(pl.Float32).cast(pl.String)
        return short.str.strip_suffix(".0").cast(pl.Binary)
    if column.type == _DOUBLE:
        return plain(cells.cast(pl.String), exact_below=2**53).cast(pl.Binary)
    if column.content == "bits":
        return cells.bin.encode("hex").str.to_integer(base=16, dtype=pl.UInt64).cast(pl.String).cast(pl.Binary)
    return cells
