"""A connection of PyMySQL that hands rows over as they were sent; imported late, since the driver is an extra."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from pymysql.connections import Connection
from pymysql.err import OperationalError, raise_mysql_exception

from gateway.transport.sql.mysql_rows import row_packets

_BLOCK_BYTES = 1 << 20
_LOST = 2013  # CR_SERVER_LOST


class TextConnection(Connection):  # type: ignore[misc]  # the driver has no types
    """The driver's own reading makes objects cell by cell, a fifth as fast."""

    def fields(self, statement: str) -> list[Any]:
        """The columns of a statement's result, none where it has none; its rows are not asked for."""
        self.query(statement)
        return getattr(self._result, "fields", [])

    def answer(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a small result, as the driver reads them."""
        with self.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def rows(self, statement: str) -> Generator[list[bytes]]:
        """The packets of a statement's rows, some at a time."""
        self.query(statement, unbuffered=True)
        self._result.unbuffered_active = False  # or the driver would wait for all rows where the reading is given up
        return row_packets(self._block, raise_mysql_exception)

    def _block(self) -> bytes:
        try:
            block: bytes = self._rfile.read1(_BLOCK_BYTES)
        except OSError as error:
            raise OperationalError(_LOST, f"lost connection to the server during the query ({error})") from None
        if not block:
            raise OperationalError(_LOST, "lost connection to the server during the query")
        return block
