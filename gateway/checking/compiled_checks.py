"""The checks of a dataset at work: a frame of records in, a frame of findings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from gateway.checking.check import Check, rule_check
from gateway.checking.field_checks import REQUIRED, field_checks
from gateway.checking.text_checks import TextChecks
from gateway.domain.dataset import Dataset, Facts, Type
from gateway.domain.findings import Outcome
from gateway.domain.masks import findings_of


def compile_checks(dataset: Dataset, facts: Facts) -> CompiledChecks:
    """Compile the declarations and rules of a dataset; the same facts hold for as long as the checks are used."""
    return CompiledChecks(
        dataset, [*field_checks(dataset), *(rule_check(each, dataset, facts) for each in dataset.rules)]
    )


class CompiledChecks:
    """Checks ready to run; they keep nothing between frames, so threads may share them."""

    def __init__(self, dataset: Dataset, checks: Sequence[Check]) -> None:
        self._asked = [each for each in checks if each.when is None]
        self._limited = _by_condition(checks)
        self._texts = [
            TextChecks(each)
            for each in dataset.by_name.values()
            if each.type is Type.TEXT and not each.codes  # a code list holds no such text
        ]

    def apply(self, records: pl.DataFrame, columns: Mapping[str, str], already: pl.DataFrame) -> pl.DataFrame:
        """What is found of records (`domain.findings.FINDINGS`), in their order.

        `columns` names the source column to point at for each field. `already` is what mapping found: a field that it
        could not fill is not also called empty.
        """
        found = (
            (index, values, check.meaning(columns.get(check.field.name, "")))
            for check, index, values in self._failing(records)
        )
        return _not_said_before(findings_of(found), already)

    def _failing(self, records: pl.DataFrame) -> Iterator[tuple[Check, pl.Series, pl.Series]]:
        """Each check that fails somewhere, with the rows and the values there."""
        for check, index in _failing_of(records, self._worth_asking(records)):
            yield check, index, records[check.field.name].gather(index)
        for checks in self._texts:
            yield from checks.failing(records[checks.field.name])
        whens = [when.fill_null(value=False).alias(str(at)) for at, (when, _) in enumerate(self._limited)]
        applies = records.lazy().with_columns(whens).select(map(str, range(len(whens)))).collect(engine="in-memory")
        for each, (_, limited) in zip(applies, self._limited, strict=True):
            for check, index in _failing_where(each, records, limited):
                yield check, index, records[check.field.name].gather(index)

    def _worth_asking(self, records: pl.DataFrame) -> list[Check]:
        hints = [(number, each.may_fail) for number, each in enumerate(self._asked) if each.may_fail is not None]
        answers = records.select(hint.alias(str(number)) for number, hint in hints).to_dicts()[0]
        return [each for number, each in enumerate(self._asked) if answers.get(str(number), True)]


def _failing_of(records: pl.DataFrame, checks: Sequence[Check]) -> Iterator[tuple[Check, pl.Series]]:
    """Each check that fails somewhere, with the rows; rules that share a costly part work it out once."""
    fails = [check.fails.alias(str(number)) for number, check in enumerate(checks)]
    flags = records.lazy().with_columns(fails).select(map(str, range(len(checks)))).collect(engine="in-memory")
    for check, flag in zip(checks, flags, strict=True):
        if flag.any():
            yield check, flag.arg_true()


def _failing_where(
    applies: pl.Series, records: pl.DataFrame, checks: Sequence[Check]
) -> Iterator[tuple[Check, pl.Series]]:
    if applies.all():
        yield from _failing_of(records, checks)
    elif applies.any():
        index = applies.arg_true()
        asked = list(dict.fromkeys(name for check in checks for name in check.fails.meta.root_names()))
        for check, at in _failing_of(records.select(asked).filter(applies), checks):
            yield check, index.gather(at)


def _by_condition(checks: Sequence[Check]) -> list[tuple[pl.Expr, list[Check]]]:
    groups: list[tuple[pl.Expr, list[Check]]] = []
    for check in checks:
        if check.when is None:
            continue
        for when, others in groups:
            if when.meta.eq(check.when):
                others.append(check)
                break
        else:
            groups.append((check.when, [check]))
    return groups


def _not_said_before(found: pl.DataFrame, already: pl.DataFrame) -> pl.DataFrame:
    """Without the empty fields that mapping could not fill and said so."""
    if not (found.height and already.height):
        return found
    unfilled = already.filter(pl.col("outcome") != Outcome.NOTE.value).select("index", "field", said=pl.lit(value=True))
    marked = found.join(unfilled.unique(), on=["index", "field"], how="left", maintain_order="left")
    return marked.filter((pl.col("code") != REQUIRED.code) | pl.col("said").is_null()).drop("said")
