"""达梦 (DM8), by dmPython's plain DB-API: SQLAlchemy has no dialect of it that works.

Names are as the database stores them: in capitals, unless they were created in quotes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing
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
from gateway.transport.sql.selection import quote_standard

_FAULTS: dict[int, Message] = {
    **dict.fromkeys((-2501, -2502, -2503, -2504, -2508), LOGIN_REFUSED),
    **dict.fromkeys((-5502, -5503, -5504, -5505, -5506), NO_RIGHTS),
}
_CONTENT: dict[str, Content] = {
    **dict.fromkeys(("NUMBER", "DECIMAL", "BIGINT", "DOUBLE"), "number"),
    "REAL": "float",
    **dict.fromkeys(("DATE", "TIMESTAMP"), "time"),
    **dict.fromkeys(("BLOB", "BINARY", "LONG_BINARY", "FIXED_BINARY", "BFILE"), "binary"),
}
_CATALOGUE = CatalogueQueries(
    schemas="SELECT DISTINCT owner FROM all_objects WHERE object_type IN ('TABLE', 'VIEW') ORDER BY 1",
    tables="SELECT table_name FROM all_tables WHERE owner = {schema}"
    " UNION SELECT view_name FROM all_views WHERE owner = {schema} ORDER BY 1",
    primary_key="SELECT c.column_name FROM all_constraints p JOIN all_cons_columns c ON c.owner = p.owner"
    " AND c.constraint_name = p.constraint_name WHERE p.constraint_type = 'P' AND p.owner = {schema}"
    " AND p.table_name = {table} ORDER BY c.position",
    columns="SELECT column_name, data_type FROM all_tab_columns WHERE owner = {schema} AND table_name = {table}"
    " ORDER BY column_id",
    default="SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')",
)


class Dameng:
    """One DM server: `dm://user@host:5236/schema`, without a schema the user's own."""

    def __init__(self, url: sa.URL, password: str | None) -> None:
        self.address = f"{url.host or 'localhost'}:{url.port or 5236}/{url.database or ''}"
        self.arguments: dict[str, Any] = {
            "user": url.username or "",
            "password": password or "",
            "server": url.host or "localhost",
            "port": url.port or 5236,
            "login_timeout": 10,
            **({"schema": url.database} if url.database else {}),
            **driver_arguments(url.query),
        }
        self._password = password

    @classmethod
    def at(cls, url: sa.URL, password: str | None, _directory: Path) -> Dameng:
        """The server and schema that a url names."""
        return cls(url, password)

    def quote(self, name: str) -> str:
        """Quote an identifier, capitals and all."""
        return quote_standard(name)

    def snapshot(self) -> AbstractContextManager[Any]:
        """One serializable transaction of a connection that may only read."""
        try:
            import dmPython
        except ImportError:
            raise SourceError(DRIVER_MISSING, kind="达梦", extra="dameng") from None
        return one_transaction(self._connected, dmPython.Error, self.address, self._password, judged)

    def catalogue(self, connection: Any) -> Catalogue:
        """What the user may know of; discovered is the schema of the url."""
        return QueriedCatalogue(_CATALOGUE, partial(answer, connection), of_text, lambda _schemas: [None])

    def describe(self, connection: Any, statement: str, _table: str | None, /) -> list[Column]:
        """Run the statement where only a reading one can stand, asking for no row of it."""
        with closing(connection.cursor()) as cursor:
            cursor.execute(self.first(statement, 0))
            kinds = [(name, kind.__name__) for name, kind, *_ in cursor.description or ()]
        return [Column(name, _CONTENT.get(kind, "text"), kind) for name, kind in kinds]

    def exact(self, column: Column, /) -> str:
        """The driver gives every type whole."""
        return self.quote(column.name)

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows."""
        return f"SELECT * FROM (\n{statement}\n) source_rows WHERE ROWNUM <= {rows}"  # noqa: S608 - the operator's own

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """In the column's own type."""
        written = of_text(value)
        if column.is_number:
            written = of_number(value)
        elif column.content == "time":
            written = f"CAST({of_time(value)} AS {column.type})"
        return f"{self.quote(column.name)} {operator} {written}"

    def clock(self, connection: Any, column: Column, seconds: int, /) -> str | None:
        """The server's time, in the column's own type."""
        now = f"SELECT CAST(DATEADD(SECOND, -{seconds + AFTER_SNAPSHOT}, SYSTIMESTAMP) AS {column.type}) AS v FROM dual"  # noqa: S608 - ours
        [(rows, _)] = list(self.read(connection, now, [Column("v")]))
        return str(rows.item(0, "v"))

    def read(self, connection: Any, statement: str, columns: Sequence[Column], /) -> Generator[TextRows]:
        """Fetch through the driver's cursor."""
        return fetched(connection, statement, columns)

    def _connected(self) -> Any:
        import dmPython

        return dmPython.connect(
            autoCommit=False,
            access_mode=dmPython.DSQL_MODE_READ_ONLY,
            txn_isolation=dmPython.ISO_LEVEL_SERIALIZABLE,  # the level that sees one state
            local_code=dmPython.PG_UTF8,
            **self.arguments,
        )


def judged(error: Any) -> tuple[Message | None, str]:
    """What an error is called, by the server's number, and its words."""
    number = getattr(error.args[0], "code", None) if error.args else None
    return (_FAULTS.get(number) if number is not None else None), str(error)
