"""Digests are frozen: a change here makes every record of every deployment look changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.dataset import Dataset, Field, Type
from gateway.domain.departments import DEPARTMENTS
from gateway.domain.digest import record_digest
from gateway.domain.inspection_targets import INSPECTION_TARGETS

EVERY_TYPE = Dataset(
    name="every_type",
    title="各种类型",
    fields=tuple(Field(name=each.value, title=each.value, type=each) for each in Type),
)

RECORD: dict[str, Any] = {
    "text": "青岛天高装饰工程有限公司",
    "date": date(1997, 1, 1),
    "time": datetime(2026, 5, 31, 8, 30, 0, 1, tzinfo=UTC),
    "money": 10_000_000_000,
    "integer": -7,
    "boolean": True,
}


def digests(dataset: Dataset, *records: dict[str, Any]) -> list[str]:
    return pl.DataFrame(list(records), schema=dataset.schema).select(record_digest(dataset)).to_series().to_list()


def reference(dataset: Dataset, record: dict[str, Any]) -> str:
    """The same by the standard library alone, after the module's own description."""
    texts = [_plain(record.get(field.name)) for field in dataset.fields]
    return sha256("\x1f".join(texts).rstrip("\x1f").encode()).hexdigest()[:32]


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        since = value - datetime(1970, 1, 1, tzinfo=UTC)
        return str((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
    if isinstance(value, date):
        return str((value - date(1970, 1, 1)).days)
    return str(int(value)) if isinstance(value, bool) else str(value)


def test_the_digest_of_a_record_of_every_type_is_frozen() -> None:
    assert digests(EVERY_TYPE, RECORD) == ["e02b4b8e7c36b708a475ecbfa1d6ce35"]


def test_the_digest_of_a_registration_is_frozen() -> None:
    record = {
        "kind": "enterprise",
        "identifier_scheme": "uscc",
        "identifier": "91370202264706576B",
        "name": "青岛天高装饰工程有限公司",
        "registered_capital": 100_000_000,
        "capital_currency": "CNY",
        "established_on": date(1997, 1, 1),
        "region_code": "370200",
    }
    assert digests(INSPECTION_TARGETS, record) == ["592d10be6bb13cd7ddcca167d870dfb1"]


def test_the_digest_of_a_department_is_frozen() -> None:
    record = {"department_code": "370200-01", "name": "青岛市市场监督管理局", "region_code": "370200"}
    assert digests(DEPARTMENTS, record) == ["512ab57cf949c514818b160fd0aeb814"]


def test_any_language_can_work_it_out_again() -> None:
    assert digests(EVERY_TYPE, RECORD, {}, {"boolean": False}) == [
        reference(EVERY_TYPE, each) for each in (RECORD, {}, {"boolean": False})
    ]


def test_the_version_that_a_source_gives_is_no_part_of_it() -> None:
    first, second = digests(EVERY_TYPE, {**RECORD, "record_version": "1"}, {**RECORD, "record_version": "2"})
    assert first == second


@pytest.mark.parametrize("field", RECORD)
def test_every_field_is_part_of_it(field: str) -> None:
    first, second = digests(EVERY_TYPE, RECORD, {**RECORD, field: None})
    assert first != second


def test_a_value_in_another_field_is_another_record() -> None:
    record = {"department_code": "1", "name": "a", "region_code": "370200"}
    first, second = digests(DEPARTMENTS, {**record, "uscc": "x"}, {**record, "level": "x"})
    assert first != second


def test_a_field_declared_later_and_not_filled_leaves_digests_as_they_were() -> None:
    grown = replace(EVERY_TYPE, fields=(*EVERY_TYPE.fields, Field(name="later", title="后加")))
    assert digests(grown, RECORD) == digests(EVERY_TYPE, RECORD)


def test_an_empty_text_and_no_value_are_one() -> None:
    first, second = digests(DEPARTMENTS, {"department_code": "1", "uscc": ""}, {"department_code": "1", "uscc": None})
    assert first == second


texts = st.none() | st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=5)


@given(st.lists(texts, min_size=6, max_size=6), st.lists(texts, min_size=6, max_size=6))
def test_two_records_have_one_digest_only_when_they_are_equal(first: list[str], second: list[str]) -> None:
    names = [field.name for field in DEPARTMENTS.fields]
    one, other = digests(DEPARTMENTS, dict(zip(names, first, strict=True)), dict(zip(names, second, strict=True)))
    assert (one == other) == (first == second)
