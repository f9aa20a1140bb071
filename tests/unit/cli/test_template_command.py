"""`gateway template` writes a form once, prints its map, and names the nearest dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.domain.datasets import DATASETS
from gateway.operations.template import template_map


def test_a_form_is_written_and_named(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call("template", "inspectors")
    assert (said.code, said.err) == (0, "")
    assert "inspectors.xlsx" in said.out
    assert (tmp_path / "inspectors.xlsx").read_bytes()[:2] == b"PK"


def test_a_form_that_is_there_is_left_alone(call: Any, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"filled in")
    said = call("template", "inspectors", "--out", tmp_path / "a.xlsx")
    assert (said.code, said.out) == (2, "")
    assert "已经存在" in said.err
    assert (tmp_path / "a.xlsx").read_bytes() == b"filled in"


def test_a_folder_that_is_not_there_is_said_so(call: Any, tmp_path: Path) -> None:
    said = call("template", "inspectors", "--out", tmp_path / "nowhere" / "a.xlsx", language="en")
    assert (said.code, "cannot be written: No such file" in said.err) == (2, True)


def test_the_map_is_printed_as_it_is_shipped(call: Any) -> None:
    assert call("template", "inspectors", "--map").out == template_map(DATASETS["inspectors"])


def test_an_unknown_dataset_is_answered_with_the_nearest(call: Any) -> None:
    said = call("template", "inspector")
    assert (said.code, "最接近的是：inspectors" in said.err) == (2, True)
