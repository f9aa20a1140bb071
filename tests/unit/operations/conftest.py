"""A deployment whose inbound feeds ran once, opened."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import Gateway, opened
from gateway.operations.demo_deployment import set_up
from gateway.operations.demo_inspection import point_feeds
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings

NOBODY = "http://127.0.0.1:1"  # a port where nobody listens
INBOUND = ("departments", "market-regulation", "emergency-management")


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("operations") / "demo"
    set_up(directory, None)
    point_feeds(directory, {"shandong": NOBODY})
    with opened(load_settings(directory), load_plugins()) as gateway:
        reports = [gateway.runner(name).run() for name in INBOUND]
    assert [report.error for report in reports if report.status == "failed"] == []
    return directory


@pytest.fixture
def directory(_ran: Path, tmp_path: Path) -> Path:
    """A copy of the deployment for one test."""
    return Path(shutil.copytree(_ran, tmp_path / "demo", symlinks=True))


@pytest.fixture
def gateway(directory: Path) -> Iterator[Gateway]:
    """It, opened."""
    with opened(load_settings(directory), load_plugins()) as gateway:
        yield gateway
