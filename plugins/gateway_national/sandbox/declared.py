"""What the publicity system demands on the wire, read from the same files that the gateway's profile is made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.yaml_text import read_yaml_text
from gateway.shipped import shipped
from gateway.transport.signatures import SignatureScheme

PROFILE = "national/publication/2019-01"
_FILES = ("_platform", "inspection_results")


@dataclass(frozen=True, slots=True)
class Member:
    """What is demanded of one member of a record, or of an object in it."""

    name: str
    title: str
    required: bool
    length: int | None
    pattern: re.Pattern[str] | None
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """The one service: its code, paths, limits, members, and the members of the objects in its lists."""

    code: str
    deliver: str
    find: str
    health: str
    records: int
    bytes: int
    members: Mapping[str, Member]
    lists: Mapping[str, Mapping[str, Member]]
    signature: SignatureScheme


def load_service() -> Service:
    """Read it from the shipped profile."""
    content: dict[str, Any] = {}
    for name in _FILES:
        path = shipped("mappings") / PROFILE / f"{name}.yml"
        content |= read_yaml_text(path.read_text(encoding="utf-8"), str(path))
    endpoints, limits, signature = content["endpoints"], content["limits"], content["signature"]
    return Service(
        code=content["envelope"]["dataset_code"],
        deliver=endpoints["deliver"],
        find=endpoints["find"],
        health=endpoints["health"],
        records=int(limits["records_per_document"]),
        bytes=int(limits["bytes_per_document"]),
        members=_members(content["wire_checks"]),
        lists={name: _members(said["wire_checks"]) for name, said in content["children"].items()},
        signature=SignatureScheme(headers=signature["headers"], signed=tuple(signature["signed"])),
    )


def _members(declared: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Member]:
    return {name: _member(name, said) for name, said in declared.items()}


def _member(name: str, said: Mapping[str, Any]) -> Member:
    return Member(
        name=name,
        title=said["title"],
        required=said.get("required") == "true",
        length=int(said["length"]) if "length" in said else None,
        pattern=re.compile(said["pattern"]) if "pattern" in said else None,
        codes=said.get("codes", {}),
    )
