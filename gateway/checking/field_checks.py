"""The checks that follow from how a field is declared: filled, short enough, a known code."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from gateway.checking.check import Check
from gateway.domain.dataset import CodeList, Dataset, Field, Type
from gateway.domain.findings import Outcome
from gateway.messages import Message

REQUIRED = Message(
    "field.required",
    zh="必填项{title}为空；请补充",
    en="{field}, which is required, is empty; fill it in",
)
TOO_LONG = Message(
    "field.length",
    zh="{title}“{value}”超过 {allowed} 个字；请缩短或核对是否串列",
    en="{field} {value!r} is longer than {allowed} characters; shorten it or see whether columns were shifted",
)
UNKNOWN_CODE = Message(
    "field.code",
    zh="{title}“{value}”不在代码表“{code_list}”中；允许的有：{allowed}；请更正，或由管理员确认后补入代码表",
    en="{field} {value!r} is not in the code list {code_list}; allowed are: {allowed}; correct it or have it added",
)

MESSAGES = (REQUIRED, TOO_LONG, UNKNOWN_CODE)

_LISTED = 12


def field_checks(dataset: Dataset) -> Iterator[Check]:
    """The checks of all fields, the reserved `record_version` included, in the order in which they are declared."""
    for each in dataset.by_name.values():
        if each.required or (each.key and each.absent is None):
            yield Check(REQUIRED, Outcome.REJECTED, each, fails=_is_missing(each))
        if each.type is Type.TEXT:
            yield from _text_checks(each)


def _text_checks(field: Field) -> Iterator[Check]:
    text = pl.col(field.name)
    if field.codes:
        unknown = ~text.is_in(list(field.codes.codes))
        yield Check(
            UNKNOWN_CODE, Outcome.HELD, field, fails=unknown, allowed=_listed(field.codes), code_list=field.codes.title
        )
    if field.length is not None:
        yield Check(
            TOO_LONG,
            Outcome.REJECTED,
            field,
            fails=text.str.len_chars() > field.length,
            # No text has more characters than bytes, and how many bytes it has is known without reading it.
            may_fail=text.str.len_bytes().max() > field.length,
            allowed=str(field.length),
        )


def _is_missing(field: Field) -> pl.Expr:
    """Without a value; white space alone is none."""
    column = pl.col(field.name)
    return column.is_null() | (column.str.strip_chars() == "") if field.type is Type.TEXT else column.is_null()


def _listed(codes: CodeList) -> str:
    said = [code if code == title else f"{code} {title}" for code, title in codes.codes.items()]
    return ", ".join(said[:_LISTED]) + (f" … ({len(said)})" if len(said) > _LISTED else "")
