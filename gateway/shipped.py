"""Where the shipped data lies: `mappings/` and `config/` of the checkout, or their copies inside an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gateway.errors import StartError
from gateway.messages import Message

NOT_SHIPPED = Message(
    "start.not_shipped",
    zh="找不到随网关发布的“{folder}”目录（找过：{places}）；安装不完整，请重新安装 double-random-gateway",
    en="the shipped folder {folder!r} is not there (looked at: {places}); the installation is incomplete, reinstall "
    "double-random-gateway",
)


def shipped(folder: Literal["mappings", "config"], package: Path = Path(__file__).parent) -> Path:
    """The shipped folder of that name; StartError when the installation lost it.

    A checkout's own folder wins over the copy beside the package, which may be older.
    """
    copy = package / "_shipped" / folder
    places = [package.parent / folder, copy] if (package.parent / "pyproject.toml").is_file() else [copy]
    for place in places:
        if place.is_dir():
            return place
    raise StartError(NOT_SHIPPED, folder=folder, places=", ".join(map(str, places)))
