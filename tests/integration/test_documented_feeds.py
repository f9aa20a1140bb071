"""The feeds that the reference pages show are feeds that open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.app import opened
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize(
    ("page", "name"), [("shandong-sandbox.md", "drawn-lists"), ("pulls-and-tables.md", "own-drawn-lists")]
)
def test_a_documented_feed_opens(made: Deployment, page: str, name: str) -> None:
    (feed,) = re.findall(rf"```yaml\n({name}:\n.*?)```", (REFERENCE / page).read_text(encoding="utf-8"), re.DOTALL)
    folder = made.directory / "config" / "feeds"
    folder.mkdir(parents=True)
    (folder / "1.yml").write_text(feed, encoding="utf-8")
    environ: dict[str, Any] = {**made.environ, "GATEWAY_SECRET_OWN_DATABASE": "x"}
    with opened(load_settings(made.directory, environ), load_plugins()) as gateway:
        assert gateway.runner(name).name == name


def test_the_feeds_that_show_every_kind_of_option_open(made: Deployment) -> None:
    (feeds,) = re.findall(r"```yaml\n(.*?)```", (REFERENCE / "feeds.md").read_text(encoding="utf-8"), re.DOTALL)
    folder = made.directory / "config" / "feeds"
    folder.mkdir(parents=True)
    (folder / "1.yml").write_text(feeds, encoding="utf-8")
    environ: dict[str, Any] = {**made.environ, "GATEWAY_SECRET_SHANDONG_PLATFORM": "x"}
    with opened(load_settings(made.directory, environ), load_plugins()) as gateway:
        assert [gateway.runner(name).name for name in gateway.feeds] == ["market-regulation", "platform-targets"]
