"""Cells of a driver as text, whatever mixture a column holds."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.transport.sql.text_rows import text_rows

numbers = st.floats(allow_nan=False)
everyday_numbers = st.floats(1e-4, 1e16, exclude_max=True) | st.floats(-1e16, -1e-4, exclude_min=True) | st.just(0.0)


def texts(cells: list[bytes | int | float | None]) -> list[str | None]:
    frame, faults = text_rows(["v"], [(cell,) for cell in cells], 1)
    assert list(faults) == []
    return frame["v"].to_list()


@settings(deadline=None, max_examples=500)
@given(st.lists(st.none() | everyday_numbers, min_size=1) | st.lists(st.none() | numbers, min_size=1))
@example([0.1, 0.1 + 0.2, 100.0, -0.0, 9999999999999998.0, 0.0001, None])
@example([1e16])
@example([0.00001])
@example([float("inf"), 1.5])
@example([5e-324, 1.7976931348623157e308])
def test_a_float_has_the_fewest_digits_that_read_back_as_itself(cells: list[float | None]) -> None:
    assert texts([*cells]) == [None if cell is None else repr(cell) for cell in cells]


@settings(deadline=None)
@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | numbers | st.text().map(str.encode), min_size=1))
def test_a_cell_reads_the_same_whatever_stands_beside_it(cells: list[bytes | int | float | None]) -> None:
    assert texts(cells) == [text for cell in cells for text in texts([cell])]
