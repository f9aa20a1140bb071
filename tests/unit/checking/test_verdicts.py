"""Where each row ends after what was found of it."""

from __future__ import annotations

import polars as pl

from gateway.checking import verdicts
from gateway.domain.findings import FINDINGS, Outcome, no_findings


def findings(*outcomes: tuple[int, Outcome]) -> pl.DataFrame:
    rows = [{"index": index, "outcome": outcome.value} for index, outcome in outcomes]
    return pl.DataFrame(rows, schema=FINDINGS)


def test_a_row_without_findings_is_accepted() -> None:
    assert verdicts(no_findings(), 2).to_list() == ["accepted", "accepted"]


def test_no_rows_have_no_verdicts() -> None:
    assert verdicts(no_findings(), 0).to_list() == []


def test_a_note_lets_a_row_go_on() -> None:
    assert verdicts(findings((0, Outcome.NOTE)), 1).to_list() == ["accepted"]


def test_rejected_outweighs_held_and_held_a_note() -> None:
    found = findings(
        (1, Outcome.HELD),
        (1, Outcome.NOTE),
        (2, Outcome.REJECTED),
        (2, Outcome.HELD),
        (3, Outcome.HELD),
        (3, Outcome.REJECTED),
        (3, Outcome.REJECTED),
    )
    assert verdicts(found, 4).to_list() == ["accepted", "held", "rejected", "rejected"]
