"""The platform's staff: they set up a task, draw, lock, dispatch and match, each step once and in this order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.sandbox_host.inspection.drawing import draw
from gateway.sandbox_host.inspection.matching import match
from gateway.sandbox_host.inspection.records import (
    Assignment,
    Drawn,
    NotAllowed,
    Registries,
    Target,
    Task,
    TaskOrder,
)
from gateway.sandbox_host.inspection.tables import InspectionTables
from gateway.sandbox_host.inspection.task_numbers import next_task_number

_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the texts that bind the staff."""

    draws_per_year: int  # L6, "in principle": a warning
    inspectors_per_target: int  # L7


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step led to, and what somebody should look at."""

    task: Task
    population: int = 0
    records: int = 0
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Office:
    """Works within one transaction; `code` is the six digits that the platform's task numbers begin with."""

    tables: InspectionTables
    registries: Registries
    limits: Limits
    code: str
    now: datetime  # with its time zone

    def set_up(self, order: TaskOrder) -> Outcome:
        """Create a task."""
        if order.ends_on < order.starts_on:
            raise NotAllowed(f"任务结束日期 {order.ends_on} 早于开始日期 {order.starts_on}")
        number = next_task_number(self.code, self._day, [each.number for each in self.tables.tasks()])
        task = Task(**order.model_dump(), number=number)
        self.tables.keep_task(task)
        return Outcome(task)

    def draw(self, number: str) -> Outcome:
        """Draw the task's targets; a list that is not locked yet may be drawn again."""
        task = self._task(number, "created", "drawn")
        drawn = draw(
            self.registries.targets(),
            task,
            task.seed or task.number,
            drawn_this_year=self._drawn_this_year(number),
            limit=self.limits.draws_per_year,
        )
        if not drawn.targets:
            raise NotAllowed("名录库中没有符合条件的检查对象")
        self.tables.replace_drawn(
            number, (Drawn(task_number=number, target=each, drawn_at=self.now) for each in drawn.targets)
        )
        task = self._keep(task, "drawn")
        return Outcome(task, drawn.population, len(drawn.targets), [self._warning(each) for each in drawn.over_limit])

    def lock(self, number: str) -> Outcome:
        """Lock the list: from now on it is not changed (L13). Targets that a locked task of the period has are merged.

        Only the list that is being locked names the others, since theirs must not change any more.
        """
        task = self._task(number, "drawn")
        elsewhere = self._drawn_in_the_period_of(task)
        drawn = [
            each.model_copy(
                update={"locked_at": self.now, "merged_tasks": tuple(elsewhere.get(each.target.holder, ()))}
            )
            for each in self.tables.drawn(number)
        ]
        self.tables.replace_drawn(number, drawn)
        return Outcome(self._keep(task, "locked"), records=len(drawn))

    def dispatch(self, number: str) -> Outcome:
        """Hand the list to the departments that take part: from now on they can pull it."""
        task = self._task(number, "locked")
        drawn = [each.model_copy(update={"dispatched_at": self.now}) for each in self.tables.drawn(number)]
        self.tables.replace_drawn(number, drawn)
        return Outcome(self._keep(task, "dispatched"), records=len(drawn))

    def match(self, number: str) -> Outcome:
        """Match inspectors with every target, once: those drawn are as a rule not replaced (L14)."""
        task = self._task(number, "dispatched")
        if self.tables.assignments(number):
            raise NotAllowed(f"任务 {number} 已匹配检查人员，不得重新匹配")
        inspectors = list(self.registries.inspectors())
        assignments = [
            Assignment(task_number=number, target=each.target, inspector=inspector, role=role, matched_at=self.now)
            for each in self.tables.drawn(number)
            for inspector, role in match(
                task, each.target, inspectors, task.seed or number, at_least=self.limits.inspectors_per_target
            )
        ]
        self.tables.add_assignments(assignments)
        return Outcome(task, records=len(assignments))

    def _task(self, number: str, *states: str) -> Task:
        task = self.tables.task(number)
        if task is None:
            raise NotAllowed(f"没有任务 {number}")
        if task.state not in states:
            raise NotAllowed(f"任务 {number} 的状态是 {task.state}，此步骤要求 {' 或 '.join(states)}")
        return task

    def _keep(self, task: Task, state: str) -> Task:
        task = task.model_copy(update={"state": state})
        self.tables.keep_task(task)
        return task

    def _drawn_this_year(self, but: str) -> Counter[str]:
        return Counter(
            each.target.holder
            for task in self.tables.tasks()
            if task.number != but
            for each in self.tables.drawn(task.number)
            if each.drawn_at.astimezone(_ZONE).year == self._day.year
        )

    def _drawn_in_the_period_of(self, task: Task) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for other in self.tables.tasks():
            if other.number != task.number and other.state not in {"created", "drawn"} and task.overlaps(other):
                for each in self.tables.drawn(other.number):
                    found.setdefault(each.target.holder, []).append(other.number)
        return found

    def _warning(self, target: Target) -> str:
        return f"{target.name}（{target.identifier}）本年度已被抽取 {self.limits.draws_per_year} 次，原则上不再抽取"

    @property
    def _day(self) -> datetime:
        return self.now.astimezone(_ZONE)
