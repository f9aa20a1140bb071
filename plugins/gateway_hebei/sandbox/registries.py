"""What departments reported, out of the wire's words into those of the inspection logic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

from gateway.domain.record_key import key_of
from gateway.sandbox_host.inspection.records import Inspector, Target
from gateway.sandbox_host.platform.store import Transaction

# Written here once more on purpose, as the check of credit codes is: a platform does not share the gateway's maps.
KINDS = {"QY": "enterprise", "CP": "product", "XM": "project", "XW": "conduct"}
SCHEMES = {
    "USCC": "uscc",
    "ZCH": "registration_number",
    "ZZJG": "organization_code",
    "SFZ": "resident_id",
    "NB": "local",
}
_CERTIFICATES = {"执法证": "certificate", "警官证": "police"}
_STATES = {"": "", "有效": "1", "失效": "0"}


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
        holder = self._transaction.holder("JCSX", key_of((department, item_code)))
        newest = self._transaction.newest("JCSX", holder) if holder else None
        return newest is not None and json.loads(newest.content)["State"] != "失效"


def target_key(content: Mapping[str, str]) -> str:
    """The registry key of the target that a record names."""
    named = content["TargetId"], SCHEMES[content["TargetIdType"]], KINDS[content["TargetKind"]], content["TargetLabel"]
    return key_of(named)


def _target(content: Mapping[str, str]) -> Target:
    return Target(
        identifier=content["TargetId"],
        scheme=SCHEMES[content["TargetIdType"]],
        kind=KINDS[content["TargetKind"]],
        label=content["TargetLabel"],
        name=content["EntName"],
        region=content["RegionCode"],
        address=content["Dom"],
        state=content["RegState"],
    )


def _inspector(content: Mapping[str, str]) -> Inspector:
    until = content["CertValidTo"]
    return Inspector(
        number=content["CertNo"],
        department=content["DeptCode"],
        name=content["Name"],
        certificate_kind=_CERTIFICATES[content["CertKind"]],
        valid_until=date.fromisoformat(until) if until else None,
        state=_STATES[content["State"]],
    )
