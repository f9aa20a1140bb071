"""What departments reported, out of the wire's words into those of the inspection logic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from gateway.domain.record_key import key_of
from gateway.sandbox_host.inspection.records import Inspector, Target
from gateway.sandbox_host.platform.store import WITHDRAW, Transaction

# Written here once more on purpose, as the check of credit codes is: a platform does not share the gateway's maps.
KINDS = {"1": "enterprise", "2": "product", "3": "project", "4": "conduct"}
SCHEMES = {
    "01": "uscc",
    "02": "registration_number",
    "03": "organization_code",
    "04": "resident_id",
    "99": "local",
}
_CERTIFICATES = {"1": "certificate", "2": "police", "3": "staff"}


class WireRegistries:
    """The registries in force, read from the records that took effect."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def targets(self) -> Iterator[Target]:
        """Every entry of the registry of targets."""
        return (_target(each) for each in self._transaction.contents("JCDX"))

    def inspectors(self) -> Iterator[Inspector]:
        """Every inspector."""
        return (_inspector(each) for each in self._transaction.contents("ZFRY"))

    def lists_item(self, item_code: str, department: str) -> bool:
        """Whether the department's list names the item, and it is valid."""
        newest = self._transaction.newest("JCSX", key_of((item_code, department)))
        if newest is None or newest.operation == WITHDRAW:
            return False
        return bool(json.loads(newest.content).get("IsScVlid") != "0")


def target_key(record: Mapping[str, Any]) -> str:
    """The registry key of the target that a record names."""
    parts = (_text(record, "IdNO"), SCHEMES[record["IdType"]], KINDS[record["ObjKind"]], _text(record, "LicLabel"))
    return key_of(parts)


def _target(content: Mapping[str, Any]) -> Target:
    return Target(
        identifier=_text(content, "IdNO"),
        scheme=SCHEMES[content["IdType"]],
        kind=KINDS[content["ObjKind"]],
        label=_text(content, "LicLabel"),
        name=_text(content, "EntName"),
        region=_text(content, "DistCode"),
        address=_text(content, "Dom"),
        state=_text(content, "RegState"),
    )


def _inspector(content: Mapping[str, Any]) -> Inspector:
    until = _text(content, "LawEndDate")
    return Inspector(
        number=_text(content, "LawNO"),
        department=_text(content, "UnitCode"),
        name=_text(content, "AgentName"),
        certificate_kind=_CERTIFICATES[content["LawType"]],
        valid_until=datetime.strptime(until, "%Y%m%d").date() if until else None,  # noqa: DTZ007 - a day has no zone
        state=_text(content, "AgentState"),
    )


def _text(content: Mapping[str, Any], field: str) -> str:
    value = content.get(field)
    return "" if value is None else str(value)
