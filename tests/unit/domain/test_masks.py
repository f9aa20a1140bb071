"""From Boolean columns to findings."""

from __future__ import annotations

import polars as pl

from gateway.domain.findings import FINDINGS, Outcome
from gateway.domain.masks import Meaning, findings_at, joined
from gateway.messages import Message

MEANING = Meaning(Outcome.HELD, Message("a.b", "中", "e"), "name", "名称", {"title": "名称"})


def found(*values: str | None) -> pl.DataFrame:
    index = pl.Series(range(len(values)), dtype=pl.UInt32)
    return findings_at(index, pl.Series(values, dtype=pl.String), MEANING)


def test_a_finding_says_everything_of_one_row() -> None:
    assert found("甲").rows(named=True) == [
        {
            "index": 0,
            "outcome": "held",
            "code": "a.b",
            "field": "name",
            "column": "名称",
            "value": "甲",
            "arguments": '{"title": "名称"}',
        }
    ]


def test_findings_have_the_declared_columns() -> None:
    assert (dict(found("甲").schema), dict(joined([]).schema)) == (FINDINGS, FINDINGS)


def test_invisible_characters_are_shown() -> None:
    assert found("a\x07\u200bb\x85\n")["value"].to_list() == ["a<U+0007><U+200B>b<U+0085><U+000A>"]


def test_a_long_value_is_cut_and_says_so() -> None:
    assert found("长" * 501, "长" * 500)["value"].to_list() == ["长" * 500 + "…", "长" * 500]


def test_no_value_stays_no_value() -> None:
    assert found(None)["value"].to_list() == [None]


def test_findings_of_several_checks_come_in_the_order_of_rows() -> None:
    parts = joined([found("a", "b"), found("c", "d")])
    assert parts.select("index", "value").rows() == [(0, "a"), (0, "c"), (1, "b"), (1, "d")]
