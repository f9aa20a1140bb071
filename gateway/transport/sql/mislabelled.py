"""Texts of GBK that a database was told are latin1: it hands over ÕÅÈý where 张三 was meant, and finds nothing wrong.

Only columns of a western character set are looked at. A row with such a cell is set aside, since what stands in it is
not what was meant; western words with one accent, or three in a row, are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from gateway.interfaces import ROW, RowFault
from gateway.transport.sql.dialect import TextRows
from gateway.transport.sql.messages import CELL_MISLABELLED

_HIGH = "[\u00a1-\u00fe]"
_SUSPECT = rf"^{_HIGH}{{2}}$|{_HIGH}{{4}}"
_CELL_SHOWN = 200  # characters of each cell of a faulty row


def set_apart(found: TextRows, names: Sequence[str]) -> TextRows:
    """The rows without those that hold such a cell in one of the columns, which become faults."""
    rows, faults = found
    marks = rows.select(_is_mislabelled(rows[name]) for name in names)
    if not names or not (bad := marks.select(pl.any_horizontal(pl.all())).to_series()).any():
        return found
    wrong = [
        _fault(row, [name for name, marked in mark.items() if marked])
        for row, mark in zip(rows.filter(bad).to_dicts(), marks.filter(bad).to_dicts(), strict=True)
    ]
    return rows.filter(~bad), sorted([*faults, *wrong], key=lambda fault: fault.row)


def meant(text: str) -> str | None:
    """What a text says in GBK; None where it is none."""
    if not re.search(_SUSPECT, text):
        return None
    try:
        return text.encode("latin-1").decode("gb18030")
    except UnicodeError:
        return None


def _is_mislabelled(texts: pl.Series) -> pl.Series:
    suspect = texts.str.contains(_SUSPECT).fill_null(value=False)
    if not suspect.any():
        return suspect
    marks = [seems and meant(text) is not None for seems, text in zip(suspect, texts, strict=True)]
    return pl.Series(texts.name, marks, dtype=pl.Boolean)


def _fault(row: dict[str, object], columns: list[str]) -> RowFault:
    value = str(row[columns[0]])
    text = "\t".join("" if cell is None else str(cell)[:_CELL_SHOWN] for name, cell in row.items() if name != ROW)
    values = {"columns": ", ".join(columns), "value": value[:_CELL_SHOWN], "meant": (meant(value) or "")[:_CELL_SHOWN]}
    number = row[ROW]
    assert isinstance(number, int)
    return RowFault(number, CELL_MISLABELLED, values, text)
