"""What files there are: those of a folder, a pattern or a server, and the columns of those that are at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gateway.domain.wrong_values import wrong_values
from gateway.errors import SourceError, StartError
from gateway.interfaces import Batch, Found, FoundColumn, Surroundings
from gateway.messages import Message
from gateway.transport.files import OPEN_BESIDE, find_files, place_of, readable
from gateway_files.file_source import FileSource
from gateway_files.places import FileOptions
from gateway_files.places_on_servers import FtpOptions, ServerPlace, SftpOptions, ftp_place, sftp_place

WRONG_OPTIONS = Message(
    "place.wrong_options",
    zh="选项有误：{reason_zh}；请更正后再列出",
    en="an option is wrong: {reason}; correct it",
)
MESSAGES = (WRONG_OPTIONS,)

_VALUES, _ROWS = 3, 50
_STABLE = {"stable_seconds": "60"}  # what a drop folder of unknown habits is proposed with

_Model = TypeVar("_Model", bound=BaseModel)
Discover = Callable[[Mapping[str, Any], Surroundings], Sequence[Found]]


@dataclass(frozen=True, slots=True)
class _Near:
    """A file at hand, and what a source would have to say to read it."""

    path: Path
    options: Mapping[str, Any]


def discovering(name: str, kind: type[FileSource], options: type[FileOptions], suffixes: Sequence[str]) -> Discover:
    """How files of one kind are listed.

    A single file that is named must open; of several, those that do not open as this kind are of another and left out.
    """

    def discover(given: Mapping[str, Any], surroundings: Surroundings) -> Sequence[Found]:
        if isinstance(server := _server(given, surroundings), ServerPlace):
            return [Found({"type": name, **each}, (), title) for each, title in _distant(server, given, suffixes)]
        near = _near(given, surroundings.directory, suffixes)
        alone = len(near) == 1
        return [found for each in near for found in looked(each, surroundings, must_open=alone)]

    def looked(file: _Near, surroundings: Surroundings, *, must_open: bool) -> list[Found]:
        try:
            return [look(file.path, each, surroundings) for each in kind.proposals(file.path, file.options)]
        except SourceError:
            if must_open:
                raise
            return []

    def look(path: Path, said: Mapping[str, Any], surroundings: Surroundings) -> Found:
        opened = kind(_checked(options, said), surroundings).opened(path, place_of(path, surroundings.directory))
        first = next(opened.batches(), None)
        return Found({"type": name, **said}, [_column(each, first) for each in opened.columns], opened.place)

    return discover


def _near(given: Mapping[str, Any], directory: Path, suffixes: Sequence[str]) -> list[_Near]:
    if isinstance(dropped := given.get("drop_folder"), Mapping):
        paths = _in_folder(directory / str(dropped.get("folder") or "."), suffixes)
        return [_Near(path, {**given, "drop_folder": _completed(dropped, path)}) for path in paths]
    named = directory / str(given.get("path") or ".")
    paths = _in_folder(named, suffixes) if named.is_dir() else find_files(directory, str(given["path"]))
    inside = [path.relative_to(directory) if path.is_relative_to(directory) else path for path in paths]
    return [_Near(path, {**given, "path": str(shown)}) for path, shown in zip(paths, inside, strict=True)]


def _completed(dropped: Mapping[str, Any], path: Path) -> dict[str, Any]:
    return {"pattern": f"*{path.suffix}", "ready": _STABLE, **dropped}


def _in_folder(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    with readable(folder):
        return sorted(path for path in folder.iterdir() if path.is_file() and _is_meant(path.name, suffixes))


def _is_meant(name: str, suffixes: Sequence[str]) -> bool:
    return PurePosixPath(name).suffix.lower() in suffixes and not name.startswith((".", OPEN_BESIDE))


def _server(given: Mapping[str, Any], surroundings: Surroundings) -> ServerPlace | None:
    """The server that the options name; what is looked for there does not count yet."""
    if isinstance(sftp := given.get("sftp"), Mapping):
        return sftp_place(_checked(SftpOptions, {**sftp, "path": "*"}), surroundings)
    if isinstance(ftp := given.get("ftp"), Mapping):
        return ftp_place(_checked(FtpOptions, {**ftp, "path": "*"}), surroundings)
    return None


def _distant(
    place: ServerPlace, given: Mapping[str, Any], suffixes: Sequence[str]
) -> Iterator[tuple[dict[str, Any], str]]:
    which = "sftp" if "sftp" in given else "ftp"
    with closing(place.server()) as server:
        for path in server.files_at(str(given[which].get("path") or "")):
            if _is_meant(PurePosixPath(path).name, suffixes):
                yield {**given, which: {**given[which], "path": path}}, f"{server.name}/{path.lstrip('/')}"


def _checked(model: type[_Model], options: Mapping[str, Any]) -> _Model:
    try:
        return model.model_validate(options)
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        raise StartError(WRONG_OPTIONS, reason=reason, reason_zh=reason_zh) from error


def _column(name: str, first: Batch | None) -> FoundColumn:
    cells = first.rows[name].head(_ROWS).drop_nulls().unique(maintain_order=True) if first else ()
    return FoundColumn(name, values=[cell for cell in cells if cell][:_VALUES])
