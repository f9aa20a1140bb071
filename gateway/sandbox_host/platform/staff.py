"""The doors by which a rehearsal plays the platform's staff: set up, draw, lock, dispatch, match. No platform has them.

The numbers that bind the staff stand with their sources in `mappings/<slug>/_staff.yml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.yaml_text import read_yaml_text
from gateway.sandbox_host.inspection.office import Limits, Office, Outcome
from gateway.sandbox_host.inspection.records import NotAllowed, Registries, TaskOrder
from gateway.sandbox_host.inspection.tables import InspectionTables
from gateway.sandbox_host.platform.application import Order
from gateway.sandbox_host.platform.codes import Refused, WholeCode
from gateway.sandbox_host.platform.control import read_order
from gateway.sandbox_host.platform.store import Transaction
from gateway.shipped import shipped

STEP_NOT_ALLOWED = WholeCode("C301", "409 Conflict", "此步骤现在不能做：{what}")


class NewTask(TaskOrder):
    """A task to set up, and whether to draw its targets at once."""

    draw: bool = True


class Step(BaseModel):
    """A step of a task that is there."""

    model_config = ConfigDict(extra="forbid")

    task_number: str = Field(min_length=1)


class Staff:
    """The staff of the platform of a jurisdiction (`slug`), working with what departments have reported to it."""

    def __init__(self, slug: str, registries: Callable[[Transaction], Registries]) -> None:
        numbers = _numbers(slug)
        self._limits = Limits(int(numbers["draws_per_year"]), int(numbers["inspectors_per_target"]))
        self._code = numbers["task_number_code"]
        self._registries = registries

    def orders(self) -> Mapping[str, Order]:
        """The doors, by method and name."""
        return {
            "POST tasks": self._set_up,
            "GET tasks": _tasks,
            "POST draw": self._step(Office.draw),
            "POST lock": self._step(Office.lock),
            "POST dispatch": self._step(Office.dispatch),
            "POST match": self._step(Office.match),
        }

    def _set_up(self, body: bytes, transaction: Transaction, now: float) -> Mapping[str, Any]:
        """Create a task and draw; raises Refused, and then there is no task."""
        order = read_order(NewTask, body)
        office = self._office(transaction, now)
        plain = TaskOrder(**order.model_dump(exclude={"draw"}))

        def work() -> Outcome:
            outcome = office.set_up(plain)
            return office.draw(outcome.task.number) if order.draw else outcome

        return _done(work)

    def _step(self, take: Callable[[Office, str], Outcome]) -> Order:
        def taken(body: bytes, transaction: Transaction, now: float) -> Mapping[str, Any]:
            task = read_order(Step, body).task_number
            return _done(lambda: take(self._office(transaction, now), task))

        return taken

    def _office(self, transaction: Transaction, now: float) -> Office:
        return Office(
            tables=InspectionTables(transaction.connection),
            registries=self._registries(transaction),
            limits=self._limits,
            code=self._code,
            now=datetime.fromtimestamp(now, UTC),
        )


def _tasks(_body: bytes, transaction: Transaction, _now: float) -> Mapping[str, Any]:
    """Every task with its drawn list and assignments."""
    tables = InspectionTables(transaction.connection)
    return {
        "tasks": [
            {
                **task.model_dump(mode="json"),
                "drawn": [each.model_dump(mode="json") for each in tables.drawn(task.number)],
                "assignments": [each.model_dump(mode="json") for each in tables.assignments(task.number)],
            }
            for task in tables.tasks()
        ]
    }


def _done(work: Callable[[], Outcome]) -> dict[str, Any]:
    try:
        outcome = work()
    except NotAllowed as reason:
        raise Refused(STEP_NOT_ALLOWED, reason) from reason
    return {
        "task_number": outcome.task.number,
        "state": outcome.task.state,
        "population": outcome.population,
        "records": outcome.records,
        "warnings": list(outcome.warnings),
    }


def _numbers(slug: str) -> Mapping[str, str]:
    path = shipped("mappings") / slug / "_staff.yml"
    content: dict[str, Any] = read_yaml_text(path.read_text(encoding="utf-8"), str(path))
    return {name: each["value"] for name, each in content.items()}
