"""匹配: the inspectors drawn for a target of a task, one of them its leader (002§14, 003§20, 004§14; R7)."""

from __future__ import annotations

from gateway.domain.code_lists import ASSIGNMENT_ROLES
from gateway.domain.dataset import Dataset, Field, Parent, Type
from gateway.domain.target_reference import TARGET_FIELDS, TARGET_KEY

INSPECTOR_ASSIGNMENTS = Dataset(
    name="inspector_assignments",
    title="检查人员匹配",
    fields=(
        *TARGET_KEY,
        Field(name="task_number", title="任务编号", length=50, required=True, key=True),
        Field(name="inspector_number", title="执法证号或工号", length=50, required=True, key=True),
        Field(name="department_code", title="检查部门编码", length=32, required=True),
        Field(name="inspector_name", title="检查人员姓名", length=50, required=True),
        Field(name="role", title="角色", codes=ASSIGNMENT_ROLES),
        Field(name="matched_at", title="匹配时间", type=Type.TIME),
    ),
    parents=(
        Parent(dataset="drawn_targets", fields=(*TARGET_FIELDS, "task_number")),
        Parent(dataset="inspectors", fields=("inspector_number", "department_code")),
    ),
)
