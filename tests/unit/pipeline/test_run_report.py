from __future__ import annotations

import pytest

from gateway.errors import RunError
from gateway.pipeline.run_report import Counts, RunReport


@pytest.mark.parametrize(
    "counts",
    [
        Counts(),
        Counts(read=10, accepted=4, unchanged=3, rejected=2, held=1, left_out=7, withdrawn=9, records=4),
        Counts(selected=10, delivered=4, refused=3, waiting=2, unknown=1),
    ],
)
def test_counts_that_add_up_are_let_through(counts: Counts) -> None:
    counts.assert_conserved()


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        (Counts(read=2, accepted=1), "run.does_not_add_up"),
        (Counts(accepted=1), "run.does_not_add_up"),
        (Counts(selected=2, delivered=1), "run.deliveries_do_not_add_up"),
        (Counts(unknown=1), "run.deliveries_do_not_add_up"),
    ],
)
def test_a_row_that_got_lost_fails_the_run(counts: Counts, code: str) -> None:
    with pytest.raises(RunError) as raised:
        counts.assert_conserved()
    assert raised.value.message.code == code


@pytest.mark.parametrize(
    ("counts", "more", "status"),
    [
        (Counts(read=1, accepted=1), {}, "succeeded"),
        (Counts(read=1, unchanged=1, left_out=3), {}, "succeeded"),
        (Counts(read=1, rejected=1), {}, "with_issues"),
        (Counts(read=1, held=1), {}, "with_issues"),
        (Counts(selected=1, refused=1), {}, "with_issues"),
        (Counts(selected=1, waiting=1), {}, "with_issues"),
        (Counts(selected=1, unknown=1), {}, "with_issues"),
        (Counts(), {"reported": 1}, "with_issues"),
        (Counts(read=1, rejected=1), {"held_back": True}, "held"),
    ],
)
def test_the_status_says_whether_a_person_must_look(counts: Counts, more: dict[str, int], status: str) -> None:
    assert counts.status(**more) == status


def test_a_report_prints_every_count() -> None:
    report = RunReport(
        feed="f", run=7, status="succeeded", counts=Counts(read=2, accepted=2, records=2), seconds=1.23456
    )
    row = report.as_row()
    assert list(row) == [
        *("feed", "run", "status", "read", "left_out", "accepted", "unchanged", "rejected", "held", "withdrawn"),
        *("records", "selected", "delivered", "refused", "waiting", "unknown", "seconds"),
    ]
    assert (row["read"], row["delivered"], row["seconds"]) == (2, 0, 1.235)
