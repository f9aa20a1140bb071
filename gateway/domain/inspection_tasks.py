"""抽查任务: what a platform sets up, draws and dispatches (002§12, 003§14–17, 004§12–13; R5)."""

from __future__ import annotations

import polars as pl

from gateway.domain.code_lists import DRAW_TYPES, TASK_SOURCES, TASK_STATES
from gateway.domain.dataset import Dataset, Field, Rule, Type
from gateway.domain.findings import Outcome
from gateway.messages import Message

ENDS_BEFORE_START = Message(
    "task.ends_before_start",
    zh="任务结束日期“{value}”早于开始日期；请核对后更正",
    en="the task ends on {value}, before it starts; verify and correct it",
)

INSPECTION_TASKS = Dataset(
    name="inspection_tasks",
    title="抽查任务",
    fields=(
        Field(name="task_number", title="任务编号", length=50, required=True, key=True),
        Field(name="name", title="任务名称", length=200, required=True),
        Field(name="plan_number", title="计划编号", length=50),
        Field(name="plan_name", title="计划名称", length=200),
        Field(name="draw_type", title="抽查类型", codes=DRAW_TYPES),
        Field(name="task_source", title="任务来源", codes=TASK_SOURCES),
        Field(name="starts_on", title="开始日期", type=Type.DATE),
        Field(name="ends_on", title="结束日期", type=Type.DATE),
        Field(name="lead_department", title="牵头部门编码", length=32, required=True),
        Field(name="departments", title="参与部门编码", length=1000),
        Field(name="item_codes", title="抽查事项编码", length=4000),
        Field(name="sampling_rate", title="抽查比例（万分之）", type=Type.INTEGER),
        Field(name="target_count", title="抽取对象数", type=Type.INTEGER),
        Field(name="state", title="任务状态", codes=TASK_STATES),
    ),
    rules=(
        Rule(
            message=ENDS_BEFORE_START,
            field="ends_on",
            outcome=Outcome.REJECTED,
            fails=lambda _: pl.col("ends_on") < pl.col("starts_on"),
        ),
    ),
)
