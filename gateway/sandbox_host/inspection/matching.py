"""匹配: inspectors for a drawn target, drawn by lot; the leader comes from the initiating department (002§14, 004)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from gateway.sandbox_host.inspection.drawing import lot
from gateway.sandbox_host.inspection.records import Inspector, NotAllowed, Target, Task

Role = Literal["leader", "member"]


def match(
    task: Task, target: Target, inspectors: Iterable[Inspector], seed: str, *, at_least: int
) -> list[tuple[Inspector, Role]]:
    """The leader, one of each other department, then more until there are enough (L7).

    Raises NotAllowed where a department, or all of them together, have too few with a valid certificate.
    """
    pool = sorted(
        _available(task, inspectors, task.ends_on), key=lambda each: lot(seed, f"{target.key}\n{_name(each)}")
    )
    chosen = [_first_of(department, pool) for department in task.everyone]
    chosen += [each for each in pool if each not in chosen][: max(0, at_least - len(chosen))]
    if len(chosen) < at_least:
        raise NotAllowed(f"证件有效的检查人员只有 {len(chosen)} 名，每个检查对象至少 {at_least} 名")
    return [(each, "leader" if number == 0 else "member") for number, each in enumerate(chosen)]


def _available(task: Task, inspectors: Iterable[Inspector], day: date) -> list[Inspector]:
    return [each for each in inspectors if each.department in task.everyone and each.may_inspect(day)]


def _first_of(department: str, pool: Sequence[Inspector]) -> Inspector:
    found = next((each for each in pool if each.department == department), None)
    if found is None:
        raise NotAllowed(f"部门 {department} 没有证件有效的检查人员")
    return found


def _name(inspector: Inspector) -> str:
    return f"{inspector.department}|{inspector.number}"
