"""Databases that are read through their driver's own cursor: its values become exact text, its errors sentences."""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport.sql.dialect import BATCH_ROWS, Column, TextRows, told, unreachable
from gateway.transport.sql.messages import FAILED, LOGIN_REFUSED
from gateway.transport.sql.text_rows import Cell, joined, text_rows

# The clock can only be read once the snapshot is there: seconds that surely lie between the two.
AFTER_SNAPSHOT = 60

_CHUNK_ROWS = 2_000
_CHINA = timezone(timedelta(hours=8))

# What an error of a driver is called, where it has a sentence of its own, and its words.
Judge = Callable[[Any], tuple[Message | None, str]]


@contextmanager
def one_transaction(
    connect: Callable[[], Any], error_type: type[Exception], address: str, password: str | None, judge: Judge
) -> Iterator[Any]:
    """A connection whose transaction is rolled back, whatever was done in it."""
    try:
        connection = connect()
    except error_type as error:
        message, words = judge(error)
        raise unreachable(address, words, password, login=message is LOGIN_REFUSED) from None
    except TypeError as error:  # a parameter of the url that the driver does not know
        raise unreachable(address, error, password, login=False) from None
    try:
        with closing(connection):
            try:
                yield connection
            finally:
                with suppress(error_type):  # a connection that broke is rolled back by its server
                    connection.rollback()
    except error_type as error:
        message, words = judge(error)
        raise told(message or FAILED, address, words, password) from None


def driver_arguments(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What stands after the question mark of a url, whole numbers as such."""
    return {name: int(text) if str(text).isdecimal() else text for name, text in parameters.items()}


def answer(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a small result."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def fetched(connection: Any, statement: str, columns: Sequence[Column]) -> Generator[TextRows]:
    """The rows of a statement in batches, every value as text."""
    names = [column.name for column in columns]
    with closing(connection.cursor()) as cursor:
        cursor.arraysize = _CHUNK_ROWS
        cursor.execute(statement)
        for first_row in count(1, BATCH_ROWS):
            chunks = [
                text_rows(names, written(rows, columns), at)
                for at in range(first_row, first_row + BATCH_ROWS, _CHUNK_ROWS)
                if (rows := cursor.fetchmany(_CHUNK_ROWS))
            ]
            if not chunks:
                return
            yield joined(chunks)


def written(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> list[tuple[Cell, ...]]:
    """What a driver gives, as text in bytes; raises SourceError for a kind of value that has no exact text."""
    short = [column.content == "float" for column in columns]
    return [tuple(map(_written, row, short, columns)) for row in rows]


def short_float(value: float) -> str:
    """The fewest digits that name the same number of four bytes, which a driver hands over in eight."""
    single = struct.pack("f", value)
    texts = (format(value, f".{digits}g") for digits in range(6, 10))
    return next((repr(float(text)) for text in texts if struct.pack("f", float(text)) == single), repr(value))


def _written(value: Any, short: bool, column: Column) -> Cell:
    if value is None or isinstance(value, bytes):
        return value
    if short and isinstance(value, float):
        return short_float(value).encode()
    try:
        return _TEXT_OF[type(value)](value).encode("utf-8", "surrogatepass")
    except KeyError:
        kind = f"{column.name}: {type(value).__name__}"
        raise SourceError(FAILED, database="-", cause=kind) from None


def _moment(value: datetime) -> str:
    if value.tzinfo is not None:
        return f"{_moment(value.astimezone(_CHINA).replace(tzinfo=None))}+08:00"
    text = value.isoformat(sep=" ")
    return text.rstrip("0") if value.microsecond else text


def _span(value: timedelta) -> str:
    """As ISO 8601 writes it."""
    sign = "-" if value < timedelta(0) else ""
    seconds, microseconds = divmod(abs(value) // timedelta(microseconds=1), 10**6)
    fraction = f".{microseconds:06d}".rstrip("0").rstrip(".")
    days, rest = divmod(seconds, 86_400)
    return f"{sign}P{days}DT{rest // 3600}H{rest % 3600 // 60}M{rest % 60}{fraction}S"


_TEXT_OF: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    bool: lambda value: str(int(value)),
    float: repr,
    Decimal: lambda value: format(value, "f"),
    datetime: _moment,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: _span,
    UUID: lambda value: str(value).upper(),
}
