"""One check, whether it follows from a field's declaration or is a rule of the dataset."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from gateway.domain.dataset import Dataset, Facts, Field, Rule
from gateway.domain.findings import Outcome
from gateway.domain.masks import Meaning
from gateway.messages import Message


@dataclass(frozen=True, slots=True)
class Check:
    """A Boolean expression over the records, true where the check fails, and what that means.

    `may_fail` is a cheap scalar over a whole frame: where it is not true, `fails` need not be asked. `when` limits the
    records that `fails` is asked of.
    """

    message: Message
    outcome: Outcome
    field: Field
    fails: pl.Expr
    may_fail: pl.Expr | None = None
    when: pl.Expr | None = None
    allowed: str = ""
    code_list: str = ""

    def meaning(self, column: str) -> Meaning:
        """What it says of a record that it fails, pointing at a column of the source."""
        blanks = {"title": self.field.title, "allowed": self.allowed, "code_list": self.code_list}
        return Meaning(self.outcome, self.message, self.field.name, column, {k: v for k, v in blanks.items() if v})


def rule_check(rule: Rule, dataset: Dataset, facts: Facts) -> Check:
    """The check that a rule of a dataset is."""
    field = dataset.by_name[rule.field]
    when = rule.when(facts) if rule.when else None
    return Check(rule.message, rule.outcome, field, fails=rule.fails(facts), when=when, allowed=rule.allowed)
