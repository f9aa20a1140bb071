"""One row of a CSV file, read with care: where its cells end, and what is wrong with it.

A quote opens a cell only as its first character and is doubled inside it, as RFC 4180 and Python's csv module have it;
any other quote is part of the value. Values are kept as they were written.

A cell that holds line breaks and a quote that was never closed begin alike. The lines after it are taken in only if
that gives a whole row. Where the first line has cells enough without them, a line that is a whole row of its own is
never swallowed, so that a lost quote costs one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.messages import Message

TOO_FEW_CELLS = Message(
    "csv.too_few_cells",
    zh="本行只有 {cells} 个单元格，表头有 {columns} 列；请补全缺少的单元格（空值也要保留分隔符）",
    en="the row has {cells} cells, the header {columns}; supply the missing ones (an empty one keeps its separator)",
)
TOO_MANY_CELLS = Message(
    "csv.too_many_cells",
    zh="本行有 {cells} 个单元格，表头只有 {columns} 列；请删除多余的分隔符，或给含分隔符的内容加上引号",
    en="the row has {cells} cells, the header {columns}; remove extra separators, or quote a value that holds one",
)
UNCLOSED_QUOTE = Message(
    "csv.unclosed_quote",
    zh="第 {cell} 个单元格的引号 {quote} 没有结束；请补上引号，内容中的引号应写成两个",
    en="cell {cell} opens a quote {quote} that is not closed; close it, and double each quote inside a value",
)
TEXT_AFTER_QUOTE = Message(
    "csv.text_after_quote",
    zh="第 {cell} 个单元格的引号 {quote} 结束后还有文字；内容中的引号应写成两个",
    en="text follows the closing quote {quote} of cell {cell}; double each quote inside a value",
)

LONGEST_ROW = 100  # lines; a quote that is still open after so many was never closed
_TELLING = 5  # cells; prose inside a cell has the header's number of separators by chance only when they are fewer

MESSAGES = (TOO_FEW_CELLS, TOO_MANY_CELLS, UNCLOSED_QUOTE, TEXT_AFTER_QUOTE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart; `quote` is empty where quotes mean nothing."""

    separator: str
    quote: str


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, as far as they could be read, and what stopped there."""

    cells: Sequence[str]
    trouble: Message | None = None

    def trouble_for(self, columns: int) -> Message | None:
        """Why it is no row of so many columns, if it is none."""
        if self.trouble or len(self.cells) == columns:
            return self.trouble
        return TOO_FEW_CELLS if len(self.cells) < columns else TOO_MANY_CELLS


def trouble_values(row: Row, columns: int, dialect: Dialect) -> dict[str, Any]:
    """The values of the blanks in what is said about a faulty row."""
    if row.trouble:
        return {"cell": len(row.cells), "quote": dialect.quote}
    return {"cells": len(row.cells), "columns": columns}


def split_row(text: str, dialect: Dialect) -> Row:
    """Split the text of one row, without its line end, into cells."""
    cells: list[str] = []
    at = 0
    while True:
        if dialect.quote and text.startswith(dialect.quote, at):
            end = _closing_quote(text, dialect.quote, at + 1)
            cells.append(text[at + 1 : end if end >= 0 else None].replace(dialect.quote * 2, dialect.quote))
            if end < 0:
                return Row(cells, UNCLOSED_QUOTE)
            at = end + 1
            if not text.startswith(dialect.separator, at) and at < len(text):
                return Row(cells, TEXT_AFTER_QUOTE)
        else:
            end = text.find(dialect.separator, at)
            cells.append(text[at : end if end >= 0 else None])
            at = end if end >= 0 else len(text)
        if at == len(text):
            return Row(cells)
        at += 1


def join_row(lines: Iterable[str], dialect: Dialect, columns: int | None) -> tuple[Row, int] | None:
    """The row that begins with the first of the lines, each with its line end, and how many lines it takes.

    None when the lines come to an end before the row does; `columns` is None for the header itself.
    """
    text = ""
    alone = Row(())
    may_be_lost = False  # the quote, and with it no more than the end of a cell
    for count, line in enumerate(islice(lines, LONGEST_ROW), 1):
        text += line
        if count == 1:
            may_be_lost = line.count(dialect.separator) + 1 >= (columns or 0)
        elif columns and may_be_lost and _is_whole(line, dialect, columns):
            return alone, 1
        if count > 1 and dialect.quote not in line:
            continue
        row = split_row(without_end(text), dialect)
        alone = alone if count > 1 else row
        if row.trouble is not UNCLOSED_QUOTE:
            fits = row.trouble is None and len(row.cells) == (columns or len(row.cells))
            return (row, count) if fits else (alone, 1)
    return (alone, 1) if count == LONGEST_ROW else None


def without_end(line: str) -> str:
    """The line without its LF, CRLF or CR."""
    return line.removesuffix("\n").removesuffix("\r")


def _is_whole(line: str, dialect: Dialect, columns: int) -> bool:
    if columns < _TELLING or line.count(dialect.separator) < columns - 1:
        return False
    row = split_row(without_end(line), dialect)
    return row.trouble_for(columns) is None and not any(dialect.quote in cell for cell in row.cells)


def _closing_quote(text: str, quote: str, at: int) -> int:
    while (at := text.find(quote, at)) >= 0 and text.startswith(quote, at + 1):
        at += 2
    return at
