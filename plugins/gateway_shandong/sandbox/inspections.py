"""Results, their items and evidence: what they are about, and why they are refused, in the order of §2.6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.sandbox_host.inspection.results import Hindrance, Said, hindrance, take_place
from gateway.sandbox_host.inspection.tables import InspectionTables
from gateway.sandbox_host.platform.codes import RecordCode, Wrong
from gateway.sandbox_host.platform.store import WITHDRAW, Transaction
from gateway_shandong.sandbox.codes import (
    INSPECTORS_NOT_MATCHED,
    ITEM_NOT_LISTED,
    RESULT_THERE,
    TARGET_NOT_DRAWN,
    TASK_NOT_DRAWN,
    TASK_UNKNOWN,
)
from gateway_shandong.sandbox.records import KEY, OPERATION
from gateway_shandong.sandbox.registries import WireRegistries, target_key

RESULTS, RESULT_ITEMS, EVIDENCE = "JCJG", "JCJGMX", "ZJCL"
_CODES: Mapping[Hindrance, RecordCode] = {
    Hindrance.UNKNOWN_TASK: TASK_UNKNOWN,
    Hindrance.NOT_DRAWN_YET: TASK_NOT_DRAWN,
    Hindrance.TARGET_NOT_DRAWN: TARGET_NOT_DRAWN,
    Hindrance.NOT_MATCHED: INSPECTORS_NOT_MATCHED,
    Hindrance.RESULT_THERE: RESULT_THERE,
    Hindrance.ITEM_NOT_LISTED: ITEM_NOT_LISTED,
}


def wrong_inspection(dataset: str, record: Mapping[str, Any], transaction: Transaction) -> Wrong | None:
    """What stands in the way of a record whose fields are right; nothing where it is not about an inspection."""
    said = _said(dataset, record)
    found = said and hindrance(said, InspectionTables(transaction.connection), WireRegistries(transaction))
    if not said or not found:
        return None
    return _CODES[found].wrong(
        task=said.task_number,
        target=record["IdNO"],
        department=said.department,
        inspectors="、".join(said.inspectors) or "-",
        item=said.item_code,
    )


def remember_inspection(dataset: str, record: Mapping[str, Any], transaction: Transaction) -> None:
    """Let a record that takes effect take its place, or free it."""
    tables = InspectionTables(transaction.connection)
    if record[OPERATION] == WITHDRAW:
        if dataset in {RESULTS, RESULT_ITEMS}:
            tables.free_result(record[KEY])
    elif said := _said(dataset, record):
        take_place(said, tables)


def _said(dataset: str, record: Mapping[str, Any]) -> Said | None:
    if dataset not in {RESULTS, RESULT_ITEMS, EVIDENCE} or record[OPERATION] == WITHDRAW:
        return None
    inspectors = str(record.get("CheckDeptPerson") or "")
    return Said(
        record_key=record[KEY],
        task_number=str(record["TaskCode"]),
        target_key=target_key(record),
        department=str(record.get("CheckDeptCode") or ""),
        inspectors=tuple(inspectors.split(",")) if inspectors else (),
        item_code=str(record.get("CheckCode") or ""),
    )
