"""A simulated platform, and deployments on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from tests.deployment import REQUESTER, SECRET, Deployment
from tests.simulated_platform import SimulatedPlatform


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedPlatform]:
    """An empty platform."""
    offer = load_plugins().sandbox("shandong")
    with serve(offer.open(tmp_path / "platform", {REQUESTER: SECRET})) as served:
        yield SimulatedPlatform(served.url)


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    """A deployment without feeds on SQLite."""
    return _deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")


@pytest.fixture(params=["sqlite", "postgresql"])
def on_either(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    """A deployment without feeds, on both databases in turn."""
    if request.param == "sqlite":
        return _deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    return _deployment(tmp_path, request.getfixturevalue("postgresql_url"))


def _deployment(folder: Path, url: str) -> Deployment:
    directory = folder / "deployment"
    directory.mkdir()
    return Deployment(directory, url)
