"""What the platform demands on the wire, read from the same files that the gateway's profile is made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.domain.yaml_text import read_yaml_text
from gateway.shipped import shipped

PROFILE = "shandong/platform/2023-01"
DATASETS = (
    "departments",
    "inspection_items",
    "inspectors",
    "inspection_targets",
    "inspection_results",
    "inspection_result_items",
    "evidence_files",
)
_SHARED = "_platform.yml"


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """What is demanded of one wire field."""

    field: str
    title: str
    required: bool
    length: int | None
    pattern: re.Pattern[str] | None
    codes: Mapping[str, str]
    uscc_when: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Service:
    """One dataset at the platform: its code, paths, limits and fields."""

    code: str
    deliver: str
    find: str
    records: int
    bytes: int
    checks: Mapping[str, FieldCheck]


def load_services(folder: Path | None = None) -> Mapping[str, Service]:
    """The services of the platform by the code of their dataset."""
    services = [_service(folder or shipped("mappings") / PROFILE, dataset) for dataset in DATASETS]
    return {each.code: each for each in services}


def _service(folder: Path, dataset: str) -> Service:
    own, shared = _content(folder / f"{dataset}.yml"), _content(folder / _SHARED)
    content = {**shared, **own}
    return Service(
        code=content["envelope"]["dataset_code"],
        deliver=content["endpoints"]["deliver"],
        find=content["endpoints"]["find"],
        records=int(content["limits"]["records_per_document"]),
        bytes=int(content["limits"]["bytes_per_document"]),
        checks={field: _check(field, declared) for field, declared in content["wire_checks"].items()},
    )


def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_yaml_text(path.read_text(encoding="utf-8"), str(path))
    return content


def _check(field: str, declared: Mapping[str, Any]) -> FieldCheck:
    when = declared.get("uscc_when")
    return FieldCheck(
        field=field,
        title=declared["title"],
        required=declared.get("required") == "true",
        length=int(declared["length"]) if "length" in declared else None,
        pattern=re.compile(declared["pattern"]) if "pattern" in declared else None,
        codes=declared.get("codes", {}),
        uscc_when=(when["field"], when["equals"]) if when else None,
    )
