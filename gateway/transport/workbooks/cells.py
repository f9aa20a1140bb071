"""The cells of a sheet as text, as a person reads them: what fastexcel reads, and what it changes put right.

It writes numbers with nine places, days with a midnight, times with a day, and every number without what its format
adds. Which cells are numbers or days it tells by what it reads of them as yes or no, and as a span of time: a text is
neither, and no text is ever touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from gateway.domain.shortened_numbers import SHORTENED
from gateway.transport.workbooks.number_format import LAST_DAY, NO_DAY, is_of_days, number_text, shown
from gateway.transport.workbooks.odd_cells import OddCell, Oddity, StyledNumber

_LONG_NUMBER = r"^-?[0-9]{16,}"
_MIDNIGHT, _TIME_ALONE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$", r"^1899-12-3[01] ([0-9:.]+)$"
# The days 0 and 60 as Excel shows them: days that there never were.
_DAY_NAUGHT, _SHOWN_NAUGHT = r"^1899-12-31$", "1900-01-00"
_DAY_SIXTY, _SHOWN_SIXTY = r"^1900-02-28", "1900-02-29"
_DAY = 86_400_000  # milliseconds


def read_texts(reader: Any, name: str) -> pl.DataFrame:
    """Every cell as fastexcel writes it, "" where it is empty."""
    return _load(reader, name, "string").select(pl.all().fill_null(""))


def exact_numbers(cells: pl.DataFrame, reader: Any, name: str) -> pl.DataFrame:
    """The cells with their numbers as Excel shows them, with up to 15 digits."""
    values, is_number = _load(reader, name, "float"), _load(reader, name, "boolean")
    exact = [_exact(*each) for each in zip(cells, values, is_number, strict=True)]
    return cells.with_columns(exact)


def _exact(texts: pl.Series, values: pl.Series, is_number: pl.Series) -> pl.Series:
    # Whole numbers are right as they are, but for a zero that may be a very small number.
    rounded = (values != values.floor()) | (values == 0)
    rows = (is_number.is_not_null() & ~texts.is_in(["true", "false"]) & rounded).fill_null(False).arg_true()
    if not len(rows):
        return texts
    found = values.gather(rows)
    shortest = found.cast(pl.String)
    needs_care = shortest.str.contains("e") | (shortest.str.len_chars() > 15) | (found == 0)
    at = needs_care.arg_true()
    careful = pl.Series([number_text(each) for each in found.gather(at)], dtype=pl.String)
    return texts.scatter(rows, shortest.scatter(at, careful))


def whole_days(
    cells: pl.DataFrame, reader: Any, name: str, first: int, *, since_1904: bool
) -> tuple[pl.DataFrame, list[OddCell]]:
    """The cells with days without their midnight and times without a day; those that are no day are odd."""
    odd: list[OddCell] = []
    columns: list[pl.Series] = []
    for at, (texts, spans) in enumerate(zip(cells, _load(reader, name, "duration"), strict=True)):
        rows = spans.is_not_null().arg_true()
        numbers = spans.gather(rows).cast(pl.Int64)
        days = numbers // _DAY
        shown_days = _days(texts.gather(rows), days, since_1904=since_1904)
        for each in ((days < 0) | (days > LAST_DAY[since_1904])).arg_true():
            shown_days[each] = number_text(numbers[each] / _DAY)
            odd.append(OddCell(rows[each] + 1, at + first, Oddity.NO_DAY, shown_days[each]))
        columns.append(texts.scatter(rows, shown_days) if len(rows) else texts)
    return cells.with_columns(columns), odd


def _days(texts: pl.Series, day: pl.Series, *, since_1904: bool) -> pl.Series:
    texts = texts.str.replace(_MIDNIGHT, "$1")
    if since_1904:
        return texts
    texts = texts.str.replace(_TIME_ALONE, "$1").str.replace(_DAY_NAUGHT, _SHOWN_NAUGHT)
    return texts.zip_with(day != NO_DAY, texts.str.replace(_DAY_SIXTY, _SHOWN_SIXTY))


def as_shown(
    cells: pl.DataFrame, styled: Iterable[StyledNumber], first: int, *, since_1904: bool
) -> tuple[pl.DataFrame, list[OddCell]]:
    """The cells with those numbers as their formats show them; those of which another number is shown are odd."""
    texts_of: dict[int, tuple[list[int], list[str]]] = {}
    odd: list[OddCell] = []
    for cell in styled:
        if cell.row > cells.height or not 0 <= cell.column - first < cells.width:
            continue
        text = shown(cell.code, cell.number, since_1904=since_1904)
        if text is None:
            text = number_text(cell.number)
            no_day = is_of_days(cell.code) and not 0 <= cell.number < LAST_DAY[since_1904] + 1
            oddity = Oddity.NO_DAY if no_day else Oddity.SHOWN_OTHERWISE
            odd.append(OddCell(cell.row, cell.column, oddity, text))
        rows, texts = texts_of.setdefault(cell.column - first, ([], []))
        rows.append(cell.row - 1)
        texts.append(text)
    changed = [cells.to_series(at).scatter(rows, texts) for at, (rows, texts) in texts_of.items()]
    return cells.with_columns(changed), odd


def lost_digits(cells: pl.DataFrame, reader: Any, name: str, first: int) -> Iterator[OddCell]:
    """Numbers of more digits than a number holds; of texts, nothing can be read as yes or no."""
    for at, (texts, is_number) in enumerate(zip(cells, _load(reader, name, "boolean"), strict=True)):
        for row in (texts.str.contains(_LONG_NUMBER) & is_number.is_not_null()).fill_null(False).arg_true():
            yield OddCell(row + 1, at + first, Oddity.DIGITS_LOST, texts[row])


def shortened_texts(cells: pl.DataFrame, first: int) -> Iterator[OddCell]:
    """Texts such as 3.70102E+17, of which the other digits are lost."""
    for at, texts in enumerate(cells):
        for row in texts.str.contains(SHORTENED).arg_true():
            yield OddCell(row + 1, at + first, Oddity.SHORTENED, texts[row])


def down_to(cells: pl.DataFrame, odd: Sequence[OddCell]) -> pl.DataFrame:
    """The cells with their last rows: one of nothing but cells that were never calculated is no row to fastexcel."""
    missing = max((cell.row for cell in odd), default=0) - cells.height
    if not cells.width or missing <= 0:
        return cells
    return pl.concat([cells, pl.DataFrame({name: [""] * missing for name in cells.columns})])


def _load(reader: Any, name: str, dtype: str) -> pl.DataFrame:
    sheet = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=dtype)
    cells: pl.DataFrame = sheet.to_polars() if sheet.width else pl.DataFrame()
    cells.columns = [f"c{at}" for at in range(cells.width)]
    return cells
