"""What the platform demands on the wire, read from the same files that the gateway's profile is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.domain.yaml_text import read_yaml_text
from gateway.shipped import shipped
from gateway.transport.xml import Schema
from gateway_hebei import DATASETS, PLATFORM

_SHARED = "_platform.yml"

# By which fields the platform itself knows what a record of a registry is about; results have their place in a task.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "BM": ("DeptCode",),
    "JCDX": ("TargetKind", "TargetIdType", "TargetId", "TargetLabel"),
    "JCSX": ("DeptCode", "ItemCode"),
    "ZFRY": ("DeptCode", "CertKind", "CertNo"),
}


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """What is demanded of a wire field beside what the XSD says: its code list, and where it holds a credit code."""

    field: str
    title: str
    codes: Mapping[str, str]
    uscc_when: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Service:
    """One dataset at the platform: its code, paths, limits, XSD, checks, and the fields that name a record, if any."""

    code: str
    deliver: str
    find: str
    pull: str
    records: int
    bytes: int
    schema: Schema
    checks: tuple[FieldCheck, ...]
    names: tuple[str, ...]


def load_services(folder: Path | None = None) -> Mapping[str, Service]:
    """The services of the platform by the code of their dataset."""
    services = [_service(folder or shipped("mappings") / PLATFORM, dataset) for dataset in DATASETS]
    return {each.code: each for each in services}


def _service(folder: Path, dataset: str) -> Service:
    content = {**_content(folder / _SHARED), **_content(folder / f"{dataset}.yml")}
    code = content["envelope"]["dataset_code"]
    return Service(
        code=code,
        deliver=content["endpoints"]["deliver"],
        find=content["endpoints"]["find"],
        pull=content["endpoints"]["deliver"].replace("/put", "/get"),
        records=int(content["limits"]["records_per_document"]),
        bytes=int(content["limits"]["bytes_per_document"]),
        schema=Schema(folder / f"{dataset}.xsd"),
        checks=tuple(_check(field, declared) for field, declared in content["wire_checks"].items()),
        names=_NAMES.get(code, ()),
    )


def _content(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_yaml_text(path.read_text(encoding="utf-8"), str(path))
    return content


def _check(field: str, declared: Mapping[str, Any]) -> FieldCheck:
    when = declared.get("uscc_when")
    return FieldCheck(
        field, declared["title"], declared.get("codes", {}), (when["field"], when["equals"]) if when else None
    )
