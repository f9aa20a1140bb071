"""Issues are worded from what is stored: the code, the values and the declarations of today."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.datasets import DATASETS
from gateway.interfaces import ROW
from gateway.messages import Catalogue, Message
from gateway.operations.issue_sentences import failure_sentence, field_title, issue_sentence, original_cells
from gateway.state.issue_list import ListedIssue

MESSAGES = Catalogue(
    [Message("test.wrong", zh="{place}:{row} 的{field}“{value}”（{column}）{why}", en="{field} {value!r} {why}")]
)
ISSUE = ListedIssue(
    id=1,
    feed="a",
    dataset="departments",
    record_key=None,
    outcome="rejected",
    code="test.wrong",
    place="a.csv",
    row=7,
    field="region_code",
    column="区划",
    value="37",
    arguments='{"why": "太短"}',
    original='{"区划": "37", "_row": 7}',
    status="open",
    first_run=1,
    last_run=1,
)


def test_a_chinese_reader_reads_the_fields_chinese_title() -> None:
    assert issue_sentence(ISSUE, MESSAGES, DATASETS, "zh") == "a.csv:7 的行政区划代码“37”（区划）太短"


def test_an_english_reader_reads_the_fields_name() -> None:
    assert issue_sentence(ISSUE, MESSAGES, DATASETS, "en") == "region_code '37' 太短"


def test_a_message_that_left_with_its_plugin_is_said_by_its_code() -> None:
    assert issue_sentence(replace(ISSUE, code="gone.code"), MESSAGES, DATASETS, "zh").startswith("gone.code {")


@pytest.mark.parametrize(
    ("issue", "title"),
    [(ISSUE, "行政区划代码"), (replace(ISSUE, field="", column="备注"), "备注"), (replace(ISSUE, dataset="x"), "区划")],
)
def test_a_field_is_called_by_its_title_else_by_its_column(issue: ListedIssue, title: str) -> None:
    assert field_title(issue, DATASETS) == title


@pytest.mark.parametrize(
    ("original", "cells"),
    [(f'{{"区划": "37", "{ROW}": 7}}', {"区划": "37"}), ("a,b,c", {}), ("17", {}), (None, {})],
)
def test_original_cells_are_those_of_the_source(original: str | None, cells: dict[str, str]) -> None:
    assert original_cells(replace(ISSUE, original=original)) == cells


def test_a_failure_is_worded_from_its_code_and_values() -> None:
    failure = {"code": "test.wrong", "values": {"field": "name", "value": "x", "why": "because"}}
    assert failure_sentence(failure, MESSAGES, "en") == "name 'x' because"
