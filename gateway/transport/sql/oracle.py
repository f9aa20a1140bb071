"""Oracle, by oracledb's thin mode; times are written by the server, since the driver drops their zone and finer digits.

Names are as the database stores them: in capitals, unless they were created in quotes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing
from decimal import Decimal
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
from gateway.transport.sql.messages import DRIVER_MISSING, LOGIN_REFUSED, NO_RIGHTS, NOT_READING
from gateway.transport.sql.selection import quote_standard

_SESSION = (
    "ALTER SESSION SET TIME_ZONE = '+08:00'",
    "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'",
    "SET TRANSACTION READ ONLY",
)
_FAULTS: dict[str, Message] = {
    **dict.fromkeys(("ORA-01017", "ORA-28000", "ORA-28001", "ORA-01045"), LOGIN_REFUSED),
    **dict.fromkeys(("ORA-01031", "ORA-41900"), NO_RIGHTS),
    **dict.fromkeys(("ORA-01456", "ORA-00900", "ORA-00903", "ORA-00921", "ORA-00928"), NOT_READING),
}
_CONTENT: dict[str, Content] = {
    **dict.fromkeys(("DB_TYPE_NUMBER", "DB_TYPE_BINARY_DOUBLE", "DB_TYPE_BINARY_INTEGER"), "number"),
    "DB_TYPE_BINARY_FLOAT": "float",
    **dict.fromkeys(("DB_TYPE_DATE", "DB_TYPE_TIMESTAMP", "DB_TYPE_TIMESTAMP_TZ", "DB_TYPE_TIMESTAMP_LTZ"), "time"),
    **dict.fromkeys(("DB_TYPE_BLOB", "DB_TYPE_RAW", "DB_TYPE_LONG_RAW", "DB_TYPE_BFILE", "DB_TYPE_VECTOR"), "binary"),
    "DB_TYPE_BOOLEAN": "boolean",
}
_SECONDS = "YYYY-MM-DD HH24:MI:SS"
_WRITTEN = {
    "DB_TYPE_DATE": "TO_CHAR({name}, '" + _SECONDS + "')",
    "DB_TYPE_TIMESTAMP": "TO_CHAR({name}, '" + _SECONDS + ".FF')",
    **dict.fromkeys(
        ("DB_TYPE_TIMESTAMP_TZ", "DB_TYPE_TIMESTAMP_LTZ"),
        "TO_CHAR({name} AT TIME ZONE '+08:00', '" + _SECONDS + ".FF') || '+08:00'",
    ),
}
_CATALOGUE = CatalogueQueries(
    schemas="SELECT username FROM all_users ORDER BY 1",
    tables="SELECT table_name FROM all_tables WHERE owner = {schema}"
    " UNION SELECT view_name FROM all_views WHERE owner = {schema} ORDER BY 1",
    primary_key="SELECT c.column_name FROM all_constraints p JOIN all_cons_columns c ON c.owner = p.owner"
    " AND c.constraint_name = p.constraint_name WHERE p.constraint_type = 'P' AND p.owner = {schema}"
    " AND p.table_name = {table} ORDER BY c.position",
    columns="SELECT column_name, data_type FROM all_tab_columns WHERE owner = {schema} AND table_name = {table}"
    " ORDER BY column_id",
    default="SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')",
)


class Oracle:
    """One service of an Oracle server: `oracle://user@host:1521/service`."""

    def __init__(self, url: sa.URL, password: str | None) -> None:
        self.address = f"{url.host or 'localhost'}:{url.port or 1521}/{url.database or ''}"
        self.arguments: dict[str, Any] = {
            "user": url.username,
            "password": password,
            "host": url.host or "localhost",
            "port": url.port or 1521,
            "service_name": url.database,
            "tcp_connect_timeout": 10,
            **driver_arguments(url.query),
        }
        self._password = password

    @classmethod
    def at(cls, url: sa.URL, password: str | None, _directory: Path) -> Oracle:
        """The service that a url names."""
        return cls(url, password)

    def quote(self, name: str) -> str:
        """Quote an identifier, capitals and all."""
        return quote_standard(name)

    def snapshot(self) -> AbstractContextManager[Any]:
        """One read-only transaction that sees the database as it was at its start."""
        try:
            import oracledb
        except ImportError:
            raise SourceError(DRIVER_MISSING, kind="Oracle", extra="oracle") from None
        return one_transaction(self._connected, oracledb.Error, self.address, self._password, judged)

    def catalogue(self, connection: Any) -> Catalogue:
        """What the user may know of; discovered is the user's own schema."""
        return QueriedCatalogue(_CATALOGUE, partial(answer, connection), of_text, lambda _schemas: [None])

    def describe(self, connection: Any, statement: str, _table: str | None, /) -> list[Column]:
        """Have the server parse the statement where only a reading one can stand, without running it."""
        with closing(connection.cursor()) as cursor:
            cursor.parse(f"SELECT * FROM (\n{statement}\n)")  # noqa: S608 - the operator's own statement
            kinds = [(name, kind.name) for name, kind, *_ in cursor.description or ()]
        return [Column(name, _CONTENT.get(kind, "text"), kind) for name, kind in kinds]

    def exact(self, column: Column, /) -> str:
        """Times as text."""
        name = self.quote(column.name)
        form = _WRITTEN.get(column.type)
        return f"{form.format(name=name)} AS {name}" if form else name

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows."""
        return f"SELECT * FROM (\n{statement}\n) WHERE ROWNUM <= {rows}"  # noqa: S608 - the operator's own statement

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """In the column's own type."""
        written = of_text(value)
        if column.is_number:
            written = of_number(value)
        elif column.content == "time":
            written = _time_literal(value)
        return f"{self.quote(column.name)} {operator} {written}"

    def clock(self, connection: Any, column: Column, seconds: int, /) -> str | None:
        """The server's time, written as the column is."""
        now = f"(SYSTIMESTAMP - NUMTODSINTERVAL({seconds + AFTER_SNAPSHOT}, 'SECOND')) AT TIME ZONE '+08:00'"
        form = _WRITTEN[column.type].format(name=now if column.type.endswith("TZ") else f"CAST({now} AS TIMESTAMP)")
        [(text,)] = answer(connection, f"SELECT {form} FROM dual")  # noqa: S608 - ours
        return str(text)

    def read(self, connection: Any, statement: str, columns: Sequence[Column], /) -> Generator[TextRows]:
        """Fetch through the driver's cursor."""
        return fetched(connection, statement, columns)

    def _connected(self) -> Any:
        import oracledb

        connection = oracledb.connect(**self.arguments)
        connection.outputtypehandler = exact_values
        for statement in _SESSION:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        return connection


