"""The published form of golden pairs can fail, and finds maps without pairs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.shipped import shipped
from gateway.testing.golden_pairs import assert_golden, golden_files, maps_without_pairs

NAME = "departments/template/departments"


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A shipped map and its pairs, copied."""
    folder = tmp_path / "departments" / "template"
    folder.mkdir(parents=True)
    for ending in (".yml", ".golden.yml"):
        shutil.copy(shipped("mappings") / f"{NAME}{ending}", folder)
    return folder / "departments.golden.yml"


def test_pairs_that_hold_pass(pairs: Path, tmp_path: Path) -> None:
    assert_golden(pairs)
    assert golden_files(tmp_path) == [pairs]


def test_a_map_that_was_changed_fails_with_every_difference(pairs: Path) -> None:
    map_file = pairs.with_name("departments.yml")
    map_file.write_text(map_file.read_text("utf-8").replace("县级: county", "县级: city"), encoding="utf-8")
    with pytest.raises(AssertionError, match="the field level should be “county”, but is “city”"):
        assert_golden(pairs)


def test_a_map_without_pairs_is_found_and_a_profile_needs_none(pairs: Path, tmp_path: Path) -> None:
    assert maps_without_pairs(tmp_path) == []
    (tmp_path / "profile.yml").write_text("dataset: departments\nfields: {}\n", encoding="utf-8")
    pairs.unlink()
    assert maps_without_pairs(tmp_path) == [pairs.with_name("departments.yml")]
