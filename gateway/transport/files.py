"""Files as a deployment names them: which ones a path means, and the refusal of those that cannot be read whole."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from gateway.errors import SourceError
from gateway.messages import Message

MISSING = Message(
    "file.missing",
    zh="文件“{path}”不在文件夹“{folder}”中；最接近的是：{nearest}；请检查路径或等待文件送达",
    en="there is no file {path!r} in the folder {folder!r}; the nearest are: {nearest}; correct it or wait for it",
)
FOLDER = Message(
    "file.folder",
    zh="“{path}”是文件夹而不是文件；请写出文件名，或用通配符（例如 {path}/*.csv）",
    en="{path!r} is a folder, a file is expected; name the file, or use a pattern such as {path}/*.csv",
)
UNREADABLE = Message(
    "file.unreadable",
    zh="文件“{path}”无法读取：{reason}；请检查权限和存储",
    en="the file {path!r} cannot be read: {reason}; check its permissions and the storage",
)
CHANGED = Message(
    "file.changed",
    zh="文件“{path}”在读取过程中被改动；请待对方写完后再运行",
    en="the file {path!r} changed while it was read; run again when its writer has finished",
)
# Excel and WPS keep a file of this name beside each workbook that somebody has open.
OPEN_BESIDE = "~$"
MESSAGES = (MISSING, FOLDER, UNREADABLE, CHANGED)


def find_files(directory: Path, pattern: str) -> list[Path]:
    """The file of that name, or the files that a glob matches, in name order; raises SourceError for none."""
    named = directory / pattern
    with readable(pattern):
        if named.is_file():
            return [named]
        if named.is_dir():
            raise SourceError(FOLDER, path=pattern)
        # `glob` rather than `Path.glob`: it passes over hidden files, as which many writers keep unfinished ones.
        found = [directory / name for name in glob.glob(pattern, root_dir=directory)]  # noqa: PTH207
        files = sorted(each for each in found if each.is_file() and not each.name.startswith(OPEN_BESIDE))
        if not files:
            raise SourceError(MISSING, path=named.name, folder=str(named.parent), nearest=_nearest(named))
        return files


def place_of(path: Path, directory: Path) -> str:
    """A file as a person would look for it: from the directory where it stands in there.

    A name that is no UTF-8 is read as GB18030, as which archives from Windows leave it.
    """
    name = os.fsencode(path.relative_to(directory) if path.is_relative_to(directory) else path)
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode(errors="backslashreplace")


@contextmanager
def readable(path: Path | str) -> Iterator[None]:
    """Word what the operating system says about a file as a SourceError."""
    try:
        yield
    except OSError as error:
        raise SourceError(UNREADABLE, path=str(path), reason=error.strerror or str(error)) from error


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Raise SourceError when the file at `path` is another at the end than it was at the beginning."""
    before = mark_of(path)
    yield
    if mark_of(path) != before:
        raise SourceError(CHANGED, path=path.name)


def mark_of(path: Path) -> tuple[int, int] | None:
    """What changes whenever a file is written: its size and time; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_size, stat.st_mtime_ns


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal; raises SourceError."""
    with readable(path.name), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _nearest(named: Path) -> str:
    names = sorted(place_of(each, named.parent) for each in named.parent.iterdir()) if named.parent.is_dir() else []
    return ", ".join(get_close_matches(named.name, names, n=3, cutoff=0.4) or names[:3]) or "-"
