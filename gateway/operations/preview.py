"""What a run would do, worked out without doing it: nothing is stored, nothing is sent."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.findings import Outcome
from gateway.pipeline import left_out as left_out_rows
from gateway.pipeline import withdrawal
from gateway.pipeline.compare import UNCHANGED, WAITING, Action
from gateway.pipeline.enqueue import Enqueued, Enqueuer
from gateway.pipeline.inbound import InboundRunner
from gateway.pipeline.outbound import OutboundRunner
from gateway.state import outbox
from gateway.state.database import Database
from gateway.state.issue_list import ListedIssue

_LOOKED_THROUGH_AT_ONCE = 20_000
_HELD_BACK = [message.code for message in withdrawal.MESSAGES]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a run would do; inbound counts are rows, outbound counts record versions."""

    feed: str
    direction: str
    read: int = 0
    left_out: int = 0
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    held: int = 0
    withdrawn: int = 0
    withdrawals_held_back: int = 0
    sent: int = 0  # new versions and those that still wait from earlier runs
    refused: int = 0  # versions that the profile cannot express
    issues: Sequence[ListedIssue] = ()  # all but notes, and at the end the rows that are left out
    notes: int = 0


def preview_inbound(runner: InboundRunner) -> Preview:
    """Read, judge and compare; what that needs is kept outside the deployment and removed. Raises RunError."""
    with tempfile.TemporaryDirectory(prefix="gateway-preview-") as folder:
        plan, judging, issues = runner.preview(Path(folder))
    vanished = 0 if runner.feed.reads == "changes" else len(plan.vanished)
    held_back = issues["code"].is_in(_HELD_BACK).any()
    left_out = issues["code"].is_in([message.code for message in left_out_rows.MESSAGES])
    notes = (issues["outcome"] == Outcome.NOTE.value) & ~left_out
    return Preview(
        feed=runner.name,
        direction="inbound",
        read=judging.read,
        left_out=judging.left_out.count,
        inserted=plan.count(Action.INSERT),
        changed=plan.count(Action.CHANGE),
        unchanged=plan.count(*UNCHANGED),
        rejected=plan.count(Action.REJECTED) + judging.unreadable,
        held=plan.count(*WAITING),
        withdrawn=0 if held_back else vanished,
        withdrawals_held_back=vanished if held_back else 0,
        issues=[
            _listed(runner, row)
            for part in (issues.filter(~notes & ~left_out), issues.filter(left_out))
            for row in part.sort("place", "row", maintain_order=True).iter_rows(named=True)
        ],
        notes=int(notes.sum()),
    )


def preview_outbound(runner: OutboundRunner) -> Preview:
    """Select and render what is new, and count what still waits from earlier runs."""
    if not runner.sends:
        return Preview(feed=runner.name, direction="outbound")
    with runner.database.read() as connection:
        left_over = outbox.tally(connection, outbox.pending(connection, runner.name))
    enqueued = _would_enqueue(runner.enqueuer, runner.database)
    return Preview(
        feed=runner.name,
        direction="outbound",
        sent=enqueued.selected - enqueued.refused - enqueued.waiting + left_over["waiting"] + left_over["unknown"],
        refused=enqueued.refused,
    )


def _would_enqueue(enqueuer: Enqueuer, database: Database) -> Enqueued:
    enqueued = Enqueued()
    with database.read() as connection:
        after = outbox.cursor(connection, enqueuer.address.feed)
        last = enqueuer.exchange.last_change_number(connection)
        for start in range(after, last, _LOOKED_THROUGH_AT_ONCE):
            versions = enqueuer.select(connection, start, min(start + _LOOKED_THROUGH_AT_ONCE, last))
            _, refused, waiting = enqueuer.pack(connection, versions)
            enqueued += Enqueued(versions.height, refused.height, waiting.height)
    return enqueued


def _listed(runner: InboundRunner, row: dict[str, object]) -> ListedIssue:
    stored = {"id": 0, "feed": runner.name, "dataset": runner.feed.dataset, "status": "open"}
    return ListedIssue(**{"first_run": 0, "last_run": 0, **stored, **row})  # type: ignore[arg-type]
