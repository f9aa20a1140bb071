"""Rows whose cells carry their own names, as in XML and JSON: which columns there are, and the rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, LeftOut, RowFault
from gateway.messages import Message

NEW_COLUMN = Message(
    "file.new_column",
    zh="“{place}”的第 {row} 条有 columns 中没有写的数据项：{columns}；没有保存任何数据，请把它们写入 columns",
    en="row {row} of {place!r} has members that `columns` does not name: {columns}; nothing was stored, name them",
)
NO_COLUMNS = Message(
    "file.no_columns",
    zh="“{place}”中没有记录，因此不知道有哪些数据项；请在 columns 中写明",
    en="{place!r} holds no rows, so that its columns are not known; name them in `columns`",
)
NO_WHOLE_ROW = Message(
    "file.no_whole_row",
    zh="“{place}”的 {count} 条记录都无法读取，因此不知道有哪些数据项；第 {row} 条：{reason_zh}",
    en="none of the {count} rows of {place!r} can be read, so that its columns are not known; row {row}: {reason}",
)
UNUSABLE_NAME = Message(
    "file.unusable_name",
    zh="“{place}”有数据项名为“{name}”，名称为空白，或是网关保留的名称；请改名",
    en="a member of {place!r} is named {name!r}, which is blank or kept by the gateway for itself; rename it",
)
MESSAGES = (NEW_COLUMN, NO_COLUMNS, NO_WHOLE_ROW, UNUSABLE_NAME)

_ROWS_A_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row: where it stood, and its cells by name; what a row does not have is empty."""

    number: int
    cells: Mapping[str, str | None]


Item = NamedRow | RowFault | LeftOut


def known_columns(place: str, declared: Sequence[str], rows: Callable[[], Iterable[Item]]) -> Sequence[str]:
    """The columns that are declared, or those of all rows in the order in which they first stand.

    Without a declaration every row is read once for this alone, so that memory stays flat. Raises SourceError.
    """
    columns = declared or list(_columns_of(rows()))
    if not columns:
        raise _without_columns(place, rows())
    for name in columns:
        if name == ROW or not name.strip():
            raise SourceError(UNUSABLE_NAME, place=place, name=name)
    return columns


def _without_columns(place: str, rows: Iterable[Item]) -> SourceError:
    faults = (row for row in rows if isinstance(row, RowFault))
    first = next(faults, None)
    if first is None:
        return SourceError(NO_COLUMNS, place=place)
    zh, en = (first.message.text(language, first.values) for language in ("zh", "en"))
    count = 1 + sum(1 for _ in faults)
    return SourceError(NO_WHOLE_ROW, place=place, count=count, row=first.row, reason_zh=zh, reason=en)


def _columns_of(rows: Iterable[Item]) -> dict[str, None]:
    columns: dict[str, None] = {}
    for row in rows:
        if isinstance(row, NamedRow) and not row.cells.keys() <= columns.keys():
            columns |= dict.fromkeys(row.cells)
    return columns


def batches(place: str, columns: Sequence[str], rows: Iterable[Item]) -> Iterator[Batch]:
    """The rows in batches of these columns, one at least; raises SourceError for a cell of another name."""
    known = set(columns)
    coming = iter(rows)
    any_yet = False
    while (part := list(islice(coming, _ROWS_A_BATCH))) or not any_yet:
        any_yet = True
        yield _batch(place, columns, known, part)
        del part  # before the next is read, so that memory holds one


def _batch(place: str, columns: Sequence[str], known: set[str], part: Sequence[Item]) -> Batch:
    rows = [each for each in part if isinstance(each, NamedRow)]
    for row in rows:
        if not row.cells.keys() <= known:
            new = "、".join(name for name in row.cells if name not in known)
            raise SourceError(NEW_COLUMN, place=place, row=row.number, columns=new)
    cells = {name: pl.Series([row.cells.get(name) for row in rows], dtype=pl.String) for name in columns}
    numbers = pl.Series([row.number for row in rows], dtype=pl.Int64)
    faults = [each for each in part if isinstance(each, RowFault)]
    return Batch(place, pl.DataFrame({ROW: numbers, **cells}), faults, [e for e in part if isinstance(e, LeftOut)])
