"""抽查事项清单: what may be inspected; nothing outside the published list is (002§1, 004§4; R1)."""

from __future__ import annotations

from gateway.domain.code_lists import ITEM_CLASSES, RESULT_VOCABULARIES, VALIDITY_STATES
from gateway.domain.dataset import Dataset, Field, Type

INSPECTION_ITEMS = Dataset(
    name="inspection_items",
    title="抽查事项清单",
    fields=(
        Field(name="item_code", title="事项编码", length=50, required=True, key=True),
        Field(name="department_code", title="检查部门编码", length=32, required=True, key=True),
        Field(name="name", title="抽查事项名称", length=200, required=True),
        Field(name="sub_item", title="检查子项", length=200),
        Field(name="category", title="抽查类别", length=100),
        Field(name="inspected_objects", title="检查对象", length=500),
        Field(name="content", title="检查内容", length=4000),
        Field(name="item_class", title="事项类别", codes=ITEM_CLASSES),
        Field(name="level", title="实施层级", length=50),
        Field(name="basis", title="检查依据", length=4000),
        Field(name="methods", title="检查方式", length=200),
        Field(name="result_vocabulary", title="检查结果填写方式", codes=RESULT_VOCABULARIES),
        Field(name="joint", title="是否联合抽查事项", type=Type.BOOLEAN),
        Field(name="state", title="事项状态", codes=VALIDITY_STATES),
    ),
)
