"""The closed set of steps by name; what does not fit them is Python in a plugin."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.mapping.code_steps import Boolean, Lookup
from gateway.mapping.number_steps import Decimal, Integer
from gateway.mapping.step import Step
from gateway.mapping.text_steps import Empty, Extract, HalfWidth, Join, Split, Strip, Upper
from gateway.mapping.time_steps import Date, Format, Time

_ALL: tuple[type[Step], ...] = (
    Strip,
    HalfWidth,
    Upper,
    Empty,
    Extract,
    Lookup,
    Split,
    Join,
    Date,
    Time,
    Format,
    Decimal,
    Integer,
    Boolean,
)
STEPS: Mapping[str, type[Step]] = {each.name: each for each in _ALL}

MESSAGES = tuple(each.fault.message for each in STEPS.values() if each.fault)
