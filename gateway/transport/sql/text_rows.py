"""Cells of a driver become columns of text; a row with a cell that is no text becomes a fault, the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl

from gateway.interfaces import ROW, RowFault
from gateway.transport.sql.dialect import TextRows
from gateway.transport.sql.messages import CELL_NOT_TEXT

# What a driver that leaves text undecoded gives; any other type is a dialect's mistake and fails loudly.
Cell = bytes | int | float | None

_CELL_SHOWN = 200  # characters of each cell of a faulty row
_BYTES_SHOWN = 12


def no_rows(names: Sequence[str]) -> pl.DataFrame:
    """An empty batch's frame."""
    return pl.DataFrame(schema={ROW: pl.Int64, **dict.fromkeys(names, pl.String)})


def text_rows(names: Sequence[str], rows: Sequence[tuple[Cell, ...]], first_row: int) -> TextRows:
    """Make the frame of some rows, the first of which is number `first_row`, and the faults among them."""
    return _framed(names, [_as_text(column) for column in zip(*rows, strict=True)], first_row, rows.__getitem__)


def byte_rows(names: Sequence[str], columns: Sequence[pl.Series], first_row: int) -> TextRows:
    """The same of whole columns of bytes."""
    rows = pl.DataFrame([column.alias(str(at)) for at, column in enumerate(columns)]).row
    return _framed(names, [_decoded(column) for column in columns], first_row, rows)


def _framed(
    names: Sequence[str],
    columns: Sequence[tuple[pl.Series, Sequence[int]]],
    first_row: int,
    cells: Callable[[int], Iterable[Cell]],
) -> TextRows:
    numbers = pl.int_range(first_row, first_row + len(columns[0][0]), eager=True).alias(ROW)
    texts = [text.alias(name) for name, (text, _) in zip(names, columns, strict=True)]
    frame = pl.DataFrame([numbers, *texts])
    bad = sorted({at for _, lost in columns for at in lost})
    if not bad:
        return frame, ()
    faults = [cell_fault(first_row + at, names, cells(at)) for at in bad]
    return frame.filter(~pl.int_range(pl.len()).is_in(bad)), faults


def joined(pieces: Sequence[TextRows]) -> TextRows:
    """The rows that stand one after the other, as one batch."""
    frames, faults = zip(*pieces, strict=True)
    return pl.concat(frames, rechunk=True), [fault for some in faults for fault in some]


def cell_fault(row: int, names: Sequence[str], cells: Iterable[Cell]) -> RowFault:
    """A row with at least one cell that is not UTF-8: which, the first bytes of the first, and the row as it was."""
    cells = list(cells)
    bad = {name: cell for name, cell in zip(names, cells, strict=True) if isinstance(cell, bytes) and _bad(cell)}
    first = next(iter(bad.values()))[:_BYTES_SHOWN].hex(" ")
    text = "\t".join(_shown(cell)[:_CELL_SHOWN] for cell in cells)
    return RowFault(row, CELL_NOT_TEXT, {"columns": ", ".join(bad), "bytes": first}, text)


def _as_text(cells: tuple[Cell, ...]) -> tuple[pl.Series, Sequence[int]]:
    """A column's text, and where a cell that is not UTF-8 left it null."""
    kinds = set(map(type, cells)) - {type(None)}
    if kinds <= {bytes}:
        return _decoded(pl.Series(cells, dtype=pl.Binary))
    if kinds == {int}:
        return pl.Series(cells, dtype=pl.Int64).cast(pl.String), ()
    if kinds == {float}:
        return _float_text(cells), ()
    return _decoded(pl.Series([_BYTES_OF[type(cell)](cell) for cell in cells], dtype=pl.Binary))


def _float_text(cells: tuple[Cell, ...]) -> pl.Series:
    """The fewest digits that read back as the same number, as repr has them; polars is ten times as fast.

    Outside of these bounds the two choose differently between 0.00001 and 1e-05.
    """
    floats = pl.Series(cells, dtype=pl.Float64)
    size = floats.abs()
    if ((size == 0) | size.is_between(1e-4, 1e16, closed="left")).all():
        return floats.cast(pl.String)
    return pl.Series([cell if cell is None else repr(cell) for cell in cells], dtype=pl.String)


_BYTES_OF: dict[type, Callable[[Any], bytes | None]] = {
    bytes: lambda cell: cell,
    int: lambda cell: str(cell).encode(),
    float: lambda cell: repr(cell).encode(),
    type(None): lambda cell: cell,
}


def _decoded(cells: pl.Series) -> tuple[pl.Series, Sequence[int]]:
    try:
        return cells.cast(pl.String), ()
    except pl.exceptions.ComputeError:  # one cell fails the column
        texts = [None if cell is None or _bad(cell) else cell.decode() for cell in cells]
    lost = [at for at, (cell, text) in enumerate(zip(cells, texts, strict=True)) if text is None and cell is not None]
    return pl.Series(texts, dtype=pl.String), lost


def _bad(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return True
    return False


def _shown(cell: Cell) -> str:
    if isinstance(cell, bytes):
        return cell[: 4 * _CELL_SHOWN].decode(errors="backslashreplace")
    return "" if cell is None else str(cell)
