"""部门: the departments that own records and take part in inspections."""

from __future__ import annotations

import polars as pl

from gateway.domain.code_lists import DEPARTMENT_LEVELS
from gateway.domain.dataset import Dataset, Field, Rule
from gateway.domain.findings import Outcome
from gateway.domain.identifiers import is_uscc
from gateway.domain.inspection_targets import REGION_CHECK, USCC_CHECK
from gateway.domain.regions import is_region_code

DEPARTMENTS = Dataset(
    name="departments",
    title="部门",
    fields=(
        Field(name="department_code", title="部门编码", length=32, required=True, key=True),
        Field(name="name", title="部门名称", length=100, required=True),
        Field(name="uscc", title="统一社会信用代码", length=18),
        Field(name="region_code", title="行政区划代码", length=6, required=True),
        Field(name="level", title="层级", codes=DEPARTMENT_LEVELS),
        Field(name="superior_code", title="上级部门编码", length=32),
    ),
    rules=(
        Rule(
            message=USCC_CHECK,
            field="uscc",
            outcome=Outcome.REJECTED,
            fails=lambda _: pl.col("uscc").is_not_null() & ~is_uscc(pl.col("uscc")),
        ),
        Rule(
            message=REGION_CHECK,
            field="region_code",
            outcome=Outcome.HELD,
            fails=lambda _: pl.col("region_code").is_not_null() & ~is_region_code(pl.col("region_code")),
        ),
    ),
)
