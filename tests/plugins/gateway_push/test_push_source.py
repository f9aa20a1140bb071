"""What is pushed is read strictly: numbers as written, each wrong row by itself, and nothing that is no list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Batch, Source, Surroundings
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_push.source import PushOptions, PushSource


def source(*columns: str, rows_at_most: int = 10) -> PushSource:
    options = PushOptions(columns=columns or ("code", "name"), rows_at_most=rows_at_most)
    return PushSource(options, Surroundings(Path(), {}.__getitem__))


class TestPushSourceContract(SourceContract):
    """What a source promises that has nothing to read by itself: its columns, on a day without rows too."""

    @pytest.fixture
    def source(self) -> Source:
        return source()

    @pytest.fixture
    def empty_source(self) -> Source:
        return source()

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {}


class TestPushedBatchContract(SourceContract):
    """A batch keeps the same promises, as if the source read it: twice the same, every row once."""

    @pytest.fixture
    def source(self) -> Source:
        return _Pushed(b'[{"code":"01","name":1.10},[2],{"code":""},{"code":"4","other":5},{"name":null}]')

    @pytest.fixture
    def empty_source(self) -> Source:
        return _Pushed(b"[]")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {1: ("01", "1.10"), 2: None, 3: ("", ""), 4: None, 5: ("", "")}


@dataclass(frozen=True)
class _Pushed:
    """The source and what was pushed to it."""

    body: bytes

    def check(self) -> None:
        source().check()

    def read(self) -> Iterator[Batch]:
        yield source().batch("push/1", self.body)


def test_values_are_taken_as_they_were_written() -> None:
    body = '[{"code":00.10}]'
    with pytest.raises(SourceError):
        source().batch("push/1", body.encode())
    body = (
        '\ufeff[{"code":1234567890123456789012.10,"name":[1.0,{"a":true}]},{"name":null},{"code":"","name":false},{}]'
    )
    batch = source().batch("push/1", body.encode())
    assert (batch.place, batch.faults) == ("push/1", [])
    assert batch.rows.rows() == [
        (1, "1234567890123456789012.10", '[1.0,{"a":true}]'),
        (2, None, None),
        (3, "", "false"),
        (4, None, None),
    ]


def test_a_wrong_row_keeps_its_number_and_its_text() -> None:
    batch = source().batch("push/1", b'[{"code":"1"},[2],{"code":"3","x":4},{"code":"4","code":"5"},{"name":"6"}]')
    assert batch.rows["_row"].to_list() == [1, 5]
    assert [(fault.row, fault.message.code, fault.text) for fault in batch.faults] == [
        (2, "push.row_no_object", "[2]"),
        (3, "push.undeclared_member", '{"code":"3","x":4}'),
        (4, "push.doubled_member", '{"code":"4","code":"5"}'),
    ]


def test_by_itself_it_has_columns_and_no_rows() -> None:
    (batch,) = source().read()
    assert (batch.rows.columns, batch.rows.height) == (["_row", "code", "name"], 0)


def test_more_rows_than_agreed_are_no_batch() -> None:
    assert source(rows_at_most=2).batch("push/1", b"[{},{}]").rows.height == 2
    with pytest.raises(SourceError, match="3 rows were pushed at once and 2 are allowed"):
        source(rows_at_most=2).batch("push/1", b"[{},{},{}]")


@pytest.mark.parametrize("columns", [(), ("",), ("_row",)])
def test_columns_that_cannot_be_are_refused(columns: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        PushOptions(columns=columns)
