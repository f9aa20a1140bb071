"""A profile for a table says only columns and where they come from; what all tables share is filled in."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from gateway.errors import StartError
from gateway.formats.profile import load_profile

SHARED = """\
profile: departments/x/tables
version: "1"
in_force_from: 2026-01-01
provenance: 表结构
format: table
"""
OWN = """\
dataset: inspection_tasks
title: 抽查任务
fields:
  rwbh: {from: task_number}
wire_checks:
  rwbh: {title: 任务编号, provenance: 表结构, required: true}
"""


def write(folder: Path, own: str = OWN, shared: str = SHARED) -> Path:
    place = folder / "1"
    place.mkdir()
    (place / "_platform.yml").write_text(shared, encoding="utf-8")
    (place / "inspection_tasks.yml").write_text(own, encoding="utf-8")
    return place / "inspection_tasks.yml"


def test_columns_and_their_origins_are_enough(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path))
    assert (profile.options["format"], profile.identity) == ("table", "departments/x/tables/1/inspection_tasks")


def test_a_row_carries_its_key_version_and_operation(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path))
    versions = pl.DataFrame({"record_key": ["k"], "change_number": [7], "operation": ["withdraw"]})
    texts = profile.render(versions, pl.DataFrame({"rwbh": ["001"]})).to_list()
    assert json.loads(profile.body("d1", texts)) == {
        "document": "d1",
        "kind": "table",
        "count": 1,
        "rows": [{"gateway_key": "k", "gateway_version": 7, "gateway_operation": "withdraw", "rwbh": "001"}],
    }


def test_a_table_may_still_say_how_many_rows_a_document_holds(tmp_path: Path) -> None:
    limits = "limits: {records_per_document: 7, bytes_per_document: 1000}\n"
    assert load_profile(write(tmp_path, shared=SHARED + limits)).limits.records_per_document == 7


def test_without_the_format_the_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="endpoints: must be stated"):
        load_profile(write(tmp_path, shared=SHARED.replace("format: table\n", "")))
