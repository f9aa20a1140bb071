"""A new deployment directory from the shipped one: settings, feeds and examples, maps, a sample file, a secret."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import StartError
from gateway.messages import Message
from gateway.shipped import shipped

NOT_EMPTY = Message(
    "init.not_empty",
    zh="目录“{directory}”不是空的（其中有 {found}），没有改动它；请指定一个空目录或新目录",
    en="the directory {directory!r} is not empty (it holds {found}) and was left as it is; name an empty or a new one",
)
CANNOT_WRITE = Message(
    "init.cannot_write",
    zh="无法在“{directory}”中建立部署目录：{why}；请指定一个可写的目录",
    en="no deployment directory can be made in {directory!r}: {why}; name a folder that can be written",
)

REHEARSAL_SECRET = "shandong-platform"  # noqa: S105 - the name of the secret that the outbound example signs with


def make(directory: Path) -> None:
    """Make a rehearsal deployment that can be checked and run as it is; StartError where something is there already."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_content(directory)
        _make_secret(directory / "secrets")
        for file, to in _files():
            (directory / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, directory / to)
    except OSError as error:
        raise StartError(CANNOT_WRITE, directory=str(directory), why=error.strerror or error) from error


def _refuse_content(directory: Path) -> None:
    if found := sorted(each.name for each in directory.iterdir()):
        shown = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        raise StartError(NOT_EMPTY, directory=str(directory), found=shown)


def _files() -> Iterator[tuple[Path, Path]]:
    """What is copied, and where to: the shipped settings are the annotated example itself."""
    config = shipped("config")
    yield config / "gateway.example.toml", Path("gateway.toml")
    for file in sorted((config / "init").rglob("*")):
        if file.is_file():
            # Shipped without its dot, as it would hide files of this project itself.
            to = file.relative_to(config / "init")
            yield file, Path(".gitignore") if to == Path("gitignore") else to


def _make_secret(folder: Path) -> None:
    """A folder that only its owner reads, with a secret to rehearse with."""
    folder.mkdir()
    folder.chmod(0o700)
    secret = folder / REHEARSAL_SECRET
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_hex(32), encoding="ascii")
