"""Each promise of the source contract is shown to catch a source that breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from inspect import signature
from typing import Any

import polars as pl
import pytest

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, LeftOut, RowFault
from gateway.messages import Message
from gateway.testing.source_contract import ExpectedRows, SourceContract

BAD = Message("test.bad", zh="坏行", en="a bad row")
EXPECTED: ExpectedRows = {2: ("007", "甲"), 3: ("008", ""), 4: None, 6: ("009", "丙")}


def batch(*rows: tuple[int, str, str | None], faults: tuple[int, ...] = (), left_out: tuple[int, ...] = ()) -> Batch:
    schema = {ROW: pl.Int64(), "code": pl.String(), "name": pl.String()}
    return Batch(
        "a.csv",
        pl.DataFrame(rows, schema=schema, orient="row"),
        [RowFault(row, BAD, {}, "") for row in faults],
        [LeftOut(row, BAD, "") for row in left_out],
    )


class Honest:
    """A source that keeps every promise."""

    def __init__(self, *, empty: bool = False) -> None:
        self.empty = empty
        self.times_read = 0
        self.checked = False

    def check(self) -> None:
        self.checked = True

    def read(self) -> Iterator[Batch]:
        self.times_read += 1
        yield from self.without_rows() if self.empty else self.with_rows()

    def with_rows(self) -> list[Batch]:
        return [batch((2, "007", "甲"), (3, "008", None), faults=(4,)), batch((6, "009", "丙"), left_out=(5, 7))]

    def without_rows(self) -> list[Batch]:
        return [batch()]


class LosesTheLastBatch(Honest):
    def with_rows(self) -> list[Batch]:
        return super().with_rows()[:1]


class GivesARowTwice(Honest):
    def with_rows(self) -> list[Batch]:
        first, second = super().with_rows()
        return [first, replace(second, rows=pl.concat([second.rows, second.rows]))]


class GivesAFaultAsARowToo(Honest):
    def with_rows(self) -> list[Batch]:
        first, second = super().with_rows()
        return [first, replace(second, faults=[RowFault(6, BAD, {}, "")])]


class LosesAFault(Honest):
    def with_rows(self) -> list[Batch]:
        return [replace(each, faults=()) for each in super().with_rows()]


class NumbersRowsFromZero(Honest):
    def with_rows(self) -> list[Batch]:
        return [replace(each, rows=each.rows.with_columns(pl.col(ROW) - 1)) for each in super().with_rows()]


class TrimsCells(Honest):
    def with_rows(self) -> list[Batch]:
        rows = [each.rows.with_columns(pl.col("code").str.strip_chars_start("0")) for each in super().with_rows()]
        return [replace(each, rows=trimmed) for each, trimmed in zip(super().with_rows(), rows, strict=True)]


class ReadsBackwards(Honest):
    def with_rows(self) -> list[Batch]:
        return super().with_rows()[::-1]


class CountsEachBatchAnew(Honest):
    def with_rows(self) -> list[Batch]:
        return [
            replace(each, rows=each.rows.with_columns(pl.lit(1, pl.Int64).alias(ROW))) for each in super().with_rows()
        ]


class GivesFaultsBackwards(Honest):
    def with_rows(self) -> list[Batch]:
        return [batch(faults=(4, 3))]


class LeavesOutBackwards(Honest):
    def with_rows(self) -> list[Batch]:
        return [batch(left_out=(4, 3))]


class CountsInSmallNumbers(Honest):
    def with_rows(self) -> list[Batch]:
        return [replace(each, rows=each.rows.cast({ROW: pl.UInt32})) for each in super().with_rows()]


class DropsEmptyColumns(Honest):
    def with_rows(self) -> list[Batch]:
        first, second = super().with_rows()
        return [first, replace(second, rows=second.rows.drop("name"))]


class GuessesTypes(Honest):
    def with_rows(self) -> list[Batch]:
        return [replace(each, rows=each.rows.cast({"code": pl.Int64})) for each in super().with_rows()]


class ReadsOnlyOnce(Honest):
    def with_rows(self) -> list[Batch]:
        return super().with_rows() if self.times_read == 1 else super().without_rows()


class ForgetsFaultsTheSecondTime(Honest):
    def with_rows(self) -> list[Batch]:
        faults = (4,) if self.times_read == 1 else ()
        return [batch((2, "007", "甲"), faults=faults)]


class ConsumesRowsWhenChecked(Honest):
    def with_rows(self) -> list[Batch]:
        return super().without_rows() if self.checked else super().with_rows()


class FindsFaultWithItself(Honest):
    def check(self) -> None:
        raise SourceError(BAD)


class IsSilentWithoutRows(Honest):
    def without_rows(self) -> list[Batch]:
        return []


class HasNoColumnsWithoutRows(Honest):
    def without_rows(self) -> list[Batch]:
        return [Batch("a.csv", pl.DataFrame(schema={ROW: pl.Int64}))]


class InventsARow(Honest):
    def without_rows(self) -> list[Batch]:
        return [batch((2, "", ""))]


class RefusesToBeEmpty(Honest):
    def without_rows(self) -> list[Batch]:
        raise SourceError(BAD)


PROMISES = sorted(name for name in vars(SourceContract) if name.startswith("test_"))
CAUGHT: dict[str, list[type[Honest]]] = {
    "test_every_row_stands_once": [
        LosesTheLastBatch,
        GivesARowTwice,
        GivesAFaultAsARowToo,
        LosesAFault,
        NumbersRowsFromZero,
        TrimsCells,
    ],
    "test_row_numbers_rise": [
        ReadsBackwards,
        GivesARowTwice,
        CountsEachBatchAnew,
        GivesFaultsBackwards,
        LeavesOutBackwards,
    ],
    "test_row_numbers_are_int64": [CountsInSmallNumbers],
    "test_columns_are_the_same_in_every_batch": [DropsEmptyColumns],
    "test_every_cell_is_text": [GuessesTypes],
    "test_reading_twice_gives_the_same": [ReadsOnlyOnce, ForgetsFaultsTheSecondTime],
    "test_check_passes_and_changes_nothing": [ConsumesRowsWhenChecked, FindsFaultWithItself],
    "test_a_source_without_rows_gives_one_batch_with_its_columns": [
        IsSilentWithoutRows,
        HasNoColumnsWithoutRows,
        InventsARow,
        RefusesToBeEmpty,
        FindsFaultWithItself,
    ],
}


def keep(promise: str, kind: type[Honest]) -> None:
    """Call the test with the fixtures that it asks for."""
    given: dict[str, Any] = {"source": kind(), "expected_rows": EXPECTED, "empty_source": kind(empty=True)}
    test = getattr(SourceContract(), promise)
    test(**{name: given[name] for name in signature(test).parameters})


@pytest.mark.parametrize("promise", PROMISES)
def test_a_source_that_keeps_every_promise_passes(promise: str) -> None:
    keep(promise, Honest)


def test_every_promise_of_a_source_is_shown_to_catch_something() -> None:
    assert sorted(CAUGHT) == PROMISES


@pytest.mark.parametrize(
    ("promise", "broken"), [(promise, broken) for promise, kinds in CAUGHT.items() for broken in kinds]
)
def test_a_broken_source_is_caught(promise: str, broken: type[Honest]) -> None:
    with pytest.raises((AssertionError, SourceError)):
        keep(promise, broken)
