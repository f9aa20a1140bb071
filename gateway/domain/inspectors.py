"""执法检查人员名录库: who may be drawn to inspect (000§10, 001§12, 003§11; R2)."""

from __future__ import annotations

import polars as pl

from gateway.domain.code_lists import CERTIFICATE_KINDS, INSPECTOR_CATEGORIES, VALIDITY_STATES
from gateway.domain.dataset import Dataset, Field, Privacy, Rule, Type
from gateway.domain.findings import Outcome
from gateway.messages import Message

CERTIFICATE_MISSING = Message(
    "inspector.certificate_missing",
    zh="人员类别为“{value}”的检查人员须有执法证号（警官证号），本行填的是单位工号；"
    "请填写证号，或把类别改为日常监管人员",
    en="an inspector of category {value!r} needs a certificate number (or police card), this row gives a staff number; "
    "give the certificate, or make the category that of daily supervision staff",
)

INSPECTORS = Dataset(
    name="inspectors",
    title="执法检查人员名录库",
    fields=(
        # The number of the certificate, or of the staff register where the category needs no certificate (003§21).
        Field(name="inspector_number", title="执法证号或工号", length=50, required=True, key=True),
        Field(name="department_code", title="单位编码", length=32, required=True, key=True),
        Field(name="certificate_kind", title="证件类型", required=True, codes=CERTIFICATE_KINDS),
        Field(name="name", title="姓名", length=50, required=True),
        Field(name="category", title="人员类别", codes=INSPECTOR_CATEGORIES),
        Field(name="position", title="职务", length=100),
        Field(name="post", title="执法岗位", length=200),
        Field(name="phone", title="联系电话", length=30, privacy=Privacy.PERSONAL),
        Field(name="resident_id", title="身份证号", length=18, privacy=Privacy.SECRET),
        Field(name="certificate_valid_until", title="执法证有效期至", type=Type.DATE),
        Field(name="region_code", title="行政区划代码", length=6),
        Field(name="expert", title="是否专家", type=Type.BOOLEAN),
        Field(name="state", title="人员状态", codes=VALIDITY_STATES),
    ),
    rules=(
        Rule(
            message=CERTIFICATE_MISSING,
            field="category",
            outcome=Outcome.REJECTED,
            fails=lambda _: (pl.col("certificate_kind") == "staff") & pl.col("category").is_in(["civil", "qualified"]),
        ),
    ),
)
