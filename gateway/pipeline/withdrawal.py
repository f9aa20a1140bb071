"""Whether records that vanished from a snapshot may be withdrawn: only when nothing speaks for a faulty snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gateway.errors import RunError
from gateway.messages import Message
from gateway.pipeline.compare import Plan
from gateway.pipeline.feeds import InboundFeed

TOO_MANY_VANISH = Message(
    "withdrawal.too_many",
    zh="{vanished} 条记录（占本数据流的 {share}）不再出现，超过允许的 {limit}；暂不撤回，其余照常入库；"
    "核实后运行 gateway run {feed} --accept-withdrawals",
    en="{vanished} records ({share} of the feed's) are gone, more than the {limit} allowed; they are not withdrawn, "
    "all else is stored; once verified run `gateway run {feed} --accept-withdrawals`",
)
KEYS_UNREADABLE = Message(
    "withdrawal.keys_unreadable",
    zh="{vanished} 条记录不再出现，但本次有 {unreadable} 行读不出标识，可能正是其中的记录；暂不撤回，其余照常入库；"
    "更正这些行，或核实后运行 gateway run {feed} --accept-withdrawals",
    en="{vanished} records are gone, but {unreadable} rows have no readable key and may be among them; they are not "
    "withdrawn, all else is stored; correct those rows, or once verified run `gateway run {feed} --accept-withdrawals`",
)

NAMED_IN_LEFT_OUT = Message(
    "withdrawal.named_in_left_out",
    zh="{vanished} 条记录不再出现，但其中“{key}”见于略过的行（{place} 第 {row} 行）；暂不撤回，其余照常入库；"
    "更正该行或略过规则，或核实后运行 gateway run {feed} --accept-withdrawals",
    en="{vanished} records are gone, but {key!r} is named in a row that was left out ({place} row {row}); they are not "
    "withdrawn, all else is stored; correct that row or the rules, or once verified run "
    "`gateway run {feed} --accept-withdrawals`",
)


@dataclass(frozen=True)
class Withdrawal:
    """How many records are withdrawn, and why others are not."""

    records: int
    held_back: RunError | None = None


def decide(
    name: str,
    feed: InboundFeed,
    plan: Plan,
    keyless: int,
    named: Callable[[], tuple[str, str, int] | None] = lambda: None,
    *,
    accepted: bool,
) -> Withdrawal:
    """Decide over the vanished records; `keyless` counts the rows that named no trustworthy key.

    `named` finds a vanished record that a row left out names: its key, and the place and the number of the row.
    """
    vanished = len(plan.vanished)
    if feed.reads == "changes" or not vanished:
        return Withdrawal(0)
    if accepted:
        return Withdrawal(vanished)
    if keyless:
        return Withdrawal(0, RunError(KEYS_UNREADABLE, feed=name, vanished=vanished, unreadable=keyless))
    share, limit = plan.vanished_share(), feed.expect.vanish_at_most
    if share > limit:
        return Withdrawal(
            0, RunError(TOO_MANY_VANISH, feed=name, vanished=vanished, share=_percent(share), limit=_percent(limit))
        )
    if hidden := named():
        key, place, row = hidden
        return Withdrawal(0, RunError(NAMED_IN_LEFT_OUT, feed=name, vanished=vanished, key=key, place=place, row=row))
    return Withdrawal(vanished)


def _percent(share: Decimal) -> str:
    return f"{share * 100:.1f} %"


MESSAGES = (TOO_MANY_VANISH, KEYS_UNREADABLE, NAMED_IN_LEFT_OUT)
