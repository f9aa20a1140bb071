"""SQL Server, by pymssql; times and identifiers are written by the server, since the driver drops finer digits.

Whatever a query does is rolled back. One state of the database is seen where the database allows snapshots
(ALLOW_SNAPSHOT_ISOLATION); where it does not, a statement sees what is committed while it runs.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport.sql.catalogue import Catalogue, CatalogueQueries, QueriedCatalogue
from gateway.transport.sql.dialect import Column, Content, Operator, TextRows
from gateway.transport.sql.driver_rows import AFTER_SNAPSHOT, answer, driver_arguments, fetched, one_transaction
from gateway.transport.sql.literals import of_number, of_text, of_time
from gateway.transport.sql.messages import DRIVER_MISSING, LOGIN_REFUSED, NO_RIGHTS

_MAY_SNAPSHOT = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
_FAULTS: dict[int, Message] = {
    **dict.fromkeys((18456, 18452, 4060, 4064), LOGIN_REFUSED),
    **dict.fromkeys((229, 230, 262, 297, 300), NO_RIGHTS),
}
_NUMBERS = ("bigint", "int", "smallint", "tinyint", "decimal", "numeric", "money", "smallmoney", "float", "bit")
_CONTENT: dict[str, Content] = {
    **dict.fromkeys(_NUMBERS, "number"),
    "real": "float",
    **dict.fromkeys(("date", "datetime", "datetime2", "smalldatetime", "datetimeoffset"), "time"),
    **dict.fromkeys(("binary", "varbinary", "image", "timestamp", "rowversion", "geometry", "geography"), "binary"),
}
_WRITTEN = {
    **dict.fromkeys(("date", "datetime", "datetime2", "smalldatetime", "time"), "CONVERT(varchar(33), {name}, 121)"),
    "datetimeoffset": "CONVERT(varchar(27), SWITCHOFFSET({name}, '+08:00'), 121) + '+08:00'",
    "uniqueidentifier": "CONVERT(varchar(36), {name})",
}
_CATALOGUE = CatalogueQueries(
    schemas="SELECT name FROM sys.schemas ORDER BY 1",
    tables="SELECT table_name FROM information_schema.tables WHERE table_schema = {schema} ORDER BY 1",
    primary_key="SELECT k.column_name FROM information_schema.table_constraints c"
    " JOIN information_schema.key_column_usage k ON k.constraint_schema = c.constraint_schema"
    " AND k.constraint_name = c.constraint_name WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = {schema}"
    " AND c.table_name = {table} ORDER BY k.ordinal_position",
    columns="SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = {schema}"
    " AND table_name = {table} ORDER BY ordinal_position",
    default="SCHEMA_NAME()",
)
_OWN_SCHEMAS = {"sys", "INFORMATION_SCHEMA", "guest"}


class SqlServer:
    """One database of a SQL Server: `mssql://user@host:1433/database`."""

    def __init__(self, url: sa.URL, password: str | None) -> None:
        self.address = f"{url.host or 'localhost'}:{url.port or 1433}/{url.database or ''}"
        self.arguments: dict[str, Any] = {
            "server": url.host or "localhost",
            "port": str(url.port or 1433),
            "user": url.username,
            "password": password,
            "database": url.database or "",
            "login_timeout": 10,
            "charset": "UTF-8",
            "appname": "double-random-gateway",
            "autocommit": True,
            **driver_arguments(url.query),
        }
        self._password = password

    @classmethod
    def at(cls, url: sa.URL, password: str | None, _directory: Path) -> SqlServer:
        """The database that a url names."""
        return cls(url, password)

    def quote(self, name: str) -> str:
        """Quote an identifier; in brackets whatever QUOTED_IDENTIFIER says."""
        return "[" + name.replace("]", "]]") + "]"

    def snapshot(self) -> AbstractContextManager[Any]:
        """One transaction that is rolled back, of one state where the database allows that."""
        try:
            import pymssql
        except ImportError:
            raise SourceError(DRIVER_MISSING, kind="SQL Server", extra="mssql") from None
        return one_transaction(self._connected, pymssql.Error, self.address, self._password, judged)

    def catalogue(self, connection: Any) -> Catalogue:
        """What the user may know of, in all schemas that are not the server's own."""
        return QueriedCatalogue(
            _CATALOGUE,
            partial(answer, connection),
            _of_text,
            lambda names: [name for name in names if name not in _OWN_SCHEMAS and not name.startswith("db_")],
        )

    def describe(self, connection: Any, statement: str, _table: str | None, /) -> list[Column]:
        """Have the server say what a statement would give, without running it."""
        asked = f"EXEC sys.sp_describe_first_result_set @tsql = {_of_text(statement)}"
        return [_column(name, kind) for hidden, _, name, _, _, kind, *_ in answer(connection, asked) if not hidden]

    def exact(self, column: Column, /) -> str:
        """Times and identifiers as text."""
        name = self.quote(column.name)
        form = _WRITTEN.get(column.type)
        return f"{form.format(name=name)} AS {name}" if form else name

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows."""
        return f"SELECT TOP {rows} * FROM (\n{statement}\n) source_rows"  # noqa: S608 - the operator's own statement

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """In the column's own type."""
        written = _of_text(value)
        if column.is_number:
            written = of_number(value)
        elif column.content == "time":
            written = _time_literal(value)
        return f"{self.quote(column.name)} {operator} {written}"

    def clock(self, connection: Any, column: Column, seconds: int, /) -> str | None:
        """The server's time, written as the column is."""
        now = f"CAST(DATEADD(second, -{seconds + AFTER_SNAPSHOT}, SYSDATETIMEOFFSET()) AS {column.type})"
        [(text,)] = answer(connection, f"SELECT {_WRITTEN[column.type].format(name=now)}")
        return str(text)

    def read(self, connection: Any, statement: str, columns: Sequence[Column], /) -> Generator[TextRows]:
        """Fetch through the driver's cursor."""
        return fetched(connection, statement, columns)

    def _connected(self) -> Any:
        import pymssql

        connection = pymssql.connect(**self.arguments)
        level = "SNAPSHOT" if answer(connection, _MAY_SNAPSHOT) == [(1,)] else "READ COMMITTED"
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            cursor.execute("SET LOCK_TIMEOUT 30000")
        connection.autocommit(False)
        return connection


def judged(error: Any) -> tuple[Message | None, str]:
    """What an error is called, and the server's words, which the driver wraps in its own."""
    found = error.args[0] if error.args else error
    number, said = found[:2] if isinstance(found, tuple) else (None, found)
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    words = [line for line in text.replace("DB-Lib error", "\nDB-Lib error").splitlines() if line.strip()]
    own = [line for line in words if not line.startswith("DB-Lib error")]
    return _FAULTS.get(number), " ".join(dict.fromkeys(own))


def _column(name: str | None, kind: str) -> Column:
    """A column of a described result, whose type may be written with its length, as in `decimal(18,6)`."""
    kind = kind.partition("(")[0]
    return Column(name or "", _CONTENT.get(kind, "text"), kind)


def _of_text(value: str) -> str:
    return f"N{of_text(value)}"


def _time_literal(value: str) -> str:
    of_time(value)
    text, zone, _ = value.partition("+08")
    return f"CAST('{text}+08:00' AS datetimeoffset)" if zone else f"CAST('{text}' AS datetime2)"
