from __future__ import annotations

import importlib
import pkgutil
import re
import string

import polars as pl
import pytest

import gateway.domain
from gateway.domain.dataset import RECORD_VERSION, CodeList, Dataset, Facts, Field, Rule, Type
from gateway.domain.findings import Outcome
from gateway.messages import Catalogue, Message

NAME = re.compile(r"[a-z][a-z0-9_]*")
BLANKS = {"value", "field", "title", "column", "allowed"}


def declared() -> list[Dataset]:
    modules = [
        importlib.import_module(f"gateway.domain.{module.name}")
        for module in pkgutil.iter_modules(gateway.domain.__path__)
    ]
    found = {id(each): each for module in modules for each in vars(module).values() if isinstance(each, Dataset)}
    return list(found.values())


def problems_of(datasets: list[Dataset]) -> list[str]:
    """Everything that is wrong with the declarations, all at once."""
    names = [dataset.name for dataset in datasets]
    twice = [f"{name}: two datasets of this name" for name in names if names.count(name) > 1]
    return twice + [f"{dataset.name}: {problem}" for dataset in datasets for problem in _dataset(dataset)]


def _dataset(dataset: Dataset) -> list[str]:
    found = [] if NAME.fullmatch(dataset.name) and dataset.title else ["needs a name in snake case and a title"]
    found += [] if dataset.keys else ["no field names a record"]
    for kind, words in (("names", [f.name for f in dataset.fields]), ("titles", [f.title for f in dataset.fields])):
        found += [f"two {kind} alike: {word}" for word in sorted(set(words)) if words.count(word) > 1]
    found += [f"{field.name}: {problem}" for field in dataset.fields for problem in _field(field)]
    return found + [f"{rule.message.code}: {problem}" for rule in dataset.rules for problem in _rule(rule, dataset)]


def _field(field: Field) -> list[str]:
    text = field.type is Type.TEXT
    wrong = {
        "needs a name in snake case and a title": not (NAME.fullmatch(field.name) and field.title),
        "has the reserved name": field.name == RECORD_VERSION,
        "is a key, so it must be required or say what stands where it is absent": field.key
        and not field.required
        and field.absent is None,
        "is required, so nothing can stand where it is absent": field.required and field.absent is not None,
        "says what stands where it is absent, but is no key": field.absent is not None and not field.key,
        "is text, so it needs a length or a code list": text and field.length is None and field.codes is None,
        "is no text, so it has no length": not text and field.length is not None,
        "needs a length of at least one": field.length is not None and field.length < 1,
        "has a code list without codes, titles or source": field.codes is not None and not _whole(field.codes),
    }
    return [problem for problem, holds in wrong.items() if holds]


def _whole(codes: CodeList) -> bool:
    return bool(codes.codes and codes.source and codes.title and all(codes.codes) and all(codes.codes.values()))


def _rule(rule: Rule, dataset: Dataset) -> list[str]:
    if rule.field not in dataset.by_name:
        return [f"points at {rule.field}, which is no field"]
    try:
        judged = pl.DataFrame(schema=dataset.schema).select(rule.fails(Facts()).alias("fails"))
    except pl.exceptions.PolarsError as error:
        return [f"cannot be judged: {str(error).splitlines()[0]}"]
    blanks = {blank for text in (rule.message.zh, rule.message.en) for _, blank, _, _ in string.Formatter().parse(text)}
    unknown = sorted(blank for blank in blanks if blank and blank not in BLANKS)
    found = [f"has the blank {blank}, which nobody fills" for blank in unknown]
    return found + ([] if judged.schema["fails"] == pl.Boolean else ["gives no Boolean"])


def test_every_dataset_is_declared_soundly() -> None:
    assert problems_of(declared()) == []


def test_the_datasets_of_the_first_step_are_found() -> None:
    assert {dataset.name for dataset in declared()} >= {"departments", "inspection_targets"}


def test_the_messages_of_all_rules_share_one_catalogue() -> None:
    messages = {rule.message for dataset in declared() for rule in dataset.rules}
    assert len(Catalogue(messages)) == len(messages)


@pytest.mark.parametrize("dataset", declared(), ids=lambda dataset: dataset.name)
def test_every_rule_judges_a_record_without_optional_fields(dataset: Dataset) -> None:
    record = pl.DataFrame({name: [None] for name in dataset.schema}, schema=dataset.schema)
    broken = [rule.message.code for rule in dataset.rules if record.select(rule.fails(Facts())).to_series()[0]]
    assert broken == []


def _broken(*fields: Field, rules: tuple[Rule, ...] = ()) -> Dataset:
    key = Field(name="number", title="编号", length=8, required=True, key=True)
    return Dataset(name="broken", title="坏", fields=(key, *fields), rules=rules)


def _says(blank: str) -> Message:
    return Message("test.rule", zh=f"{{{blank}}}", en="x")


def _ruled(field: str, fails: pl.Expr, blank: str = "value") -> Rule:
    return Rule(message=_says(blank), field=field, outcome=Outcome.REJECTED, fails=lambda _: fails)


# Each is broken in one way; the conformance test is worth something only if it says so.
@pytest.mark.parametrize(
    ("dataset", "part"),
    [
        (_broken(Field(name="part", title="部分", length=8, key=True)), "must be required or say"),
        (_broken(Field(name="part", title="部分", length=8, key=True, required=True, absent="")), "is required, so"),
        (_broken(Field(name="part", title="部分", length=8, absent="")), "but is no key"),
        (_broken(Field(name="number", title="号", length=8)), "two names alike: number"),
        (_broken(Field(name="part", title="编号", length=8)), "two titles alike: 编号"),
        (_broken(Field(name="part", title="部分")), "needs a length or a code list"),
        (_broken(Field(name="part", title="部分", length=0)), "at least one"),
        (_broken(Field(name="part", title="部分", type=Type.DATE, length=8)), "no text, so"),
        (_broken(Field(name="Part", title="部分", length=8)), "snake case"),
        (_broken(Field(name=RECORD_VERSION, title="部分", length=8)), "reserved name"),
        (_broken(Field(name="part", title="部分", codes=CodeList("c", "c", {}, "x"))), "code list without"),
        (Dataset(name="keyless", title="无键", fields=()), "no field names a record"),
        (_broken(rules=(_ruled("other", pl.lit(value=False)),)), "points at other"),
        (_broken(rules=(_ruled("number", pl.col("other").is_null()),)), "cannot be judged"),
        (_broken(rules=(_ruled("number", pl.col("number")),)), "no Boolean"),
        (_broken(rules=(_ruled("number", pl.col("number").is_null(), "colour"),)), "blank colour"),
    ],
)
def test_a_broken_declaration_is_caught(dataset: Dataset, part: str) -> None:
    assert [problem for problem in problems_of([dataset]) if part in problem] != []


def test_two_datasets_of_one_name_are_caught() -> None:
    assert "broken: two datasets of this name" in problems_of([_broken(), _broken()])
