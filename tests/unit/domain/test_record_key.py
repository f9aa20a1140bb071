from __future__ import annotations

from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.dataset import Dataset, Field, Type
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.record_key import key_of, record_key

# Characters that the escaping itself uses are likelier here than in any text.
part = st.text(alphabet="|%257Cc a\0😀") | st.text()
parts = st.lists(part, min_size=1, max_size=5).map(tuple)

THREE = Dataset(
    name="three",
    title="三",
    fields=(
        Field(name="a", title="a", key=True, required=True),
        Field(name="b", title="b", key=True, absent=""),
        Field(name="note", title="note"),
        Field(name="c", title="c", key=True, required=True),
    ),
)


def keys(rows: list[tuple[str | None, ...]], dataset: Dataset = THREE) -> list[str | None]:
    names = [field.name for field in dataset.keys]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.select(record_key(dataset))["record_key"].to_list()


def test_no_two_tuples_of_confusable_parts_give_the_same_key() -> None:
    confusable = ["", "a", "|", "%", "%7C", "%25", "%257C", "a|", "7C"]
    tuples = [each for length in (1, 2, 3) for each in product(confusable, repeat=length)]
    assert len({key_of(each) for each in tuples}) == len(tuples)


@given(first=parts, second=parts)
@settings(max_examples=500)
def test_two_different_tuples_never_give_the_same_key(first: tuple[str, ...], second: tuple[str, ...]) -> None:
    assert (key_of(first) == key_of(second)) == (first == second)


@given(key=parts)
def test_a_key_reads_back_into_its_parts(key: tuple[str, ...]) -> None:
    read = tuple(each.replace("%7C", "|").replace("%25", "%") for each in key_of(key).split("|"))
    assert read == key


@pytest.mark.parametrize(
    ("first", "second"),
    [(("a|", "b"), ("a", "|b")), (("a%7C", "b"), ("a|", "b")), (("a", "", "b"), ("a", "b", "")), (("%25",), ("%",))],
)
def test_parts_that_hold_the_separator_or_the_escape_stay_apart(
    first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    assert key_of(first) != key_of(second)


@given(rows=st.lists(st.tuples(part, part, part)))
@settings(deadline=None)
def test_the_column_gives_the_same_keys_as_a_typed_one(rows: list[tuple[str, ...]]) -> None:
    assert keys(list(rows)) == [key_of(row) for row in rows]


def test_an_absent_part_is_written_as_declared() -> None:
    assert keys([("x", None, "z"), ("x", "", "z")]) == ["x||z", "x||z"]


def test_a_missing_required_part_leaves_no_key() -> None:
    assert keys([(None, "y", "z"), ("x", "y", None)]) == [None, None]


def test_a_date_in_a_key_is_written_as_iso() -> None:
    dated = Dataset(name="dated", title="日", fields=(Field(name="on", title="on", type=Type.DATE, key=True),))
    frame = pl.DataFrame({"on": ["2026-05-31"]}).with_columns(pl.col("on").str.to_date())
    assert frame.select(record_key(dated))["record_key"].to_list() == ["2026-05-31"]


def test_a_target_is_named_by_kind_scheme_identifier_and_label() -> None:
    rows: list[tuple[str | None, ...]] = [("enterprise", "uscc", "91370202264706576B", None)]
    assert keys(rows, INSPECTION_TARGETS) == ["enterprise|uscc|91370202264706576B|"]
