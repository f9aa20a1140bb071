"""Many rows at once: frames into tables and tables into frames, by the fastest way that each database has.

PostgreSQL takes text by COPY, SQLite tuples; both give text joined by themselves, so that no Python object
is made a cell where only hashes are wanted.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby
from typing import Any

import polars as pl
import sqlalchemy as sa

from gateway.state.ahead import made_ahead

_CELL, _NULL, _END = "\x1f", "\x1e", "\x1d"  # stored text holds neither: control characters are refused by the checks
_FRAME_ROWS = 25_000  # joined to one text by the database, which then still lies in the processor's cache
_TUPLES = 2_000  # made at once: so few are still in the processor's cache when the driver reads them
_COPIED = 5_000  # rows rendered at once, while the server takes those before them
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}  # the backslash first
_SPECIAL = r"[\\\t\n\r]"


def insert_frame(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Insert the rows of a frame whose columns are columns of the table."""
    insert_frames(connection, table, [frame])


def insert_frames(connection: sa.Connection, table: sa.Table, frames: Iterable[pl.DataFrame]) -> None:
    """Insert the rows of many frames of the same columns, PostgreSQL's as one stream."""
    filled = groupby((each for each in frames if each.height), key=_filled)
    for columns, those in filled:
        parts = (_storable(each.select(columns), connection.dialect.name) for each in those)
        if connection.dialect.name == "postgresql":
            _copy_in(connection, table.name, columns, parts)
            continue
        statement = _insert_statement(table.name, columns)
        for part in chain.from_iterable(each.iter_slices(_TUPLES) for each in parts):
            connection.exec_driver_sql(statement, part.rows())


def _filled(frame: pl.DataFrame) -> list[str]:
    return [column.name for column in frame if column.null_count() < frame.height]  # the others are NULL by default


def update_frame(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Update the rows named by the frame's `id` with its other columns."""
    if frame.is_empty():
        return
    frame = _storable(frame, connection.dialect.name)
    columns = [name for name in frame.columns if name != "id"]
    if connection.dialect.name == "postgresql":
        staged = _stage(connection, table, frame)
        assignments = ", ".join(f'"{name}" = staged."{name}"' for name in columns)
        connection.exec_driver_sql(
            f'UPDATE "{table.name}" t SET {assignments} FROM {staged} staged WHERE t.id = staged.id'
        )
        connection.exec_driver_sql(f"DROP TABLE {staged}")
    else:
        assignments = ", ".join(f'"{name}" = ?' for name in columns)
        connection.exec_driver_sql(
            f'UPDATE "{table.name}" SET {assignments} WHERE id = ?',
            frame.select(*columns, "id").rows(),
        )


def _storable(frame: pl.DataFrame, dialect: str) -> pl.DataFrame:
    times = pl.selectors.datetime()
    frame = frame.with_columns(times.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00"))
    if dialect == "sqlite":
        frame = frame.with_columns(pl.selectors.date().cast(pl.String), pl.selectors.boolean().cast(pl.Int8))
    return frame


def _insert_statement(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'


def _stage(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> str:
    names = ", ".join(f'"{name}"' for name in frame.columns)
    staged = f"staged_{table.name}"
    connection.exec_driver_sql(
        f'CREATE TEMPORARY TABLE {staged} ON COMMIT DROP AS SELECT {names} FROM "{table.name}" WITH NO DATA'
    )
    _copy_in(connection, staged, frame.columns, [frame])
    return staged


def _copy_in(connection: sa.Connection, table: str, columns: Sequence[str], frames: Iterable[pl.DataFrame]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    slices = chain.from_iterable(frame.iter_slices(_COPIED) for frame in frames)
    with (
        _cursor(connection) as cursor,
        cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy,
        ThreadPoolExecutor(1) as renderer,
    ):
        for text in made_ahead(renderer, _copy_text, slices):
            copy.write(text)


def _copy_text(frame: pl.DataFrame) -> memoryview:
    """The rows in the text format of COPY, which the server reads faster than CSV; characters special to it escaped."""
    found = frame.select(pl.selectors.string().str.contains(_SPECIAL).any())
    special = [column.name for column in found if column.item()]
    for character, escape in _ESCAPES.items():
        frame = frame.with_columns(pl.col(special).str.replace_all(character, escape, literal=True))
    text = io.BytesIO()  # a string would be made only to be encoded again
    frame.write_csv(text, include_header=False, separator="\t", quote_style="never", null_value="\\N")
    return text.getbuffer()


def _cursor(connection: sa.Connection) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.cursor()


def text_frames(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], where: str, values: Sequence[Any] = ()
) -> Iterator[pl.DataFrame]:
    """The rows of a table that match an SQL condition, as frames of text columns; NULL comes back as null.

    `where` names its values with ``?``. The rows come in no particular order.
    """
    last = connection.exec_driver_sql(f'SELECT coalesce(max(id), 0) FROM "{table.name}"').scalar_one()
    for start in range(0, last, _FRAME_ROWS):
        part = f"id > {start} AND id <= {start + _FRAME_ROWS} AND ({where})"
        yield text_frame(connection, table, columns, part, values)


def text_frame(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], where: str, values: Sequence[Any] = ()
) -> pl.DataFrame:
    """The same for a condition that an index answers and few rows match, in one frame.

    The database joins the cells into one text, which is parsed at once: no Python object is made a cell or a row.
    """
    cells = f" || '{_CELL}' || ".join(_cell(table.c[name]) for name in columns)
    if connection.dialect.name == "postgresql":
        joined, where = f"string_agg({cells}, chr(29))", where.replace("%", "%%").replace("?", "%s")
    else:
        joined = f"group_concat({cells}, char(29))"
    text = connection.exec_driver_sql(
        f'SELECT {joined} FROM "{table.name}" WHERE {where}',
        tuple(values),
    ).scalar_one()
    return _parse(text, columns) if text is not None else pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))


def _cell(column: sa.Column[Any]) -> str:
    text = f'CAST("{column.name}" AS TEXT)'
    return f"coalesce({text}, '{_NULL}')" if column.nullable else text


def _parse(text: str, columns: Sequence[str]) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(text.encode()),
        has_header=False,
        new_columns=list(columns),
        schema_overrides=[pl.String] * len(columns),
        separator=_CELL,
        quote_char=None,
        null_values=[_NULL],
        eol_char=_END,
        empty_string_is_null=False,
        infer_schema=False,
    ).rechunk()


def frame_of(connection: sa.Connection, query: sa.Select[Any], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The typed rows of a query; built by column, because frames from row tuples are several times slower."""
    rows = connection.execute(query).fetchall()
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        [_series(name, values, dtype) for (name, dtype), values in zip(schema.items(), columns, strict=True)]
    )


def _series(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype=pl.String).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC"
        )
    return pl.Series(name, values, dtype=dtype)


def typed(texts: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The text columns that the schema names, as what they are; other columns stay text."""
    return texts.with_columns(_from_text(name, dtype) for name, dtype in schema.items())


def _from_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Date):
        return column.str.to_date("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC")
    if isinstance(dtype, pl.Boolean):
        return pl.when(column.is_not_null()).then(column.is_in(["1", "t", "true"])).alias(name)
    return column.cast(dtype)
