"""Results, their items and evidence: what they are about, and what stands in their way."""

from __future__ import annotations

from gateway.sandbox_host.inspection.results import Said
from gateway.sandbox_host.platform.inspections import Inspections
from gateway.sandbox_host.platform.speech import Submitted
from gateway_shandong.sandbox.codes import HINDRANCES
from gateway_shandong.sandbox.registries import WireRegistries, target_key

RESULTS, RESULT_ITEMS, EVIDENCE = "JCJG", "JCJGMX", "ZJCL"


def _about(dataset: str, record: Submitted) -> Said | None:
    if dataset not in {RESULTS, RESULT_ITEMS, EVIDENCE}:
        return None
    content = record.content
    inspectors = str(content.get("CheckDeptPerson") or "")
    return Said(
        record_key=record.key,
        task_number=str(content["TaskCode"]),
        target_key=target_key(content),
        department=str(content.get("CheckDeptCode") or ""),
        inspectors=tuple(inspectors.split(",")) if inspectors else (),
        item_code=str(content.get("CheckCode") or ""),
        target=str(content["IdNO"]),
    )


INSPECTIONS = Inspections(codes=HINDRANCES, registries=WireRegistries, about=_about)
