"""A file at hand, and what every place does: it hands over such files, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file that can be opened at `path` until the next one is asked for; `place` is what a person would look for."""

    path: Path
    place: str


class Place(Protocol):
    """Where files are."""

    @property
    def is_near(self) -> bool:
        """Whether looking at every file costs no transfer."""

    def files(self) -> AbstractContextManager[Iterator[PlacedFile]]:
        """The files in the order in which they are read, each whole; raises SourceError."""
