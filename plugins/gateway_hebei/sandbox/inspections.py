"""Results and their items: what they are about, and what stands in their way."""

from __future__ import annotations

from gateway.sandbox_host.inspection.results import Said
from gateway.sandbox_host.platform.inspections import Inspections
from gateway.sandbox_host.platform.speech import Submitted
from gateway_hebei.sandbox.codes import HINDRANCES
from gateway_hebei.sandbox.registries import WireRegistries, target_key

RESULTS, RESULT_ITEMS = "JCJG", "JCJGMX"


def _about(dataset: str, record: Submitted) -> Said | None:
    if dataset not in {RESULTS, RESULT_ITEMS}:
        return None
    content = record.content
    inspectors = content.get("CertNos", "")
    return Said(
        record_key=record.key,
        task_number=content["TaskNo"],
        target_key=target_key(content),
        department=content["DeptCode"],
        inspectors=tuple(inspectors.split(";")) if inspectors else (),
        item_code=content.get("ItemCode", ""),
        target=content["TargetId"],
    )


INSPECTIONS = Inspections(codes=HINDRANCES, registries=WireRegistries, about=_about)
