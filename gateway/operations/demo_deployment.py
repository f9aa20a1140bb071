"""The demo's deployment directory: feeds from the shipped configuration, departments' files, a secret.

What is there already is kept, so that a person may change it and run the demo again.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.errors import StartError
from gateway.messages import Message
from gateway.operations import demo_files
from gateway.shipped import shipped

NOT_A_DEMO = Message(
    "demo.not_a_demo",
    zh="目录“{directory}”里已有别的内容，演示不会改动它；请用 --dir 指定一个空目录或新目录",
    en="the directory {directory!r} holds something else, which the demo leaves alone; name an empty or a new one by "
    "--dir",
)
CANNOT_WRITE = Message(
    "demo.cannot_write",
    zh="无法在“{directory}”中建立演示：{why}；请用 --dir 指定一个可写的目录",
    en="the demo cannot be set up in {directory!r}: {why}; name a folder that can be written by --dir",
)

SECRET = "shandong-platform"  # noqa: S105 - the name of a secret
_MARK = "# gateway demo\n"
_FILES: Mapping[str, Callable[[Path], None]] = {
    "market_regulation.csv": demo_files.write_market_regulation,
    "emergency_management.db": demo_files.write_emergency_management,
    "government_office.db": demo_files.write_government_office,
}


def set_up(directory: Path, registry: Path | None) -> None:
    """Make the deployment, or supply what it lacks; StartError where the directory is somebody else's."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(directory)
        _supply(directory, registry)
    except OSError as error:
        raise StartError(CANNOT_WRITE, directory=str(directory), why=error) from error


def registry_files(folder: Path | None) -> list[Path]:
    """The real registrations in a folder, if they are there."""
    return sorted(folder.glob("*.csv")) if folder and folder.is_dir() else []


def _refuse_foreign(directory: Path) -> None:
    settings = directory / "gateway.toml"
    is_demo = settings.is_file() and settings.read_text(encoding="utf-8").startswith(_MARK)
    if not is_demo and any(directory.iterdir()):
        raise StartError(NOT_A_DEMO, directory=str(directory))


def _supply(directory: Path, registry: Path | None) -> None:
    shipped_demo = shipped("config") / "demo"
    _copy(shipped_demo / "gateway.toml", directory / "gateway.toml")
    for file in (shipped_demo / "feeds").glob("*.yml"):
        _copy(file, directory / "config" / "feeds" / file.name)
    for name, write in _FILES.items():
        file = directory / "departments" / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file)
    _supply_secret(directory / "secrets" / SECRET)
    if files := registry_files(registry):
        _link(files, directory / "registry")
        for file in (shipped_demo / "registry_feeds").glob("*.yml"):
            _copy(file, directory / "config" / "feeds" / file.name)


def _copy(file: Path, to: Path) -> None:
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)


def _link(files: list[Path], folder: Path) -> None:
    """Link the real files and never copy them: they are not ours to hand on."""
    folder.mkdir(exist_ok=True)
    for file in files:
        link = folder / file.name
        if link.is_symlink() and not link.exists():
            link.unlink()
        if not link.exists():
            link.symlink_to(file.resolve())


def _supply_secret(file: Path) -> None:
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), encoding="ascii")