def exact_values(cursor: Any, column: Any) -> Any:
    """Have numbers come as decimals, long texts as texts; what it gives nothing for comes as usual."""
    import oracledb

    wanted = {
        oracledb.DB_TYPE_NUMBER: Decimal,
        oracledb.DB_TYPE_CLOB: oracledb.DB_TYPE_LONG,
        oracledb.DB_TYPE_NCLOB: oracledb.DB_TYPE_LONG_NVARCHAR,
    }.get(column.type_code)
    return cursor.var(wanted, arraysize=cursor.arraysize) if wanted is not None else None


def judged(error: Any) -> tuple[Message | None, str]:
    """What an error is called, and its words without the address of a help page."""
    lines = [line for line in str(error).splitlines() if not line.startswith("Help:")]
    return _FAULTS.get(str(error)[:9]), " ".join(lines)


def _time_literal(value: str) -> str:
    of_time(value)
    form = _SECONDS if len(value) > len("2024-02-29") else "YYYY-MM-DD"
    fraction = ".FF" if "." in value else ""
    text, zone, _ = value.partition("+08")
    if zone:
        return f"TO_TIMESTAMP_TZ('{text} +08:00', '{form}{fraction} TZH:TZM')"
    return f"TO_TIMESTAMP('{text}', '{form}{fraction}')"
