"""Whether a platform takes a result: the hindrances in the order in which such platforms look for them (§2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.sandbox_host.inspection.records import Registries
from gateway.sandbox_host.inspection.tables import InspectionTables


class Hindrance(StrEnum):
    """Why a result, an item of it or a piece of evidence is refused; every platform has its own code for each."""

    UNKNOWN_TASK = "unknown_task"
    NOT_DRAWN_YET = "not_drawn_yet"
    TARGET_NOT_DRAWN = "target_not_drawn"
    NOT_MATCHED = "not_matched"
    RESULT_THERE = "result_there"
    ITEM_NOT_LISTED = "item_not_listed"


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says it is about; evidence has no department, and only an item of a result has an item.

    `target` is what a person knows the target by.
    """

    record_key: str
    task_number: str
    target_key: str
    department: str = ""
    inspectors: tuple[str, ...] = ()
    item_code: str = ""
    target: str = ""


def hindrance(said: Said, tables: InspectionTables, registries: Registries) -> Hindrance | None:
    """The first thing that stands in the way."""
    task = tables.task(said.task_number)
    if task is None:
        return Hindrance.UNKNOWN_TASK
    if task.state == "created":
        return Hindrance.NOT_DRAWN_YET
    if not tables.was_drawn(said.task_number, said.target_key):
        return Hindrance.TARGET_NOT_DRAWN
    return _hindrance_of_department(said, tables, registries) if said.department else None


def take_place(said: Said, tables: InspectionTables) -> None:
    """Remember that the record is the result of this task, target and department, and no longer of another."""
    if said.department:
        tables.free_result(said.record_key)
        tables.keep_result(said.record_key, said.task_number, said.target_key, said.department, said.item_code)


def _hindrance_of_department(said: Said, tables: InspectionTables, registries: Registries) -> Hindrance | None:
    matched = tables.matched(said.task_number, said.target_key)
    departments, numbers = {each for each, _ in matched}, {each for _, each in matched}
    if said.department not in departments or not set(said.inspectors) <= numbers:
        return Hindrance.NOT_MATCHED
    holder = tables.result_at(said.task_number, said.target_key, said.department, said.item_code)
    if holder not in {None, said.record_key}:
        return Hindrance.RESULT_THERE
    if said.item_code and not registries.lists_item(said.item_code, said.department):
        return Hindrance.ITEM_NOT_LISTED
    return None
