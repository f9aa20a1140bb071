"""Golden pairs of field maps, for whoever ships maps: a row and its record side by side, which a test compares.

    @pytest.mark.parametrize("file", golden_files(MAPPINGS), ids=str)
    def test_the_map_does_what_its_pairs_say(file: Path) -> None:
        assert_golden(file)

    def test_every_map_has_pairs() -> None:
        assert maps_without_pairs(MAPPINGS) == []

How pairs are written is said in `gateway.operations.golden_pairs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gateway.domain.dataset import Dataset, Facts
from gateway.domain.datasets import DATASETS
from gateway.domain.yaml_text import read_yaml_text
from gateway.mapping import load_field_map
from gateway.operations.golden_pairs import differences, read_pairs
from gateway.operations.golden_pairs_of_deployment import ENDING, pairs_file

NO_FACTS = Facts()


def golden_files(folder: Path) -> list[Path]:
    """Every file of pairs below a folder."""
    return sorted(folder.rglob(f"*{ENDING}"))


def maps_without_pairs(folder: Path) -> list[Path]:
    """Every inbound field map below a folder that has no pairs; a profile, which says no `map`, needs none."""
    maps = (file for file in sorted(folder.rglob("*.yml")) if not file.name.endswith(ENDING))
    return [file for file in maps if _is_map(file) and not pairs_file(file).is_file()]


def assert_golden(file: Path, datasets: Mapping[str, Dataset] = DATASETS, facts: Facts = NO_FACTS) -> None:
    """Fail with every difference between a file of pairs and what the map beside it does.

    `datasets` are those of the exchange, with the rules that a plugin adds; `facts` what its rules know beside a
    record. Raises StartError where the map or the pairs cannot be read.
    """
    map_file = file.with_name(file.name.removesuffix(ENDING) + ".yml")
    field_map = load_field_map(map_file.read_text(encoding="utf-8-sig"), map_file.as_posix())
    pairs = read_pairs(file.read_text(encoding="utf-8-sig"), file.as_posix(), field_map)
    found = differences(pairs, field_map, datasets[field_map.dataset], facts)
    if found:
        raise AssertionError("\n".join([f"{file}:", *(each.text("en") for each in found)]))


def _is_map(file: Path) -> bool:
    content = read_yaml_text(file.read_text(encoding="utf-8-sig"), file.name)
    return isinstance(content, Mapping) and "map" in content
