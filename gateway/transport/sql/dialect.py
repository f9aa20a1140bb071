"""What each kind of database implements, and what all of them share: how a connection fails, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import polars as pl
import sqlalchemy as sa

from gateway.errors import SourceError
from gateway.interfaces import RowFault
from gateway.messages import Message
from gateway.transport.sql.catalogue import Catalogue
from gateway.transport.sql.messages import LOGIN_REFUSED, UNREACHABLE

BATCH_ROWS = 50_000

# `time` is a date or a date with its time; `float` and `bits` are numbers that a database does not write out by itself;
# `other` is written as text, but not in the order of texts.
Content = Literal["text", "boolean", "binary", "number", "float", "bits", "time", "other"]
Operator = Literal[">=", "<"]

# The frame of a batch, `_row` first, and the rows that could not become text.
TextRows = tuple[pl.DataFrame, Sequence[RowFault]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the rows read, and what must be known of its content; `type` as the database calls it."""

    name: str
    content: Content = "text"
    type: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its text is a number."""
        return self.content in {"number", "float", "bits"}


class Dialect(Protocol):
    """One kind of database at one address; a connection is whatever `snapshot` gives."""

    address: str  # as a person may see it: no user, no password

    def quote(self, name: str) -> str:
        """Quote an identifier."""

    def snapshot(self) -> AbstractContextManager[Any]:
        """One consistent state of the database that nothing can write; every failure within is a SourceError."""

    def catalogue(self, connection: Any) -> Catalogue:
        """What the database holds."""

    def describe(self, connection: Any, statement: str, table: str | None, /) -> list[Column]:
        """The columns of a statement, which is `SELECT *` of the table where one is named; raises SourceError."""

    def exact(self, column: Column, /) -> str:
        """The SQL that gives a column's exact value: its quoted name, but for types that lose digits on the way."""

    def first(self, statement: str, rows: int, /) -> str:
        """The SQL of the first rows of a statement that was described."""

    def compare(self, column: Column, operator: Operator, value: str, /) -> str:
        """The SQL that compares a column, as the database orders it, with a value: text as such a column gives."""

    def clock(self, connection: Any, column: Column, seconds: int, /) -> str | None:
        """The database's own time, some seconds before the snapshot, as text of a `time` column; in whole seconds."""

    def read(self, connection: Any, statement: str, columns: Sequence[Column], /) -> Generator[TextRows]:
        """The rows in batches of at most BATCH_ROWS, every value as text; no batch where there are no rows."""


@runtime_checkable
class ParallelDialect(Dialect, Protocol):
    """A kind of database of which several connections can see one state."""

    def read_ranges(
        self, connection: Any, statements: Sequence[str], columns: Sequence[Column], parts: int, /
    ) -> Generator[TextRows]:
        """The rows of one statement after the other, `parts` of them under way at once."""


@contextmanager
def connected(
    engine: sa.Engine,
    address: str,
    password: str | None = None,
    is_login: Callable[[Any], bool] = lambda _error: False,
) -> Iterator[sa.Connection]:
    """Connect, or raise SourceError with the database's own words; `is_login` knows a refused user or password."""
    try:
        connection = engine.connect()
    except sa.exc.DBAPIError as error:
        raise unreachable(address, error.orig, password, login=is_login(error.orig)) from None
    except TypeError as error:  # a parameter of the url that the driver does not know
        raise unreachable(address, error, password, login=False) from None
    with connection:
        yield connection


def unreachable(address: str, error: object, password: str | None, *, login: bool) -> SourceError:
    """What is said of a connection that was not made."""
    return told(LOGIN_REFUSED if login else UNREACHABLE, address, error, password)


def told(message: Message, address: str, error: object, password: str | None = None) -> SourceError:
    """A driver's error as a sentence of ours."""
    return SourceError(message, database=address, cause=first_line(error, password))


def first_line(error: object, password: str | None = None) -> str:
    """What a driver says, without the advice that follows, and without the password should it hold that."""
    words = str(error).strip().partition("\n")[0]
    return words.replace(password, "***") if password else words
