"""A block of lines of a CSV file as a batch: plain rows by polars at once, odd lines with care, one by one.

polars fills missing cells with null in silence and drops or refuses extra ones, so the cells of every line are counted
here first, and polars is given only lines that hold exactly the header's number of cells.
"""

from __future__ import annotations

import polars as pl

from gateway.interfaces import ROW, Batch
from gateway.transport.text_files import TextBlock
from gateway_files.csv_header import Header
from gateway_files.csv_lost_digits import may_hold_shortened, without_shortened
from gateway_files.csv_odd_lines import OddLineReader


class BlockReader:
    """Reads the blocks of one file into batches."""

    def __init__(self, place: str, encoding: str, header: Header) -> None:
        self._place = place
        self._encoding = encoding
        self._header = header
        self._columns = list(header.columns)
        self._dialect = header.dialect
        self._separators = len(self._columns) - 1  # in a row
        separator, quote = header.dialect.separator, header.dialect.quote
        cell = f"(?:[^{quote}{separator}]*|{quote}(?:[^{quote}]|{quote}{quote})*{quote})"
        self._well_quoted = f"^(?:{cell}[{separator}]){{{self._separators}}}{cell}$"
        self._schema = {f"c{at}": pl.String for at in range(len(self._columns))}
        self._names_line = (separator.join(self._schema) + "\n").encode()

    def before_rows(self) -> Batch:
        """The columns, and the lines above the header."""
        schema = {ROW: pl.Int64(), **dict.fromkeys(self._columns, pl.String())}
        return Batch(self._place, pl.DataFrame(schema=schema), (), self._header.above)

    def read(self, block: TextBlock, *, is_last: bool) -> tuple[Batch, TextBlock | None]:
        """The rows of a block, and the lines at its end that belong to a row which may go on in the next one."""
        rows = self._read_whole(block)
        whole = Batch(self._place, rows) if rows is not None else None
        batch, rest = (whole, None) if whole else self._read_by_line(block, is_last=is_last)
        if may_hold_shortened(block.text):
            batch = without_shortened(batch, self._dialect.separator)
        return batch, rest

    def _read_whole(self, block: TextBlock) -> pl.DataFrame | None:
        """The rows of a block in which every line is a plain row, else None.

        It has as many separators as so many rows must have, and polars, which refuses a line with more, finds none:
        so no line has fewer. (Nor does one end in a CR alone: polars would take it and the next for one long line.)
        """
        text = block.text
        special = block.unreadable or self._separators == 0 or self._has_quotes(text)
        if special or text.count(self._dialect.separator.encode()) != self._separators * block.line_count:
            return None
        try:
            return self._parse(text, _numbers(block))
        except pl.exceptions.ComputeError:
            return None

    def _read_by_line(self, block: TextBlock, *, is_last: bool) -> tuple[Batch, TextBlock | None]:
        lines = block.lines()
        plain = self._plain(block, lines)
        odd = OddLineReader(block, lines, self._header, self._encoding).read((~plain).arg_true(), is_last=is_last)
        plain = plain.scatter(odd.inner, False)
        rest = None
        if odd.rest is not None:
            plain = plain.head(odd.rest).extend_constant(False, len(lines) - odd.rest)
            rest = block.from_line(block.first_line + odd.rest)
        rows = self._parse(_plain_text(block, lines, plain), _numbers(block).filter(plain))
        if odd.rows:
            rows = pl.concat([rows, odd.frame(self._columns)]).sort(ROW)
        return Batch(self._place, rows, odd.faults, odd.left_out), rest

    def _plain(self, block: TextBlock, lines: pl.Series) -> pl.Series:
        """Which lines hold a whole row that polars reads as this package does."""
        plain = lines.str.count_matches(self._dialect.separator, literal=True) == self._separators
        if self._separators == 0:
            plain &= lines != ""
        if self._has_quotes(block.text):
            quoted = lines.str.contains(self._dialect.quote, literal=True).arg_true()
            plain = plain.scatter(quoted, lines.gather(quoted).str.contains(self._well_quoted))
        return plain.scatter([line - block.first_line for line in block.unreadable], False)

    def _has_quotes(self, text: bytes) -> bool:
        return bool(self._dialect.quote) and self._dialect.quote.encode() in text

    def _parse(self, text: bytes, numbers: pl.Series) -> pl.DataFrame:
        rows = pl.read_csv(
            # A line of names of its own, so that neither a mark nor an odd first row is taken for something else.
            self._names_line + text,
            schema=self._schema,
            separator=self._dialect.separator,
            quote_char=self._dialect.quote if self._has_quotes(text) else None,
            empty_string_is_null=False,
        )
        rows.columns = self._columns
        return rows.insert_column(0, numbers)


def _numbers(block: TextBlock) -> pl.Series:
    return pl.int_range(block.first_line, block.first_line + block.line_count, eager=True).alias(ROW)


def _plain_text(block: TextBlock, lines: pl.Series, plain: pl.Series) -> bytes:
    if plain.all() and not block.has_lone_returns:
        return block.text
    text: bytes = lines.filter(plain).str.join("\n").cast(pl.Binary).item()
    return text
