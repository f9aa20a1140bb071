"""A folder that others put files into: taken only once they are whole, moved while they are read, and kept after.

A file is in exactly one of four folders: the one it was put into, `processing` while it is read, then `done` or
`failed`. A move never overwrites: a second file of one name becomes `name~2.csv`. Whoever reads holds the feed's lease,
so nobody else moves files at the same time.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport import files
from gateway.transport.files import OPEN_BESIDE, mark_of, readable

NO_FOLDER = Message(
    "drop_folder.missing",
    zh="投递文件夹“{folder}”不存在；请建立该文件夹，或更正 folder",
    en="the drop folder {folder!r} is not there; make it, or correct `folder`",
)
NO_RIGHTS = Message(
    "drop_folder.rights",
    zh="投递文件夹“{folder}”不允许移动文件；请给运行网关的用户写权限",
    en="files in the drop folder {folder!r} cannot be moved; let the user who runs the gateway write there",
)
OTHER_DISK = Message(
    "drop_folder.other_disk",
    zh="“{folder}”与投递文件夹不在同一个磁盘上，移动文件时可能只移动一半；请放在同一个磁盘",
    en="{folder!r} is on another disk than the drop folder, so a file could be moved by half; keep both on one disk",
)
MESSAGES = (*files.MESSAGES, NO_FOLDER, NO_RIGHTS, OTHER_DISK)

_NUMBERED = re.compile(r"~[0-9]+(?=(\.[^.]*)?$)")


@dataclass(frozen=True, slots=True)
class Stable:
    """A file is whole when neither its size nor its times have changed for so many seconds.

    The time of a file's last change is set by the system, so a copy that keeps the old date of its original cannot
    hide that it is still being written; seconds are counted by the clock of the disk, which may be a server's.
    """

    seconds: float

    def ready(self, folder: Path, names: Sequence[str]) -> list[str]:
        """Those of the names that are whole."""
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".gateway-clock-") as probe:
            now = os.fstat(probe.fileno()).st_ctime_ns
        return [name for name in names if self._is_still(folder / name, now)]

    def _is_still(self, path: Path, now: int) -> bool:
        try:
            stat = path.stat()
        except FileNotFoundError:
            return False
        wanted = self.seconds * 1e9
        # A time of writing that lies in the future says nothing; some disks keep it where they keep no other.
        return now - stat.st_ctime_ns >= wanted and not 0 <= now - stat.st_mtime_ns < wanted


@dataclass(frozen=True, slots=True)
class Marked:
    """A file is whole once its writer has put a marker beside it, as `{name}.done`, after its last byte."""

    marker: str  # holds {name} or {stem}

    def ready(self, folder: Path, names: Sequence[str]) -> list[str]:
        """Those of the names that have a marker no older than they are; one left over from before counts for none."""
        return [name for name in names if self._is_marked(folder, name)]

    def marker_of(self, name: str) -> str:
        """The name of a file's marker."""
        return self.marker.replace("{name}", name).replace("{stem}", Path(name).stem)

    def _is_marked(self, folder: Path, name: str) -> bool:
        try:
            return (folder / self.marker_of(name)).stat().st_ctime_ns >= (folder / name).stat().st_mtime_ns
        except FileNotFoundError:
            return False


@dataclass(frozen=True, slots=True)
class DropFolder:
    """One drop folder and the folders that its files go to."""

    folder: Path
    pattern: str
    rule: Stable | Marked
    by_time: bool
    processing: Path
    done: Path
    failed: Path

    def check(self) -> None:
        """Raise SourceError unless files can be found and moved; change nothing."""
        if not self.folder.is_dir():
            raise SourceError(NO_FOLDER, folder=str(self.folder))
        for folder in filter(Path.is_dir, self._all):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise SourceError(NO_RIGHTS, folder=str(folder))
            if folder.stat().st_dev != self.folder.stat().st_dev:
                raise SourceError(OTHER_DISK, folder=str(folder))

    def waiting(self) -> list[Path]:
        """The files that are whole and not taken, in order."""
        return self._named(self.folder, lambda names: self.rule.ready(self.folder, names))

    def taken(self) -> list[Path]:
        """The files that an earlier run took and did not bring to an end, in order."""
        return self._named(self.processing, list) if self.processing.is_dir() else []

    def take(self, path: Path) -> Path | None:
        """Move a file that is to be read away from its writers; None where one has begun to write it again.

        Its marker has served.
        """
        if path.parent == self.processing:
            return path
        before = mark_of(path)
        if not self.rule.ready(self.folder, [path.name]):
            return None
        taken = _moved(path, self.processing)
        if mark_of(taken) != before:
            self.put_back(taken)
            return None
        if isinstance(self.rule, Marked):
            with readable(path.name):
                (self.folder / self.rule.marker_of(path.name)).unlink(missing_ok=True)
        return taken

    def put_back(self, path: Path) -> None:
        """The file was not whole after all."""
        _moved(path, self.folder)

    def finish(self, path: Path) -> None:
        """What is in the file is stored."""
        _moved(path, self.done)

    def fail(self, path: Path) -> None:
        """A person must look at the file."""
        _moved(path, self.failed)

    @property
    def _all(self) -> tuple[Path, ...]:
        return self.folder, self.processing, self.done, self.failed

    def _named(self, folder: Path, ready: Callable[[Sequence[str]], Iterable[str]]) -> list[Path]:
        with readable(folder):
            names = [each.name for each in folder.iterdir() if self._is_meant(each.name) and each.is_file()]
            return sorted((folder / name for name in ready(names)), key=self._order) if names else []

    def _is_meant(self, name: str) -> bool:
        hidden = name.startswith((".", OPEN_BESIDE))
        return not hidden and (fnmatchcase(name, self.pattern) or fnmatchcase(_NUMBERED.sub("", name), self.pattern))

    def _order(self, path: Path) -> tuple[int, str]:
        return (mark_of(path) or (0, 0))[1] if self.by_time else 0, path.name


def _moved(path: Path, folder: Path) -> Path:
    with readable(path.name):
        folder.mkdir(parents=True, exist_ok=True)
        targets = (folder / _numbered(path.name, number) for number in count(1))
        return path.rename(next(target for target in targets if not target.exists()))


def _numbered(name: str, number: int) -> str:
    plain = _NUMBERED.sub("", name)
    return plain if number == 1 else f"{Path(plain).stem}~{number}{Path(plain).suffix}"
