"""Records about an inspection: what stands in their way, in the order of §2.6, and the places that they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gateway.sandbox_host.inspection.records import Registries
from gateway.sandbox_host.inspection.results import Hindrance, Said, hindrance, take_place
from gateway.sandbox_host.inspection.tables import InspectionTables
from gateway.sandbox_host.platform.codes import RecordCode, Wrong
from gateway.sandbox_host.platform.speech import Submitted
from gateway.sandbox_host.platform.store import Transaction


@dataclass(frozen=True, slots=True)
class Inspections:
    """What one platform says about them: its `codes`, with the blanks task, target, department, inspectors and item.

    `about` reads what a record of a dataset is about; nothing where it is not about an inspection.
    """

    codes: Mapping[Hindrance, RecordCode]
    registries: Callable[[Transaction], Registries]
    about: Callable[[str, Submitted], Said | None]

    def wrong(self, dataset: str, record: Submitted, transaction: Transaction) -> Wrong | None:
        """What stands in the way of a record whose fields are right; nothing stands in that of a withdrawal."""
        said = self._said(dataset, record)
        if not said:
            return None
        found = hindrance(said, InspectionTables(transaction.connection), self.registries(transaction))
        return self.codes[found].wrong(**_blanks(said)) if found else None

    def remember(self, dataset: str, record: Submitted, transaction: Transaction) -> None:
        """Let a record that takes effect take its place, or free it."""
        tables = InspectionTables(transaction.connection)
        if record.withdraws:
            tables.free_result(_holder(dataset, record))
        elif said := self._said(dataset, record):
            take_place(said, tables)

    def _said(self, dataset: str, record: Submitted) -> Said | None:
        said = None if record.withdraws else self.about(dataset, record)
        return said and replace(said, record_key=_holder(dataset, record))


def _holder(dataset: str, record: Submitted) -> str:
    """Who takes a place: records of two datasets may have the same key."""
    return f"{dataset}|{record.key}"


def _blanks(said: Said) -> Mapping[str, str]:
    return {
        "task": said.task_number,
        "target": said.target,
        "department": said.department,
        "inspectors": "、".join(said.inspectors) or "-",
        "item": said.item_code,
    }
