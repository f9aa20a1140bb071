"""Small field maps for tests: one field, its origin as YAML, and the values of one column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from gateway.errors import StartError
from gateway.mapping import Mapped, compile_map, load_field_map

FILE = "test/field.yml"
SOURCE = "列"


@dataclass(frozen=True)
class OneField:
    """What a map of one field made of one column."""

    mapped: Mapped

    @property
    def values(self) -> list[Any]:
        """The field's values."""
        return self.mapped.records["field"].to_list()

    @property
    def found(self) -> list[tuple[int, str, str, str]]:
        """Row, outcome, code and quoted value of each finding."""
        return self.mapped.findings.select("index", "outcome", "code", "value").rows()


MapOne = Callable[..., OneField]


def field_map_text(origin: str, extra: str = "") -> str:
    """A map of one field."""
    return f"map: test/field\ndataset: test\n{extra}\nfields:\n  field: {origin}\n"


@pytest.fixture
def map_one() -> MapOne:
    """Map one column of values by steps as YAML, into a field of a type."""

    def run(
        steps: str, values: Sequence[Any], dtype: pl.DataType | None = None, source: pl.DataType | None = None
    ) -> OneField:
        field_map = load_field_map(field_map_text(f"{{from: {SOURCE}, steps: {steps}}}"), FILE)
        given = {SOURCE: source or pl.String()}
        compiled = compile_map(field_map, {"field": dtype or pl.String()}, given if source else None)
        return OneField(compiled.apply(pl.DataFrame({SOURCE: values}, schema=given)))

    return run


@pytest.fixture
def refusal() -> Callable[..., str]:
    """The English sentence with which a map of one field is refused when loaded or compiled."""

    def run(origin: str, dtype: pl.DataType | None = None, extra: str = "", **source: pl.DataType) -> str:
        with pytest.raises(StartError) as caught:
            compile_map(
                load_field_map(field_map_text(origin, extra), FILE), {"field": dtype or pl.String()}, source or None
            )
        assert caught.value.text("zh") != caught.value.text("en")
        return caught.value.text("en")

    return run
