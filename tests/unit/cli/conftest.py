"""A deployment to call commands in, and a way to call them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.app import opened
from gateway.cli.application import run_command
from gateway.operations.demo_deployment import set_up
from gateway.operations.demo_inspection import point_feeds
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings


@dataclass(frozen=True)
class Said:
    """What a command did: its exit code and what stands on both streams."""

    code: int
    out: str
    err: str


NOBODY = "http://127.0.0.1:1"  # a port where nobody listens

Call = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `gateway` with arguments, in Chinese unless told otherwise, on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def called(*arguments: object, language: str = "zh") -> Said:
        monkeypatch.setenv("GATEWAY_LANG", language)
        code = run_command([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return called


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's deployment after its inbound feeds ran once."""
    directory = tmp_path_factory.mktemp("deployment") / "demo"
    set_up(directory, None)
    point_feeds(directory, {"shandong": NOBODY})
    with opened(load_settings(directory), load_plugins()) as gateway:
        reports = [gateway.runner(name).run() for name in ("departments", "market-regulation", "emergency-management")]
    assert [report.error for report in reports if report.status == "failed"] == []
    return directory


@pytest.fixture
def deployment(_ran: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(_ran, tmp_path / "demo", symlinks=True))


@pytest.fixture
def in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to call commands in; whatever is in it afterwards, a command has made."""
    directory = tmp_path / "empty"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory
