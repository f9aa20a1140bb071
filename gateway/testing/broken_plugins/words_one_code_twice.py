"""Words one message code in two ways."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gateway.domain.dataset import Rule
from gateway.domain.findings import Outcome
from gateway.hookspecs import offers
from gateway.interfaces import RuleOffer
from gateway.messages import Message


def _rule(dataset: str, message: Message) -> RuleOffer:
    return RuleOffer(
        dataset, Rule(message=message, field="name", outcome=Outcome.HELD, fails=lambda _: pl.col("name").is_null())
    )


@offers
def gateway_rules() -> Sequence[RuleOffer]:
    """Two rules that share a code but not its sentence."""
    return [
        _rule("departments", Message("nowhere.name", zh="名称“{value}”有误", en="name {value!r} is wrong")),
        _rule("inspection_targets", Message("nowhere.name", zh="缺少名称", en="a name is missing")),
    ]
