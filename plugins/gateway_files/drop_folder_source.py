"""The files of a drop folder as a source of changes: each is read once, moved while it is read, and kept after.

A run reads one file, the first that waits, since each is a state of its own: of two days that wait together the later
one has the last word. No file keeps others waiting, whatever its columns are or is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from gateway.errors import NothingThere, SourceError
from gateway.interfaces import ROW, Batch, Content, LeftOut, Memory, Source, Surroundings
from gateway.messages import Message
from gateway.transport import files
from gateway.transport.drop_folder import DropFolder
from gateway.transport.files import mark_of, sha256_of, unchanged
from gateway_files.drop_folder_place import DropFolderPlace
from gateway_files.file_source import FileSource

READ_BEFORE = Message(
    "drop_folder.read_before",
    zh="内容与以前读入的文件相同，不再读入，已移到完成文件夹",
    en="the same content was read before; the file is not read again and was moved to where the done ones are",
)
NOTHING_READY = Message(
    "drop_folder.nothing_ready",
    zh="投递文件夹“{folder}”中没有已写完的 {pattern} 文件；请等待文件送达",
    en="no file {pattern} in the drop folder {folder!r} is whole; wait for one",
)
NO_POSITION = Message(
    "drop_folder.no_position",
    zh="投递文件夹没有读取位置，--since {since} 不适用；要重读某个文件，请把它放回文件夹，再用 --reset 运行",
    en="a drop folder has no position, so --since {since} means nothing; to read a file again, put it back into "
    "the folder and run with --reset",
)
MESSAGES = (READ_BEFORE, NOTHING_READY, NO_POSITION)


@dataclass(frozen=True, slots=True)
class _Taken:
    path: Path
    mark: tuple[int, int] | None


class DropFolderSource:
    """Resumes by moving files; `read` looks at the same files and leaves them where they are."""

    takes_away: Literal[True] = True

    def __init__(self, source: FileSource, place: DropFolderPlace) -> None:
        self._source = source
        self._place = place
        self._forget()

    @property
    def _folder(self) -> DropFolder:
        return self._place.folder

    def check(self) -> None:
        """Raise SourceError unless files can be moved, and each of those that are whole can be read."""
        with self._place.files() as placed:
            for file in placed:
                self._source.opened(file.path, file.place)

    def read(self) -> Iterator[Batch]:
        """The rows of the file that a run would take now, moving none; raises NothingThere where there is none.

        A folder that happens to be empty is no empty register, so that nothing is ever withdrawn for it.
        """
        with self._place.files() as placed:
            file = next(placed, None)
            if file is None:
                raise NothingThere(NOTHING_READY, folder=str(self._folder.folder), pattern=self._folder.pattern)
            yield from self._source.opened(file.path, file.place).batches()

    def waiting(self) -> int:
        """How many files are to be read, those that an earlier run did not bring to an end among them."""
        self._folder.check()
        return len(self._folder.taken()) + len(self._folder.waiting())

    def resume(self, memory: Memory) -> Iterator[Batch]:
        """Take and read the first file that is whole now; no batch at all where there is none.

        A file whose bytes the memory has is done without being read again, and said to be left out.
        """
        if memory.since is not None:
            raise SourceError(NO_POSITION, since=memory.since)
        self._folder.check()
        self._forget()
        left = [path for path in self._folder.taken() if not self._is_settled(path, memory)]
        for path in [*left, *self._folder.waiting()]:
            if taken := self._take(path):
                yield from self._read(taken, memory)
                return

    def settle(self, *, stored: bool) -> None:
        """Move what was read to `done`, or what could not be stored to `failed`.

        A file that a run did not get to the end of stays under way for the next one; one written to again waits again.
        """
        if stored:
            _each(self._read_whole, self._finish)
        elif self._failed:
            self._folder.fail(self._failed)
        else:
            _each(self._under_way, self._fail)
        self._forget()

    def _forget(self) -> None:
        self._under_way: list[_Taken] = []
        self._read_whole: list[_Taken] = []
        self._failed: Path | None = None

    def _is_settled(self, path: Path, memory: Memory) -> bool:
        """Whether what an earlier run took was stored after all: it was killed before it could move the file."""
        settled = memory.has_read(sha256_of(path))
        if settled:
            self._folder.finish(path)
        return settled

    def _take(self, path: Path) -> _Taken | None:
        moved = self._folder.take(path)
        if moved is None:
            return None
        taken = _Taken(moved, mark_of(moved))
        self._under_way.append(taken)
        return taken

    def _read(self, taken: _Taken, memory: Memory) -> Iterator[Batch]:
        try:
            yield from self._batches(taken, memory)
        except SourceError as error:
            self._blame(taken, error)
            raise
        self._read_whole.append(taken)

    def _batches(self, taken: _Taken, memory: Memory) -> Iterator[Batch]:
        name = self._place.shown(taken.path)
        opened = self._source.opened(taken.path, name)
        nothing = pl.DataFrame(schema={ROW: pl.Int64(), **dict.fromkeys(opened.columns, pl.String())})
        with unchanged(taken.path):
            digest = sha256_of(taken.path)
            if memory.has_read(digest):
                yield Batch(name, nothing, left_out=[LeftOut(1, READ_BEFORE, name)])
            else:
                yield from opened.batches()
        yield Batch(name, nothing, read_whole=[Content(digest, name)])

    def _blame(self, taken: _Taken, error: SourceError) -> None:
        if error.message is files.CHANGED:
            self._under_way.clear()  # its writer was not ready: it waits again
            self._folder.put_back(taken.path)
        else:
            self._failed = taken.path

    def _finish(self, taken: _Taken) -> None:
        if mark_of(taken.path) == taken.mark:
            self._folder.finish(taken.path)
        elif mark_of(taken.path):
            self._folder.put_back(taken.path)

    def _fail(self, taken: _Taken) -> None:
        if mark_of(taken.path):
            self._folder.fail(taken.path)


def _each(waiting: list[_Taken], move: Callable[[_Taken], None]) -> None:
    """Move each, and keep those that could not be moved for when this is asked again."""
    while waiting:
        move(waiting[0])
        waiting.pop(0)


def opening(kind: type[FileSource]) -> Callable[[Any, Surroundings], Source]:
    """How a kind of file is opened as a source: one that resumes where its place is a drop folder."""

    def opened(options: Any, surroundings: Surroundings) -> Source:
        source = kind(options, surroundings)
        return DropFolderSource(source, source.place) if isinstance(source.place, DropFolderPlace) else source

    return opened
