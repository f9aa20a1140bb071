"""The odd lines of a block: blank ones, rows over several lines, quotes inside a value, and faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from gateway.interfaces import ROW, LeftOut, RowFault
from gateway.messages import Message
from gateway.transport.text_files import TextBlock
from gateway_files.csv_header import BLANK_LINE, Header
from gateway_files.csv_row import UNCLOSED_QUOTE, Row, join_row, split_row, trouble_values, without_end

_SHOWN = 4000  # characters of a faulty row


@dataclass(slots=True)
class OddLines:
    """What the odd lines of a block come to; offsets count its lines from 0."""

    rows: dict[int, Sequence[str]] = field(default_factory=dict)  # by line number
    faults: list[RowFault] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)  # offsets of the further lines of rows that take several
    rest: int | None = None  # the offset of a row that may go on in the next block

    def frame(self, columns: Sequence[str]) -> pl.DataFrame:
        """The rows, with the number of the line where each begins."""
        cells = dict(zip(columns, zip(*self.rows.values(), strict=True), strict=True))
        return pl.DataFrame(
            {ROW: list(self.rows), **cells}, schema={ROW: pl.Int64, **dict.fromkeys(columns, pl.String)}
        )


class OddLineReader:
    """Reads the odd lines of one block."""

    def __init__(self, block: TextBlock, lines: pl.Series, header: Header, encoding: str) -> None:
        self._block = block
        self._lines = lines
        self._dialect = header.dialect
        self._columns = len(header.columns)
        self._encoding = encoding
        self._found = OddLines()

    def read(self, offsets: Iterable[int], *, is_last: bool) -> OddLines:
        """Read the rows that begin at these lines; in the last block a row cannot go on after its end."""
        past = 0
        for offset in offsets:
            if offset < past:
                continue
            row, count = self._row(offset)
            if count == 0 and not is_last:
                self._found.rest = offset
                break
            past = offset + max(count, 1)
            self._found.inner += range(offset + 1, past)
            self._settle(offset, row, past)
        return self._found

    def _row(self, offset: int) -> tuple[Row, int]:
        """A row and how many lines it takes, 0 where it is still open at the end of the block."""
        row = split_row(self._lines[offset], self._dialect)
        if row.trouble is not UNCLOSED_QUOTE:
            return row, 1
        rest = (self._ended_lines[at].decode() for at in range(offset, len(self._ended_lines)))
        return join_row(rest, self._dialect, self._columns) or (row, 0)

    def _settle(self, offset: int, row: Row, past: int) -> None:
        number = self._block.first_line + offset
        unreadable = self._unreadable(number, self._block.first_line + past)
        if self._is_blank(self._lines[offset]):
            self._found.left_out.append(LeftOut(number, BLANK_LINE, self._lines[offset]))
        elif unreadable:
            values = {"line": unreadable, "encoding": self._encoding}
            self._add_fault(offset, past, self._block.unreadable[unreadable], values)
        elif trouble := row.trouble_for(self._columns):
            self._add_fault(offset, past, trouble, trouble_values(row, self._columns, self._dialect))
        else:
            self._found.rows[number] = row.cells

    def _is_blank(self, line: str) -> bool:
        """In a table of one column only an empty line is blank: spaces may be its value."""
        return not line or (self._columns > 1 and not line.strip() and self._dialect.separator not in line)

    def _unreadable(self, number: int, past: int) -> int | None:
        if not self._block.unreadable:
            return None
        return next((line for line in range(number, past) if line in self._block.unreadable), None)

    def _add_fault(self, offset: int, past: int, message: Message, values: Mapping[str, Any]) -> None:
        text = self._lines[offset]
        if past > offset + 1:
            text = without_end(b"".join(self._ended_lines[offset:past]).decode())
        self._found.faults.append(RowFault(self._block.first_line + offset, message, values, text[:_SHOWN]))

    @cached_property
    def _ended_lines(self) -> list[bytes]:
        return self._block.text.splitlines(keepends=True)
