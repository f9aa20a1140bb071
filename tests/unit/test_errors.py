"""Exceptions are grouped by what happens next, and worded for their reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gateway import errors
from gateway.errors import GatewayError, TryAgain, UnknownName
from gateway.messages import Message

GONE = Message("test.gone", zh="“{name}”不见了", en="{name!r} is gone")


def _tree(kind: type[GatewayError]) -> Iterator[str]:
    yield kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


def test_the_tree_at_the_top_of_the_module_is_the_tree_of_the_classes() -> None:
    drawn = re.findall(r"^[│├└─ ]*([A-Z]\w+)(?:$| {2,})", errors.__doc__ or "", flags=re.MULTILINE)
    assert drawn == list(_tree(GatewayError))


def test_an_error_is_logged_in_english_and_worded_for_its_reader() -> None:
    error = GatewayError(GONE, name="台账")
    assert (str(error), error.text("zh"), error.text("en")) == ("'台账' is gone", "“台账”不见了", "'台账' is gone")


def test_a_postponed_document_says_when_to_try_again() -> None:
    error = TryAgain(GONE, retry_after=30.0, name="x")
    assert (error.retry_after, error.values) == (30.0, {"name": "x"})


@pytest.mark.parametrize(
    ("name", "known", "offered"),
    [
        ("inspecton_targets", ["inspection_targets", "drawn"], "最接近的是：inspection_targets"),
        ("nope", ["inspectors", "inspection_targets"], "现有的有：inspection_targets, inspectors"),
        ("xyz", [], "现有的有：-"),
        ("xyz", [f"{n:02}" for n in range(99)], f"现有的有：{', '.join(f'{n:02}' for n in range(20))}, … (99)"),
    ],
    ids=["the nearest", "all where none is near", "a dash where there is none", "the first of many"],
)
def test_an_unknown_name_offers_known_ones(name: str, known: list[str], offered: str) -> None:
    assert UnknownName("dataset", "数据集", name, known).text("zh") == f"没有名为“{name}”的数据集；{offered}"
