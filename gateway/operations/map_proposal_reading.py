"""How a field would be read from a column, by the field's type and the column's sampled values.

A reading that fits is one whose steps, the very steps that the map would run, read every sampled value. A sample shows
what may be and proves nothing, so a reading that fits speaks for a column only where the values carry a check.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from gateway.domain.code_lists import IDENTIFIER_SCHEMES
from gateway.domain.dataset import Field, Type
from gateway.domain.identifiers import is_organization_code, is_registration_number, is_resident_id, is_uscc
from gateway.domain.regions import is_region_code
from gateway.mapping.code_steps import Boolean
from gateway.mapping.number_steps import Decimal, Integer
from gateway.mapping.step import Step
from gateway.mapping.time_steps import Date, Time
from gateway.messages import Message
from gateway.operations.map_proposal_money import unit_in

UNKNOWN_CODES = Message(
    "proposal.unknown_codes",
    zh="样本中的 {values} 不在“{title}”的取值内；请用 lookup 写明各对应什么，表示空的写入 empty",
    en="the sample holds {values}, which {title} does not have; say by lookup what each stands for, and under empty "
    "what means empty",
)

Check = Callable[[pl.Expr], pl.Expr]

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
_CLOCKS = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "")
_TIMES = tuple(day + clock for clock in _CLOCKS for day in _DAYS)
_ZONE = "Asia/Shanghai"
_YES, _NO = ("是", "有", "Y", "y", "true", "1"), ("否", "无", "N", "n", "false", "0")
_QUOTED = 5

# The checks that the values of a field carry in themselves, and the schemes of identifiers.
_CHECKS: Mapping[str, Check] = {"uscc": is_uscc, "resident_id": is_resident_id, "region_code": is_region_code}
_SCHEMES: Mapping[str, Check] = {
    "uscc": is_uscc,
    "registration_number": is_registration_number,
    "organization_code": is_organization_code,
    "resident_id": is_resident_id,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The steps, as a map says them; whether they read every sampled value, None where the sample does not tell.

    `remark` is what a person still has to settle, `unsettled` that the steps are not usable before that.
    """

    steps: Sequence[Any]
    fits: bool | None
    checked: bool = False  # the values carry a check of their own, and pass it
    remark: tuple[Message, Mapping[str, Any]] | None = None
    unsettled: bool = False


def reading_of(field: Field, column: str, sample: Iterable[str]) -> Reading:
    """How a field would be read from a column of this name with these sampled values."""
    values = tuple(dict.fromkeys(text for value in sample if (text := value.strip())))
    if field.codes:
        return _code(field, values)
    match field.type:
        case Type.DATE:
            used = _used(_DAYS, values, lambda each: Date(formats=(each,)))
            return _step({"date": used}, Date(formats=tuple(used)), values)
        case Type.TIME:
            used = _used(_TIMES, values, lambda each: Time(formats=(each,), zone=_ZONE))
            step = Time(formats=tuple(used), zone=_ZONE)
            return _step({"time": {"formats": used, "zone": _ZONE}}, step, values)
        case Type.MONEY:
            return _money(column, values)
        case Type.INTEGER:
            return _step("integer", Integer(), values)
        case Type.BOOLEAN:
            return _boolean(values)
    return _text(field, values)


def scheme_of(sample: Iterable[str]) -> str | None:
    """The scheme of identifiers whose check every sampled value passes; None where there is none, or no value."""
    values = [text for value in sample if (text := value.strip())]
    return next((name for name, check in _SCHEMES.items() if _passes(values, check)), None)


def may_tell(field: Field) -> bool:
    """Whether values alone may tell that a column holds this field."""
    return field.type is Type.DATE or is_identifier(field) or field.name in _CHECKS


def is_scheme(field: Field) -> bool:
    """Whether a field says the scheme of an identifier."""
    return field.codes is IDENTIFIER_SCHEMES


def is_identifier(field: Field) -> bool:
    """Whether a field holds an identifier whose scheme another field says."""
    return field.name.removeprefix("target_") == "identifier"


def _text(field: Field, values: Sequence[str]) -> Reading:
    half = [unicodedata.normalize("NFKC", value) for value in values]
    # Only where a full-width letter or digit stands in a value that may hold neither Chinese nor signs.
    narrow = ["half_width"] if half != list(values) and all(map(str.isascii, half)) else []
    steps = ["strip", *narrow, *(["upper"] if _is_code(field) else [])]
    if field.length and any(len(value) > field.length for value in values):
        return Reading(steps, fits=False)
    if is_identifier(field):
        return Reading(steps, fits=None, checked=scheme_of(half) == "uscc")
    if (check := _CHECKS.get(field.name)) is None or not values:
        return Reading(steps, fits=None)
    fits = _passes(half, check)
    return Reading(steps, fits=fits, checked=fits)


def _is_code(field: Field) -> bool:
    return is_identifier(field) or field.name in {"uscc", "resident_id"}


def _passes(values: Sequence[str], check: Check) -> bool:
    capitals = pl.Series("value", values, dtype=pl.String).str.to_uppercase().to_frame()
    return bool(values) and bool(capitals.select(check(pl.col("value")).all()).item())


def _money(column: str, values: Sequence[str]) -> Reading:
    unit, doubt = unit_in(column)
    separators = {"separators": ","} if any("," in value for value in values) else {}
    step = Decimal(unit=unit or "万元", separators="," if separators else "")
    said = {"decimal": {"unit": unit or "?", **separators}}
    if doubt:
        remark = (doubt, {"column": column})
        return Reading(["strip", said], _reads(step, values), remark=remark, unsettled=True)
    return _step(said, step, values)


def _boolean(values: Sequence[str]) -> Reading:
    yes = [each for each in _YES if each in values] or [_YES[0]]
    no = [each for each in _NO if each in values] or [_NO[0]]
    return _step({"boolean": {"true": yes, "false": no}}, Boolean(true=tuple(yes), false=tuple(no)), values)


def _code(field: Field, values: Sequence[str]) -> Reading:
    assert field.codes is not None
    codes = field.codes.codes
    if values and set(values) <= set(codes):
        return Reading(["strip"], fits=True)
    by_title = {title: code for code, title in codes.items()}
    written = {value: value for value in values if value in codes}
    unknown = [value for value in values if value not in codes and value not in by_title]
    plain = all(code == title for code, title in codes.items())
    steps = ["strip"] if plain else ["strip", {"lookup": {**by_title, **written}}]
    if not unknown:
        return Reading(steps, fits=True if values else None)
    remark = (UNKNOWN_CODES, {"values": _listed(unknown), "title": field.title})
    return Reading(steps, fits=None if len(unknown) < len(values) else False, remark=remark)


def _step(said: Any, step: Step, values: Sequence[str]) -> Reading:
    return Reading(["strip", said], fits=_reads(step, values))


def _reads(step: Step, values: Sequence[str]) -> bool | None:
    """Whether a step reads every value; None where there is none."""
    return bool(_read(step, values).all()) if values else None


def _used(formats: Sequence[str], values: Sequence[str], step: Callable[[str], Step]) -> list[str]:
    """The formats that read some value, or all of them where there is no value or none reads it."""
    return [each for each in formats if _read(step(each), values).any()] or list(formats)


def _read(step: Step, values: Sequence[str]) -> pl.Series:
    frame = pl.DataFrame({"value": values}, schema={"value": pl.String})
    return frame.select(step.on(pl.col("value"), pl.String()).is_not_null()).to_series()


def _listed(values: Sequence[str]) -> str:
    return "、".join(f"“{value}”" for value in values[:_QUOTED]) + ("……" if len(values) > _QUOTED else "")
