"""How a record names the inspection target (检查对象) that it is about: by the target's whole key."""

from __future__ import annotations

from gateway.domain.code_lists import IDENTIFIER_SCHEMES, TARGET_KINDS
from gateway.domain.dataset import Field

# In the order of the key of `inspection_targets`, so that together they are its record key.
TARGET_KEY: tuple[Field, ...] = (
    Field(name="target_identifier", title="检查对象标识", length=64, required=True, key=True),
    Field(name="target_scheme", title="检查对象标识类型", required=True, key=True, codes=IDENTIFIER_SCHEMES),
    Field(name="target_kind", title="检查对象类别", required=True, key=True, codes=TARGET_KINDS),
    Field(name="target_label", title="检查对象许可证或标签", length=100, key=True, absent=""),
)
TARGET_FIELDS = tuple(field.name for field in TARGET_KEY)
