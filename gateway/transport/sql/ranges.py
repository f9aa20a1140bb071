"""A column's values cut into ranges of about one batch each, so that several are read at once and stay in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import polars as pl

from gateway.interfaces import ROW
from gateway.transport.sql.dialect import BATCH_ROWS, Column, Dialect, TextRows
from gateway.transport.sql.selection import Selection


@dataclass(frozen=True, slots=True)
class Partitions:
    """The column whose ranges are read beside each other, and how many at once."""

    column: str
    parts: int


def range_conditions(dialect: Dialect, connection: Any, selection: Selection, column: Column) -> list[str]:
    """The SQL of each range: the rows without a value, and then from one bound to the next; none lacks or overlaps."""
    name = dialect.quote(column.name)
    bounds = _bounds(dialect, connection, selection, name)
    if not bounds:
        return [f"{name} IS NULL", f"{name} IS NOT NULL"]
    between = [
        f"{dialect.compare(column, '>=', low)} AND {dialect.compare(column, '<', high)}"
        for low, high in pairwise(bounds)
    ]
    below, above = dialect.compare(column, "<", bounds[0]), dialect.compare(column, ">=", bounds[-1])
    return [f"{name} IS NULL", below, *between, above]


def _bounds(dialect: Dialect, connection: Any, selection: Selection, name: str) -> list[str]:
    """The value at the end of every batch of rows, in the order of the database."""
    origin = selection.origin(dialect.quote)
    ranked = f"SELECT {name} AS v, row_number() OVER (ORDER BY {name}) AS n FROM {origin} WHERE {name} IS NOT NULL"  # noqa: S608 - quoted
    statement = f"SELECT v FROM ({ranked}) ranked WHERE n % {BATCH_ROWS} = 0 ORDER BY n"  # noqa: S608 - as above
    values = [rows.get_column("v") for rows, _ in dialect.read(connection, statement, [Column("v")])]
    return list(dict.fromkeys(pl.concat(values))) if values else []


def in_order(
    pool: Executor, read: Callable[[str], list[TextRows]], statements: Iterable[str], ahead: int
) -> Generator[TextRows]:
    """The rows of some statements, of which `ahead` are read beside the one that is due, numbered through."""
    before = 0
    for future in _window(pool, read, statements, ahead):
        pieces = future.result()
        for rows, faults in pieces:
            yield rows.with_columns(pl.col(ROW) + before), [replace(fault, row=fault.row + before) for fault in faults]
        before += sum(rows.height + len(faults) for rows, faults in pieces)


def _window(
    pool: Executor, read: Callable[[str], list[TextRows]], statements: Iterable[str], ahead: int
) -> Generator[Future[list[TextRows]]]:
    under_way: deque[Future[list[TextRows]]] = deque()
    for statement in statements:
        under_way.append(pool.submit(read, statement))
        if len(under_way) > ahead:
            yield under_way.popleft()
    yield from under_way
