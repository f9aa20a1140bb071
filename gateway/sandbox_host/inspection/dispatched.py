"""What departments may pull: tasks, drawn lists and assignments, once they were dispatched to them, page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.sandbox_host.inspection.records import Assignment, Drawn, Task
from gateway.sandbox_host.inspection.tables import InspectionTables

Row = Mapping[str, Any]
# The rows of one task, in a fixed order, as a platform writes them.
Rows = Callable[[InspectionTables, Task], Iterable[Row]]

_DISPATCHED = ("dispatched", "finished")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, and how many there are in all pages."""

    total: int
    rows: Sequence[Row]


def tasks(write: Callable[[Task, int], Row]) -> Rows:
    """The tasks; `write` is told how many targets were drawn."""
    return lambda tables, task: [write(task, len(tables.drawn(task.number)))]


def drawn_lists(write: Callable[[Drawn, Task], Row]) -> Rows:
    """The drawn lists."""
    return lambda tables, task: [write(each, task) for each in tables.drawn(task.number)]


def assignments(write: Callable[[Assignment], Row]) -> Rows:
    """The inspectors matched."""
    return lambda tables, task: [write(each) for each in tables.assignments(task.number)]


def rows_for(departments: Collection[str], rows: Rows, tables: InspectionTables) -> list[Row]:
    """The rows of every task that was dispatched and that one of the departments leads or takes part in."""
    asking = set(departments)
    handed = (each for each in tables.tasks() if each.state in _DISPATCHED and asking & set(each.everyone))
    return [row for task in handed for row in rows(tables, task)]


def page_of(rows: Sequence[Row], number: int, size: int) -> Page:
    """A page of so many rows; the first is 1."""
    return Page(len(rows), rows[(number - 1) * size : number * size])
