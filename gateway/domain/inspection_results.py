"""检查结果 and their items: what inspectors found of a target (003§25–29, 001§18, 004§17; R8)."""

from __future__ import annotations

import polars as pl

from gateway.domain.code_lists import CONCLUSIONS, INSPECTION_METHODS, ITEM_OUTCOMES
from gateway.domain.dataset import Dataset, Facts, Field, Parent, Rule, Type
from gateway.domain.findings import Outcome
from gateway.domain.target_reference import TARGET_FIELDS, TARGET_KEY
from gateway.messages import Message

UNKNOWN_CONCLUSION = Message(
    "result.unknown_conclusion",
    zh="检查结果“{value}”含有清单以外的结论；允许的结论：{allowed}；多个结论之间用“;”分隔",
    en="the conclusions {value!r} are not all on the list; allowed are {allowed}; several are joined by ;",
)
NOTHING_FOUND_AND_MORE = Message(
    "result.nothing_found_and_more",
    zh="检查结果“{value}”既写“未发现问题”又写其他结论，二者不能并存；请更正",
    en="the conclusions {value!r} say both that nothing was found and something else; correct them",
)
FINISHED_BEFORE_START = Message(
    "result.finished_before_start",
    zh="检查完成日期“{value}”早于检查日期；请核对后更正",
    en="the inspection was finished on {value}, before it took place; verify and correct it",
)


def _unknown(_: Facts) -> pl.Expr:
    said = pl.col("conclusions").str.split(";")
    return said.list.eval(~pl.element().is_in(list(CONCLUSIONS.codes))).list.any()


def _nothing_and_more(_: Facts) -> pl.Expr:
    said = pl.col("conclusions").str.split(";")
    return said.list.contains("1") & (said.list.len() > 1)


INSPECTION_RESULTS = Dataset(
    name="inspection_results",
    title="检查结果",
    fields=(
        *TARGET_KEY,
        Field(name="task_number", title="任务编号", length=50, required=True, key=True),
        Field(name="department_code", title="检查部门编码", length=32, required=True, key=True),
        Field(name="target_name", title="检查对象名称", length=100, required=True),
        Field(name="inspected_on", title="检查日期", type=Type.DATE, required=True),
        Field(name="finished_on", title="检查完成日期", type=Type.DATE),
        Field(name="inspectors", title="检查人员证号", length=500, required=True),
        Field(name="method", title="检查方式", codes=INSPECTION_METHODS),
        Field(name="conclusions", title="检查结果", length=50, required=True),
        Field(name="description", title="情况说明", length=4000),
        Field(name="signature_refused", title="拒绝签字", type=Type.BOOLEAN),
    ),
    rules=(
        Rule(
            message=UNKNOWN_CONCLUSION,
            field="conclusions",
            outcome=Outcome.HELD,
            fails=_unknown,
            allowed="；".join(f"{code} {title}" for code, title in CONCLUSIONS.codes.items()),
        ),
        Rule(message=NOTHING_FOUND_AND_MORE, field="conclusions", outcome=Outcome.REJECTED, fails=_nothing_and_more),
        Rule(
            message=FINISHED_BEFORE_START,
            field="finished_on",
            outcome=Outcome.REJECTED,
            fails=lambda _: pl.col("finished_on") < pl.col("inspected_on"),
        ),
    ),
    parents=(
        Parent(dataset="inspection_tasks", fields=("task_number",)),
        Parent(dataset="drawn_targets", fields=(*TARGET_FIELDS, "task_number")),
        Parent(
            dataset="inspector_assignments",
            fields=(*TARGET_FIELDS, "task_number", "inspectors"),
            several="inspectors",
        ),
    ),
)

INSPECTION_RESULT_ITEMS = Dataset(
    name="inspection_result_items",
    title="检查结果明细",
    fields=(
        *TARGET_KEY,
        Field(name="task_number", title="任务编号", length=50, required=True, key=True),
        Field(name="department_code", title="检查部门编码", length=32, required=True, key=True),
        Field(name="item_code", title="事项编码", length=50, required=True, key=True),
        Field(name="item_name", title="抽查事项名称", length=200, required=True),
        Field(name="outcome", title="事项结果", required=True, codes=ITEM_OUTCOMES),
        Field(name="problem", title="发现的问题", length=4000),
        Field(name="handling", title="处理情况", length=4000),
    ),
    parents=(
        # A result without a listed item is no result (002§1, 004§4: L15).
        Parent(dataset="inspection_items", fields=("item_code", "department_code")),
        Parent(dataset="drawn_targets", fields=(*TARGET_FIELDS, "task_number")),
    ),
)
