"""A drop folder as a place: how a feed declares it, and its files as they lie there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gateway.errors import OptionError
from gateway.interfaces import Options, Surroundings
from gateway.messages import Message
from gateway.transport.drop_folder import DropFolder, Marked, Stable
from gateway.transport.files import place_of, unchanged
from gateway_files.placed_file import PlacedFile

NO_PLAIN_NAME = Message(
    "drop_folder.no_plain_name",
    zh="须写不含路径的名称",
    en="a name without a path is expected",
)
NO_MARKER = Message(
    "drop_folder.no_marker",
    zh="须写含有 {{name}} 或 {{stem}} 的名称，如 {{name}}.done",
    en="a name with {{name}} or {{stem}} in it is expected, as in {{name}}.done",
)
ONE_RULE = Message(
    "drop_folder.one_rule",
    zh="stable_seconds 与 marker 必须写明，且只能写其中一个",
    en="either stable_seconds or marker is expected",
)
THREE_FOLDERS = Message(
    "drop_folder.three_folders",
    zh="processing、done、failed 须为三个不同的文件夹",
    en="processing, done and failed are three folders",
)
MESSAGES = (NO_PLAIN_NAME, NO_MARKER, ONE_RULE, THREE_FOLDERS)


def _name(name: str) -> str:
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise OptionError(NO_PLAIN_NAME)
    return name


def _marker(marker: str) -> str:
    if not any(blank in marker for blank in ("{name}", "{stem}")) or marker in {"{name}", "{stem}"}:
        raise OptionError(NO_MARKER)
    return marker


Name = Annotated[str, Field(min_length=1), AfterValidator(_name)]


class ReadyOptions(Options):
    """When a file is whole: once nothing of it has changed for so many seconds, or once a marker stands beside it."""

    stable_seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    marker: Annotated[Name, AfterValidator(_marker)] | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> ReadyOptions:
        if (self.stable_seconds is None) == (self.marker is None):
            raise OptionError(ONE_RULE)
        return self

    @property
    def rule(self) -> Stable | Marked:
        """The rule that is declared."""
        return Marked(self.marker) if self.marker else Stable(self.stable_seconds or 0)


class DropFolderOptions(Options):
    """A folder below the deployment's directory, and the folders in it that files are moved to."""

    folder: Annotated[str, Field(min_length=1)]
    pattern: Name
    ready: ReadyOptions
    order: Literal["name", "time"] = "name"
    processing: Name = "processing"
    done: Name = "done"
    failed: Name = "failed"

    @model_validator(mode="after")
    def _three_folders(self) -> DropFolderOptions:
        if len({self.processing, self.done, self.failed}) < 3:
            raise OptionError(THREE_FOLDERS)
        return self


@dataclass(frozen=True, slots=True)
class DropFolderPlace:
    """The files of a drop folder that are whole, where they lie: nothing is moved."""

    directory: Path
    folder: DropFolder
    is_near = True

    @contextmanager
    def files(self) -> Iterator[Iterator[PlacedFile]]:
        """Those that an earlier run took and did not bring to an end, then those that wait; maybe none."""
        self.folder.check()
        paths = [*self.folder.taken(), *self.folder.waiting()]
        with ExitStack() as stack:
            for path in paths:
                stack.enter_context(unchanged(path))
            yield (PlacedFile(path, self.shown(path)) for path in paths)

    def shown(self, path: Path) -> str:
        """A file under the name by which it was put into the folder, wherever it has been moved since."""
        return place_of(self.folder.folder / path.name, self.directory)


def drop_folder_place(options: DropFolderOptions, surroundings: Surroundings) -> DropFolderPlace:
    """The place that the options name."""
    folder = surroundings.directory / options.folder
    return DropFolderPlace(
        surroundings.directory,
        DropFolder(
            folder=folder,
            pattern=options.pattern,
            rule=options.ready.rule,
            by_time=options.order == "time",
            processing=folder / options.processing,
            done=folder / options.done,
            failed=folder / options.failed,
        ),
    )
