"""A limited reading gives the first rows, each once, and says of no batch that it was read whole unless it was."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interfaces import ROW, Batch, Content, LeftOut, RowFault
from gateway.messages import Message
from gateway.pipeline.limit import first_rows

ODD = Message("test.odd", zh="错行", en="odd")
KINDS = st.lists(st.lists(st.sampled_from(["row", "fault", "left out"]), max_size=5), max_size=5)


def batches(kinds: list[list[str]]) -> list[Batch]:
    """Batches whose rows stand under one another, each row good, faulty or left out."""
    made, position = [], 0
    for number, part in enumerate(kinds):
        places = {kind: [position + at for at, each in enumerate(part) if each == kind] for kind in set(part)}
        made.append(
            Batch(
                "a",
                pl.DataFrame({ROW: places.get("row", [])}, schema={ROW: pl.Int64}),
                [RowFault(row, ODD, {}, "") for row in places.get("fault", [])],
                [LeftOut(row, ODD, "") for row in places.get("left out", [])],
                cursor={"n": str(number)},
                read_whole=[Content(str(number), "a")],
            )
        )
        position += len(part)
    return made


def read(given_batches: list[Batch]) -> list[int]:
    return [row for each in given_batches for row in sorted([*each.rows[ROW], *(fault.row for fault in each.faults)])]


@given(KINDS, st.integers(1, 12))
def test_the_first_rows_are_given_each_once(kinds: list[list[str]], limit: int) -> None:
    given_batches = batches(kinds)
    taken = list(first_rows(given_batches, limit))
    assert read(taken) == read(given_batches)[:limit]


@given(KINDS, st.integers(1, 12))
def test_only_a_whole_batch_says_where_reading_goes_on(kinds: list[list[str]], limit: int) -> None:
    given_batches = batches(kinds)
    for whole, taken in zip(given_batches, first_rows(given_batches, limit), strict=False):
        is_whole = read([whole]) == read([taken])
        assert (taken.cursor, list(taken.read_whole)) == ((whole.cursor, whole.read_whole) if is_whole else (None, []))


@pytest.mark.parametrize(("limit", "expected"), [(1, [0]), (2, [0])])
def test_lines_left_out_after_the_last_row_are_not_told(limit: int, expected: list[int]) -> None:
    given_batches = batches([["left out", "row", "row", "left out", "row"]])
    (taken,) = first_rows(given_batches, limit)
    assert [line.row for line in taken.left_out] == expected
