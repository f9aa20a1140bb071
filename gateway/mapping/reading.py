"""Reading a field map from its YAML: whatever is wrong stops the start, with file, place and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError
from gateway.mapping.field_map import Coalesce, Constant, FieldMap, FromColumn, Origin, Sql
from gateway.mapping.map_errors import (
    MARK,
    ORIGIN,
    OTHER_PATH,
    UNCONFIRMED,
    UNKNOWN_KEY,
    UNKNOWN_STEP,
    WRONG_SHAPE,
    WRONG_VALUE,
    Wrong,
    alike,
)
from gateway.mapping.sql_expression import sql_expression
from gateway.mapping.step import Step
from gateway.mapping.steps import STEPS

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")

_ORIGINS: Mapping[str, type[Origin]] = {"from": FromColumn, "constant": Constant, "coalesce": Coalesce, "sql": Sql}
# A constant after other origins would be a default for empty cells.
_IN_COALESCE = {name: each for name, each in _ORIGINS.items() if each is not Constant}


def load_field_map(text: str, name: str) -> FieldMap:
    """Read and validate a field map; raises StartError. `name` is its file as messages say it; `map:` must fit it."""
    return field_map_of(read_yaml_text(text, name), name)


def field_map_of(content: Any, name: str) -> FieldMap:
    """Validate a field map that has been read already, as the `fields` of a profile; raises StartError."""
    return _Reader(name).field_map(content)


class _Reader:
    """Reads one file level by level, so that every message says where."""

    def __init__(self, file: str) -> None:
        self.file = file

    def field_map(self, content: Any) -> FieldMap:
        content = dict(self._mapping(content, "(file)"))
        if MARK in content:
            raise StartError(UNCONFIRMED, file=self.file)
        fields = self._mapping(content.get("fields", {}), "fields")
        content["fields"] = {name: self._origin(said, f"fields.{name}") for name, said in fields.items()}
        for key in ("ignore", "empty"):
            if content.get(key) == "":
                del content[key]
        read = self._model(FieldMap, content, "(file)", name=self.file)
        if not _ends_with(self.file, read.map):
            raise StartError(OTHER_PATH, file=self.file, said=read.map)
        return read

    def _origin(self, said: Any, where: str, known: Mapping[str, type[Origin]] = _ORIGINS) -> Origin:
        content = dict(self._mapping(said, where))
        kinds = [each for each in known if each in content]
        if len(kinds) != 1:
            raise StartError(
                ORIGIN, file=self.file, where=where, allowed=", ".join(known), found=", ".join(content) or "-"
            )
        if "coalesce" in content:
            inner = self._list(content["coalesce"], f"{where}.coalesce")
            content["coalesce"] = [
                self._origin(each, f"{where}.coalesce[{n}]", _IN_COALESCE) for n, each in enumerate(inner, 1)
            ]
        if "sql" in content:
            self._said_at(where, sql_expression, content["sql"])
        if "steps" in content:
            steps = self._list(content["steps"], f"{where}.steps")
            content["steps"] = [self._step(each, f"{where}.steps[{n}]") for n, each in enumerate(steps, 1)]
        return self._model(_ORIGINS[kinds[0]], content, where)

    def _step(self, said: Any, where: str) -> Step:
        name, argument = self._named(said, where)
        if name not in STEPS:
            raise StartError(
                UNKNOWN_STEP,
                file=self.file,
                where=where,
                name=name,
                nearest=alike(name, STEPS),
                allowed=", ".join(STEPS),
            )
        step, place = STEPS[name], f"{where} ({name})"
        if argument is None:
            return self._model(step, {}, place)
        if step.argument and (step.takes_mapping or not isinstance(argument, Mapping)):
            return self._model(step, {step.argument: argument}, place)
        return self._model(step, self._mapping(argument, place), place)

    def _named(self, said: Any, where: str) -> tuple[str, Any]:
        if isinstance(said, str):
            return said, None
        if isinstance(said, Mapping) and len(said) == 1:
            return next(iter(said.items()))
        raise self._shape(where, "a step, as strip or {date: …}", "一个步骤，如 strip 或 {date: …}", said)

    def _model(self, model: type[Model], content: Mapping[str, Any], where: str, **given: Any) -> Model:
        keys = [field.alias or key for key, field in model.model_fields.items() if key not in given]
        for key in content:
            if key not in keys:
                raise StartError(
                    UNKNOWN_KEY,
                    file=self.file,
                    where=where,
                    name=key,
                    nearest=alike(key, keys),
                    allowed=", ".join(keys) or "-",
                )
        return self._said_at(where, model.model_validate, {**content, **given})

    def _said_at(self, where: str, read: Callable[[Any], Result], said: Any) -> Result:
        try:
            return read(said)
        except Wrong as wrong:
            raise wrong.at(self.file, where) from wrong
        except ValidationError as error:
            what, what_zh = wrong_values(error, "en"), wrong_values(error, "zh")
            raise StartError(WRONG_VALUE, file=self.file, where=where, what=what, what_zh=what_zh) from error

    def _mapping(self, said: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(said, Mapping):
            raise self._shape(where, "a mapping (name: value)", "“名称: 值”的形式", said)
        return said

    def _list(self, said: Any, where: str) -> list[Any]:
        if not isinstance(said, list):
            raise self._shape(where, "a list ([…])", "列表（[…]）", said)
        return said

    def _shape(self, where: str, expected: str, expected_zh: str, found: Any) -> StartError:
        found = str(found)[:100]
        return StartError(
            WRONG_SHAPE, file=self.file, where=where, expected=expected, expected_zh=expected_zh, found=found
        )


def _ends_with(file: str, path: str) -> bool:
    parts, said = PurePath(file.removesuffix(".yml")).parts, PurePath(path).parts
    return parts[-len(said) :] == said
