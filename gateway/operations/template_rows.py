"""Records as a department fills them in: CSV with the titles of the shipped templates, codes written out in words."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.domain.dataset import Dataset, Field, Type
from gateway.operations.template import heading

_SAID = {"true": "是", "false": "否"}


def write_template_rows(file: Path, dataset: Dataset, rows: Iterable[Mapping[str, str]]) -> None:
    """Write records, as text a field, under a header; a field that a row does not name is empty."""
    with file.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerow([heading(field) for field in dataset.fields])
    append_template_rows(file, dataset, rows)


def append_template_rows(file: Path, dataset: Dataset, rows: Iterable[Mapping[str, str]]) -> None:
    """Add records to a file that has its header."""
    with file.open("a", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerows([[_cell(field, row.get(field.name, "")) for field in dataset.fields] for row in rows])


def _cell(field: Field, value: str) -> str:
    if field.type is Type.BOOLEAN:
        return _SAID.get(value, value)
    return field.codes.codes.get(value, value) if field.codes else value
