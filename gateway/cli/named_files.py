"""Whether a file that somebody names for a command is there."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import StartError
from gateway.messages import Message

NO_FILE = Message(
    "cli.no_file",
    zh="没有文件 {file}；请核对路径",
    en="there is no file {file}; check its path",
)


def refuse_missing(file: Path) -> None:
    """Raise StartError where there is no such file."""
    if not file.is_file():
        raise StartError(NO_FILE, file=file)
