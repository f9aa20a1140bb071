"""Rows that are left out: each is found afterwards, and names the records that it may hide."""

from __future__ import annotations

import json

import polars as pl
import pytest

from gateway.interfaces import Batch, LeftOut
from gateway.messages import Message
from gateway.pipeline.left_out import LeftOutRows

TOTAL = Message("total", zh="合计行", en="a row of totals")


def rows(*texts: str) -> LeftOutRows:
    left_out = LeftOutRows()
    left_out.take(Batch("a.xlsx", pl.DataFrame(), (), [LeftOut(at, TOTAL, text) for at, text in enumerate(texts, 1)]))
    return left_out


def test_each_row_is_noted_with_its_place_its_rule_and_its_text() -> None:
    (note,) = rows("合计 | 2\n人").issues()
    assert (note["outcome"], note["place"], note["row"], note["value"]) == ("note", "a.xlsx", 1, "total")
    assert note["original"] == "合计 | 2\n人"
    assert json.loads(str(note["arguments"])) == {"rule": "a row of totals", "rule_zh": "合计行", "text": "合计 | 2 人"}


def test_blank_rows_are_counted_and_not_noted() -> None:
    found = rows("", " ", "合计")
    assert (found.count, [note["row"] for note in found.issues()]) == (3, [3])


def test_beyond_a_thousand_the_others_are_counted_in_one_note() -> None:
    notes = rows(*["合计"] * 1003).issues()
    assert len(notes) == 1001
    assert (notes[-1]["code"], notes[-1]["arguments"]) == ("row.more_left_out", '{"more": 3}')


@pytest.mark.parametrize("text", ["负责人：0039", "负责人 | 0039", "负责人,0039,张三"])
def test_a_record_is_found_by_a_part_of_its_key(text: str) -> None:
    found = rows("合计 | 3 | 3704", text)
    assert found.naming(["0040|3704", "0039|3704"], besides="3704") == ("0039|3704", "a.xlsx", 2)


def test_a_part_within_a_longer_word_names_nothing() -> None:
    assert rows("合计 | 100390 | 3704").naming(["0039|3704"], besides="3704") is None


def test_a_row_that_is_not_listed_any_more_hides_no_record_either() -> None:
    found = rows(*["合计"] * 1003, "负责人：0039")
    assert found.naming(["0039|3704"], besides="3704") == ("0039|3704", "a.xlsx", 1004)
