"""The names by which departments call the columns of a dataset."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from gateway.domain.column_names import NameKind, column_names, plain_name
from gateway.domain.datasets import DATASETS


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("企业(机构)名称", "企业名称"),
        ("注册资本（万元）", "注册资本"),
        (" 执法证号：\n", "执法证号"),
        ("ＺＦＺＨ", "zfzh"),
        ("legal_representative", "legalrepresentative"),
        ("（备注）", "备注"),
    ],
)
def test_names_are_compared_without_signs_and_brackets(written: str, plain: str) -> None:
    assert plain_name(written) == plain


def test_every_other_name_belongs_to_a_field_that_there_is() -> None:
    rows = csv.DictReader(files("gateway.domain").joinpath("column_names.csv").read_text("utf-8").splitlines())
    stray = [
        row
        for row in rows
        if not any(
            row["dataset"] in {"*", dataset.name} and row["field"] in dataset.by_name for dataset in DATASETS.values()
        )
    ]
    assert stray == []


def test_no_name_of_a_dataset_stands_for_two_fields() -> None:
    doubled = []
    for dataset in DATASETS.values():
        owners: dict[str, str] = {}
        for name in column_names(dataset):
            if owners.setdefault(name.plain, name.field) != name.field:
                doubled.append((dataset.name, name.plain, owners[name.plain], name.field))
    assert doubled == []


def test_every_chinese_name_has_initials() -> None:
    unknown = [
        name.full
        for dataset in DATASETS.values()
        for name in column_names(dataset)
        if name.kind is NameKind.INITIALS and "?" in name.plain
    ]
    assert unknown == []


def test_titles_come_before_initials() -> None:
    kinds = [name.kind for name in column_names(DATASETS["inspectors"])]
    assert kinds == sorted(kinds, key=list(NameKind).index)
    assert set(kinds) == set(NameKind)
