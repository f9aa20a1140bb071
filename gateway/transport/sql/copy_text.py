r"""The lines of COPY's text format become columns of text.

One line a row and one tab between cells; in a cell a tab, a line break, some control characters and the backslash are
escaped by a backslash; NULL is `\N`, which no value can look like, because a value's backslash is doubled
(https://www.postgresql.org/docs/current/sql-copy.html, "Text Format").
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gateway.interfaces import ROW, RowFault
from gateway.transport.sql.dialect import TextRows
from gateway.transport.sql.text_rows import cell_fault, no_rows

_NULL = "\\N"
_ESCAPED = {"\\\\": "\\", "\\b": "\b", "\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\v": "\v"}

# polars drops a leading mark, and without one takes a block that happens to start as zlib or gzip does for compressed.
_MARK = b"\xef\xbb\xbf"


def parse_block(names: Sequence[str], block: bytes, first_row: int) -> TextRows:
    """Split whole lines, the first of which is row `first_row`; a row that is not UTF-8 becomes a fault."""
    try:
        frame = _split(names, block)
    except pl.exceptions.ComputeError:
        return _apart(names, block, first_row)
    return frame.select(pl.int_range(first_row, first_row + pl.len()).alias(ROW), pl.all()), ()


def _split(names: Sequence[str], block: bytes) -> pl.DataFrame:
    frame = pl.read_csv(
        _MARK + block,
        schema=dict.fromkeys(names, pl.String),
        has_header=False,
        separator="\t",
        quote_char=None,
        null_values=_NULL,
        empty_string_is_null=False,
    ).rechunk()
    escaped = frame.select(pl.all().str.contains("\\", literal=True).any()).row(0)
    return frame.with_columns(
        pl.col(name).str.replace_many(_ESCAPED) for name, found in zip(names, escaped, strict=True) if found
    )


def _apart(names: Sequence[str], block: bytes, first_row: int) -> TextRows:
    """Look at the lines one by one; only a server without an encoding (SQL_ASCII) can send such a block."""
    good: dict[int, bytes] = {}
    faults: list[RowFault] = []
    for row, line in enumerate(block.removesuffix(b"\n").split(b"\n"), first_row):
        try:
            line.decode()
        except UnicodeDecodeError:
            faults.append(cell_fault(row, names, [None if cell == b"\\N" else cell for cell in line.split(b"\t")]))
        else:
            good[row] = line
    if not good:
        return no_rows(names), faults
    frame = _split(names, b"\n".join(good.values()) + b"\n")
    return frame.select(pl.Series(ROW, list(good), dtype=pl.Int64), pl.all()), faults
