"""抽取名单: the targets that a task drew; once locked the list is not changed (002§12, 004§12; R6)."""

from __future__ import annotations

from gateway.domain.dataset import Dataset, Field, Parent, Type
from gateway.domain.target_reference import TARGET_FIELDS, TARGET_KEY

DRAWN_TARGETS = Dataset(
    name="drawn_targets",
    title="抽取名单",
    fields=(
        *TARGET_KEY,
        Field(name="task_number", title="任务编号", length=50, required=True, key=True),
        Field(name="name", title="检查对象名称", length=100, required=True),
        Field(name="region_code", title="行政区划代码", length=6),
        Field(name="address", title="住所", length=300),
        Field(name="department_code", title="检查部门编码", length=32),
        Field(name="drawn_at", title="抽取时间", type=Type.TIME),
        Field(name="locked_at", title="锁定时间", type=Type.TIME),
        Field(name="dispatched_at", title="派发时间", type=Type.TIME),
        Field(name="merged_tasks", title="合并检查的任务", length=500),
    ),
    parents=(
        Parent(dataset="inspection_tasks", fields=("task_number",)),
        Parent(dataset="inspection_targets", fields=TARGET_FIELDS),
    ),
)
