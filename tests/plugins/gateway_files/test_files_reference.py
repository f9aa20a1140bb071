"""The reference of file sources names every option and every message that it speaks of truly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.domain.yaml_text import read_yaml_text
from gateway_files import gateway_sources
from gateway_files.places import FileOptions

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
OFFERS = {offer.name: offer for offer in gateway_sources()}


@pytest.mark.parametrize("name", ["csv", "xml", "json"])
def test_every_option_is_explained(name: str) -> None:
    section = TEXT.split(f"## `{name}`")[1].split("\n## ")[0]
    own = set(OFFERS[name].options.model_fields) - set(FileOptions.model_fields)
    assert set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)) == own


def test_every_message_that_is_named_is_declared() -> None:
    declared = {message.code for offer in OFFERS.values() for message in offer.messages}
    named = set(re.findall(r"`((?:file|csv|xml|json)\.[a-z_]+)`", TEXT))
    assert (len(named) > 10, named - declared) == (True, set())


def test_the_feed_that_is_shown_is_valid() -> None:
    ((_, text),) = re.findall(r"```(yaml)\n(.*?)```", TEXT, flags=re.DOTALL)
    source = dict(read_yaml_text(text, "files.md")["registrations"]["source"])
    OFFERS[str(source.pop("type"))].options.model_validate(source)
