"""Field maps: the YAML that says where each field comes from, validated, compiled to expressions and explained."""

from __future__ import annotations

from gateway.mapping.compiled_map import MISSING_COLUMN, UNMAPPED_COLUMN, ColumnReport, CompiledMap, Mapped
from gateway.mapping.compiling import compile_map
from gateway.mapping.covering import check_covers
from gateway.mapping.explaining import Explanation, explain
from gateway.mapping.field_map import FieldMap
from gateway.mapping.reading import field_map_of, load_field_map
from gateway.mapping.steps import MESSAGES as _STEP_MESSAGES
from gateway.messages import Message

MESSAGES: tuple[Message, ...] = (*_STEP_MESSAGES, UNMAPPED_COLUMN, MISSING_COLUMN)

__all__ = [
    "MESSAGES",
    "UNMAPPED_COLUMN",
    "ColumnReport",
    "CompiledMap",
    "Explanation",
    "FieldMap",
    "Mapped",
    "check_covers",
    "compile_map",
    "explain",
    "field_map_of",
    "load_field_map",
]
