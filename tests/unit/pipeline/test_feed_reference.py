"""The reference page of feeds: it names every option of a feed with its default, and no other."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from gateway.pipeline.feeds import Expectation, InboundFeed, OutboundFeed, Retry

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "feeds.md").read_text(encoding="utf-8")
SECTIONS = {
    "## An inbound feed": InboundFeed,
    "### `expect`": Expectation,
    "## An outbound feed": OutboundFeed,
    "### `retry`": Retry,
}
NOTHING = ("none", "no limit", "all records")


def _table(heading: str) -> dict[str, str]:
    """The options of the first table under a heading, each with what stands under `default`."""
    section = PAGE[PAGE.index(f"\n{heading}") :]
    (table,) = re.findall(r"\| option \|.*?\n\n", section, re.DOTALL)[:1]
    return dict(re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", table, re.MULTILINE))


def _said(model: type[BaseModel], option: str) -> str:
    """How a default is said; "" where it is said in words of its own."""
    field = model.model_fields[option]
    default: Any = field.default
    if field.is_required():
        return "must be given"
    if isinstance(default, BaseModel):
        return "see below"
    if isinstance(default, Decimal):
        return f"`{default * 100:.0f} %`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`" if default or default == 0 else ""


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_option_stands_there_with_its_default(heading: str) -> None:
    model, table = SECTIONS[heading], _table(heading)
    assert sorted(table) == sorted(model.model_fields)
    for option, default in table.items():
        assert default == said if (said := _said(model, option)) else default.startswith(NOTHING), option


def test_every_choice_of_an_option_is_named() -> None:
    for model in SECTIONS.values():
        for option, schema in model.model_json_schema()["properties"].items():
            for choice in schema.get("enum", ()):
                assert f"`{choice}`" in PAGE, f"{option}: {choice}"
