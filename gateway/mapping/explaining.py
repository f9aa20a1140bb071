"""A field map in words, for a table that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.mapping.field_map import Coalesce, Constant, FieldMap, FromColumn, Origin, Sql
from gateway.messages import Language, Message

_CONSTANT = Message("origin.constant", zh="固定为“{text}”", en="always {text!r}")
_EMPTY = Message("origin.empty", zh="视为空：{texts}", en="empty if {texts}")
_DEFAULT = Message("origin.default", zh="来源无此列时用“{text}”", en="{text!r} where the source has no such column")
_SQL = Message("origin.sql", zh="按算式：{sql}", en="worked out: {sql}")
_IGNORED = Message("origin.ignored", zh="不采用：{reason}", en="left aside: {reason}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line: a field, the column it comes from, and what happens on the way; no field for a column left aside."""

    field: str
    column: str
    zh: str
    en: str


def explain(field_map: FieldMap) -> tuple[Explanation, ...]:
    """Every field in the order of the map, a line for each origin of a coalesce, then the columns left aside."""
    lines = [line for name, origin in field_map.fields.items() for line in _lines(name, origin)]
    lines += [_line("", column, [(_IGNORED, {"reason": reason})]) for column, reason in field_map.ignore.items()]
    return tuple(lines)


def _lines(field: str, origin: Origin) -> list[Explanation]:
    if isinstance(origin, Coalesce):
        inner = [line for each in origin.coalesce for line in _lines(field, each)]
        return [*inner, _line(field, "", _steps(origin))] if origin.steps else inner
    return [_line(field, ", ".join(origin.columns), [*_said(origin), *_steps(origin)])]


def _said(origin: Origin) -> list[tuple[Message, dict[str, str]]]:
    if isinstance(origin, Constant):
        return [(_CONSTANT, {"text": origin.constant})]
    if isinstance(origin, Sql):
        return [(_SQL, {"sql": origin.sql})]
    if not isinstance(origin, FromColumn):
        return []
    empty = [(_EMPTY, {"texts": ", ".join(origin.empty)})] if origin.empty else []
    default = [(_DEFAULT, {"text": origin.default})] if origin.default is not None else []
    return empty + default


def _steps(origin: Origin) -> list[tuple[Message, dict[str, str]]]:
    return [(step.words, dict(step.blanks())) for step in origin.steps]


def _line(field: str, column: str, words: Sequence[tuple[Message, dict[str, str]]]) -> Explanation:
    def said(language: Language, between: str) -> str:
        return between.join(message.text(language, blanks).strip() for message, blanks in words)

    return Explanation(field, column, said("zh", "；"), said("en", "; "))
