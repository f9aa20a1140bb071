"""The field maps of a deployment that have golden pairs beside them, its own and the shipped ones, put to the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.domain.dataset import Dataset, Facts
from gateway.domain.identifier_exceptions import exceptions_by_scheme, reviewed_exceptions
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError
from gateway.mapping import FieldMap
from gateway.messages import Message
from gateway.operations.golden_pairs import Difference, differences, read_pairs

ENDING = ".golden.yml"
NO_PAIRS = Message(
    "golden.none",
    zh="字段映射 {map} 旁边没有对照样例；请写在 {file}",
    en="there are no golden pairs beside the field map {map}; write them in {file}",
)
NOT_READ = Message(
    "golden.not_read",
    zh="文件 {file} 无法读取（{why}）；应为 UTF-8 编码的 YAML，请检查权限和编码",
    en="the file {file} cannot be read ({why}); YAML in UTF-8 is expected, check its rights and encoding",
)
_EXCEPTIONS = "national/identifier_exceptions"


class Deployment(Protocol):
    """What is asked of a deployment; every method raises StartError where that part of it is wrong."""

    def data_file(self, kind: str, kind_zh: str, name: str) -> Path:
        """A file under `mappings/`, the deployment's own before the shipped one."""

    def field_map(self, name: str) -> FieldMap:
        """The field map of a name."""

    def dataset(self, name: str) -> Dataset:
        """The dataset of a name, with the rules that plugins add."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A field map, how many pairs it has, and what came out otherwise."""

    map: str
    pairs: int
    differences: Sequence[Difference]


def names_with_pairs(roots: Sequence[Path]) -> list[str]:
    """The names of the maps below these folders that have pairs, each once."""
    found = (file.relative_to(root).as_posix() for root in roots for file in sorted(root.rglob(f"*{ENDING}")))
    return list(dict.fromkeys(name.removesuffix(ENDING) for name in found))


def pairs_file(map_file: Path) -> Path:
    """Where the pairs of a map stand."""
    return map_file.with_name(map_file.name.removesuffix(".yml") + ENDING)


def tested(deployment: Deployment, names: Sequence[str], *, named: bool) -> Iterator[Tested]:
    """Test each map; one without pairs is left out, unless a person `named` it: then StartError."""
    facts = _facts(deployment)
    for name in names:
        file = pairs_file(deployment.data_file("field map", "字段映射", name))
        if file.is_file():
            yield _tested(deployment, name, file, facts)
        elif named:
            raise StartError(NO_PAIRS, map=name, file=file)


def _tested(deployment: Deployment, name: str, file: Path, facts: Facts) -> Tested:
    field_map = deployment.field_map(name)
    pairs = read_pairs(_text(file), f"{name}{ENDING}", field_map)
    found = differences(pairs, field_map, deployment.dataset(field_map.dataset), facts)
    return Tested(name, len(pairs.pairs), found)


def _facts(deployment: Deployment) -> Facts:
    file = deployment.data_file("exception list", "例外名单", _EXCEPTIONS)
    return Facts(exceptions_by_scheme(reviewed_exceptions(read_yaml_text(_text(file), f"{_EXCEPTIONS}.yml"))))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(NOT_READ, file=file, why=error) from error
