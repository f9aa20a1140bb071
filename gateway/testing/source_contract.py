"""What every source promises, as tests to inherit.

    class TestMySource(SourceContract):
        @pytest.fixture
        def source(self, tmp_path: Path) -> Source: ...

        @pytest.fixture
        def expected_rows(self) -> ExpectedRows:
            return {2: ("91370202264706576B", "甲公司"), 3: None}

        @pytest.fixture
        def empty_source(self, tmp_path: Path) -> Source: ...

`source` is of one place and long enough for several batches where it can be; it holds faulty rows if such sources have
any. `empty_source` has columns and no rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from gateway.interfaces import ROW, Source

# The cells of each row by its true position, "" for an empty cell; None for a row that must come as a fault.
ExpectedRows = Mapping[int, Sequence[str] | None]


class SourceContract:
    """The promises of a source; a subclass gives the three fixtures."""

    def test_every_row_stands_once(self, source: Source, expected_rows: ExpectedRows) -> None:
        """Each row is in `rows`, with its cells as they were written, or in `faults`."""
        found: list[tuple[int, object]] = []
        for batch in source.read():
            cells = batch.rows.drop(ROW).fill_null("").rows()
            found += zip(batch.rows[ROW].to_list(), cells, strict=True)
            found += [(fault.row, None) for fault in batch.faults]
        wanted = [(row, None if cells is None else tuple(cells)) for row, cells in expected_rows.items()]
        assert sorted(found, key=_position) == sorted(wanted, key=_position)

    def test_row_numbers_rise(self, source: Source) -> None:
        """Rows, faults and lines left out each come in the order in which they stand."""
        batches = list(source.read())
        _assert_rising(row for batch in batches for row in batch.rows[ROW])
        _assert_rising(fault.row for batch in batches for fault in batch.faults)
        _assert_rising(line.row for batch in batches for line in batch.left_out)

    def test_row_numbers_are_int64(self, source: Source) -> None:
        """The number of a row has one type everywhere."""
        types = {batch.rows.schema[ROW] for batch in source.read()}
        assert types == {pl.Int64()}

    def test_columns_are_the_same_in_every_batch(self, source: Source) -> None:
        """A column that comes and goes would be taken for a renamed one."""
        columns = [sorted(batch.rows.columns) for batch in source.read()]
        assert columns == columns[:1] * len(columns)

    def test_every_cell_is_text(self, source: Source) -> None:
        """Neither a leading zero nor the end of a long number is lost."""
        for batch in source.read():
            types = batch.rows.drop(ROW).schema
            assert types == dict.fromkeys(types, pl.String())

    def test_reading_twice_gives_the_same(self, source: Source) -> None:
        """A run that was killed reads again from the beginning."""
        first, second = _all(source), _all(source)
        assert second == first

    def test_check_passes_and_changes_nothing(self, source: Source) -> None:
        """A check may be made at any time, and finds nothing wrong with what can be read."""
        before = _all(source)
        source.check()
        assert _all(source) == before

    def test_a_source_without_rows_gives_one_batch_with_its_columns(self, empty_source: Source) -> None:
        """A renamed column is noticed even on a day without rows."""
        empty_source.check()
        batches = list(empty_source.read())
        assert [(batch.rows.height, len(batch.faults)) for batch in batches] == [(0, 0)]
        assert set(batches[0].rows.columns) > {ROW}


def _all(source: Source) -> tuple[list[object], ...]:
    batches = list(source.read())
    rows: list[object] = [row for batch in batches for row in batch.rows.rows()]
    return rows, [each for batch in batches for each in (*batch.faults, *batch.left_out)]


def _position(row: tuple[int, object]) -> int:
    return row[0]


def _assert_rising(numbers: Iterable[int]) -> None:
    positions = list(numbers)
    assert positions == sorted(set(positions))
