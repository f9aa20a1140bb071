"""Issues for programs: everything that is stored, and the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.messages import Language
from gateway.operations.issue_sentences import issue_sentence, original_cells

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.state.issue_list import ListedIssue


def issue_row(issue: ListedIssue, gateway: Gateway, language: Language) -> dict[str, Any]:
    """One issue; `original` is an object of cells, or the raw line where no cells could be told apart."""
    return {
        "issue": issue.id,
        "feed": issue.feed,
        "dataset": issue.dataset,
        "outcome": issue.outcome,
        "code": issue.code,
        "sentence": issue_sentence(issue, gateway.messages, gateway.datasets, language),
        "place": issue.place,
        "row": issue.row,
        "field": issue.field,
        "column": issue.column,
        "value": issue.value,
        "record_key": issue.record_key,
        "original": original_cells(issue) or issue.original,
        "status": issue.status,
        "first_run": issue.first_run,
        "last_run": issue.last_run,
    }
