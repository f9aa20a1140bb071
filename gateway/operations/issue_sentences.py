"""Issues worded for whoever reads them: stored are a code and its values, never a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.domain.dataset import Dataset
from gateway.interfaces import ROW
from gateway.messages import Catalogue, Language, Message
from gateway.state.issue_list import ListedIssue

OUTCOMES: Mapping[str, Message] = {
    "rejected": Message("outcome.rejected", zh="退回", en="rejected"),
    "held": Message("outcome.held", zh="挂起", en="held"),
    "refused": Message("outcome.refused", zh="被拒", en="refused"),
    "unknown": Message("outcome.unknown", zh="结果未知", en="unknown"),
    "reported": Message("outcome.reported", zh="报告", en="reported"),
    "note": Message("outcome.note", zh="提示", en="note"),
}


def issue_sentence(issue: ListedIssue, messages: Catalogue, datasets: Mapping[str, Dataset], language: Language) -> str:
    """What is wrong, which value, what is allowed and what to do, in one sentence."""
    title = field_title(issue, datasets)
    values = {
        "field": title if language == "zh" else issue.field,
        "title": title,
        "column": issue.column,
        "value": issue.value or "",
        "place": issue.place,
        "row": issue.row,
        **json.loads(issue.arguments or "{}"),
    }
    return messages.text(issue.code, language, values)


def failure_sentence(failure: Mapping[str, Any], messages: Catalogue, language: Language) -> str:
    """Why a run failed, from the code and values that it left."""
    return messages.text(str(failure["code"]), language, failure["values"])


def original_cells(issue: ListedIssue) -> dict[str, str | None]:
    """The row as its source wrote it, a cell a column; empty where no cells could be told apart."""
    if issue.original is None:
        return {}
    try:
        cells = json.loads(issue.original)
    except ValueError:
        return {}
    return {name: cell for name, cell in cells.items() if name != ROW} if isinstance(cells, dict) else {}


def field_title(issue: ListedIssue, datasets: Mapping[str, Dataset]) -> str:
    """The Chinese title of the field that an issue points at, else the column's own name."""
    dataset = datasets.get(issue.dataset)
    field = dataset.by_name.get(issue.field) if dataset else None
    return field.title if field else issue.column or issue.field
