from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from gateway.pipeline.compare import Plan
from gateway.pipeline.feeds import Expectation, InboundFeed
from gateway.pipeline.withdrawal import Withdrawal, decide


def feed(**more: Any) -> InboundFeed:
    usual = {"direction": "inbound", "dataset": "d", "department": "3704", "source": {"type": "csv"}, "map": "m"}
    return InboundFeed.model_validate({**usual, **more})


def plan(vanished: int, of: int) -> Plan:
    return Plan(pl.DataFrame(), pl.Series(range(vanished), dtype=pl.Int64), of)


def decided(vanished: int, of: int, *, keyless: int = 0, accepted: bool = False, **more: Any) -> tuple[int, str | None]:
    decision = decide("f", feed(**more), plan(vanished, of), keyless, accepted=accepted)
    return decision.records, decision.held_back and decision.held_back.message.code


def test_nothing_vanished_nothing_to_decide() -> None:
    assert decide("f", feed(), plan(0, 0), 5, accepted=False) == Withdrawal(0)


@pytest.mark.parametrize(
    ("vanished", "expected"), [(5, (5, None)), (6, (0, "withdrawal.too_many"))], ids=["at the limit", "beyond it"]
)
def test_five_in_a_hundred_may_vanish_unasked(vanished: int, expected: tuple[int, str | None]) -> None:
    assert decided(vanished, 100) == expected


def test_nothing_is_withdrawn_that_a_row_left_out_names() -> None:
    named = decide("f", feed(), plan(1, 100), 0, lambda: ("0039|3704", "a.xlsx›名单", 42), accepted=False)
    assert named.held_back
    assert (named.records, named.held_back.message.code) == (0, "withdrawal.named_in_left_out")
    assert "'0039|3704' is named in a row that was left out (a.xlsx›名单 row 42)" in named.held_back.text("en")


def test_the_feed_says_how_many_may_vanish() -> None:
    assert decided(1, 100, expect={"vanish_at_most": "0"}) == (0, "withdrawal.too_many")
    assert decided(100, 100, expect={"vanish_at_most": "100 %"}) == (100, None)


def test_a_row_without_a_key_may_be_any_of_those_that_vanished() -> None:
    assert decided(1, 100, keyless=1) == (0, "withdrawal.keys_unreadable")


def test_a_person_may_accept_both() -> None:
    assert decided(90, 100, keyless=3, accepted=True) == (90, None)


def test_changes_show_nothing_of_what_they_do_not_name() -> None:
    assert decided(90, 100, accepted=True, reads="changes") == (0, None)


@pytest.mark.parametrize(("said", "share"), [("5 %", "0.05"), ("5%", "0.05"), ("0.05", "0.05"), ("12.5 %", "0.125")])
def test_a_share_is_said_in_either_way(said: str, share: str) -> None:
    assert str(Expectation.model_validate({"vanish_at_most": said}).vanish_at_most) == share


@pytest.mark.parametrize("said", ["5", "-1 %", "101 %", "viel %", "%", "nan"])
def test_a_share_is_between_nothing_and_all(said: str) -> None:
    with pytest.raises(ValueError, match="vanish_at_most"):
        Expectation.model_validate({"vanish_at_most": said})
