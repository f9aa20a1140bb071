"""What each kind of database implements, and what all of them share: how a connection fails, in a sentence."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl
import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.interfaces import RowFault
from gateway.transport.sql.messages import UNREACHABLE

BATCH_ROWS = 50_000

Content = Literal["text", "boolean", "binary"]

# The frame of a batch, `_row` first, and the rows that could not become text.
TextRows = tuple[pl.DataFrame, Sequence[RowFault]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the rows read, and what must be known of its content."""

    name: str
    content: Content = "text"


class Dialect(Protocol):
    """One kind of database at one address."""

    address: str  # as a person may see it: no user, no password

    def quote(self, name: str) -> str:
        """Quote an identifier."""

    def snapshot(self) -> AbstractContextManager[sa.Connection]:
        """One consistent state of the database that nothing can write; every failure within is a SourceError."""

    def describe(self, connection: sa.Connection, statement: str, table: str | None, /) -> list[Column]:
        """The columns of a statement, which is `SELECT *` of the table where one is named; raises SourceError."""

    def read(self, connection: sa.Connection, statement: str, columns: Sequence[Column]) -> Generator[TextRows]:
        """The rows in batches of at most BATCH_ROWS, every value as text; no batch where there are no rows."""


@contextmanager
def connected(engine: sa.Engine, address: str, password: str | None = None) -> Iterator[sa.Connection]:
    """Connect, or raise SourceError with the database's own words."""
    try:
        connection = engine.connect()
    except sa.exc.DBAPIError as error:
        raise SourceError(UNREACHABLE, database=address, cause=first_line(error.orig, password)) from None
    with connection:
        yield connection


def first_line(error: object, password: str | None = None) -> str:
    """What a driver says, without the advice that follows, and without the password should it hold that."""
    words = str(error).strip().partition("\n")[0]
    return words.replace(password, "***") if password else words
