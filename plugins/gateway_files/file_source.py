"""What every kind of file has in common as a source: its files are opened one by one, all with the same columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, Content, Surroundings
from gateway.messages import Message
from gateway.transport.files import sha256_of
from gateway_files.placed_file import Place, PlacedFile
from gateway_files.places import FileOptions, place_named


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that was recognised: what a person would look for, its columns, and its rows once they are asked for.

    Every batch has these columns, and a file without rows gives one empty batch.
    """

    place: str
    columns: Sequence[str]
    batches: Callable[[], Iterator[Batch]]


class FileSource(ABC):
    """Reads the files of a place; a kind of file says how one of them is opened."""

    columns_differ: ClassVar[Message]  # its blanks: place, first, missing, extra
    order_counts: ClassVar[bool]  # whether the same columns in another order are other columns

    def __init__(self, options: FileOptions, surroundings: Surroundings) -> None:
        self.place: Place = place_named(options, surroundings)

    @abstractmethod
    def opened(self, path: Path, place: str) -> OpenedFile:
        """Recognise one local file; raises SourceError for one that cannot be read as declared."""

    @classmethod
    def proposals(cls, path: Path, given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:  # noqa: ARG003 - for others
        """The options that could read a file of which only these are known; raises SourceError."""
        return [given]

    def check(self) -> None:
        """Raise SourceError unless every file opens, with the same columns; of a distant place, the first one."""
        with self.place.files() as placed:
            first: OpenedFile | None = None
            for file in islice(placed, None if self.place.is_near else 1):
                opened = self.opened(file.path, file.place)
                first = first or replace(opened, batches=_nothing)
                self.assert_columns(first, opened)

    def contents(self) -> Sequence[Content]:
        """The files by their bytes; none of a distant place, whose files would have to be fetched first."""
        if not self.place.is_near:
            return ()
        with self.place.files() as placed:
            return [_content(file) for file in placed]

    def read(self) -> Iterator[Batch]:
        """Read the files one after the other."""
        with self.place.files() as placed:
            first: OpenedFile | None = None
            for file in placed:
                content = _content(file)
                opened = self.opened(file.path, file.place)
                first = first or replace(opened, batches=_nothing)
                self.assert_columns(first, opened)
                yield from _ending_with(content, in_order_of(first, opened.batches()))

    def assert_columns(self, first: OpenedFile, opened: OpenedFile) -> None:
        """Raise SourceError where a file has other columns than the first one of its source."""
        expected, found = list(first.columns), list(opened.columns)
        missing = [each for each in expected if each not in found]
        extra = [each for each in found if each not in expected]
        if missing or extra or (self.order_counts and expected != found):
            raise SourceError(
                self.columns_differ,
                place=opened.place,
                first=first.place,
                missing="、".join(missing) or "-",
                extra="、".join(extra) or "-",
            )


def in_order_of(first: OpenedFile, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches of a file with their columns as the first file has them."""
    wanted = [ROW, *first.columns]
    for batch in batches:
        yield batch if batch.rows.columns == wanted else replace(batch, rows=batch.rows.select(wanted))


def _ending_with(content: Content, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches of a file, the last of which says that it was read to its end."""
    last = next(batches)
    for batch in batches:
        yield last
        last = batch
    yield replace(last, read_whole=[content])


def _content(file: PlacedFile) -> Content:
    return Content(sha256_of(file.path), file.place)


def _nothing() -> Iterator[Batch]:
    """The rows of a file of which only the columns are kept, so that no workbook stays in memory."""
    yield from ()
