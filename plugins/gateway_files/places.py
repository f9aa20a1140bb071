"""Where the files of a source are: below the deployment's directory, on a server, or in a drop folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, model_validator

from gateway.errors import OptionError
from gateway.interfaces import Options, Surroundings
from gateway.messages import Message
from gateway.transport import drop_folder, remote_files
from gateway.transport.files import find_files, place_of, unchanged
from gateway_files.drop_folder_place import MESSAGES as DROP_FOLDER_MESSAGES
from gateway_files.drop_folder_place import DropFolderOptions, drop_folder_place
from gateway_files.placed_file import Place, PlacedFile
from gateway_files.places_on_servers import MESSAGES as SERVER_MESSAGES
from gateway_files.places_on_servers import FtpOptions, SftpOptions, ftp_place, sftp_place

ONE_PLACE = Message(
    "place.one",
    zh="文件所在的位置必须写明，且只能写一个：path、sftp、ftp 或 drop_folder；现在写了：{named}",
    en="where the files are is named by exactly one of path, sftp, ftp and drop_folder; named are: {named}",
)
MESSAGES = (
    *drop_folder.MESSAGES,
    *DROP_FOLDER_MESSAGES,
    *remote_files.MESSAGES,
    *SERVER_MESSAGES,
    ONE_PLACE,
)


class FileOptions(Options):
    """Where the files are, in one of four ways; a `path` may be a pattern and starts at the deployment's directory."""

    path: str | None = Field(default=None, min_length=1)
    sftp: SftpOptions | None = None
    ftp: FtpOptions | None = None
    drop_folder: DropFolderOptions | None = None

    @model_validator(mode="after")
    def _one_place(self) -> FileOptions:
        named = [name for name in FileOptions.model_fields if getattr(self, name) is not None]
        if len(named) != 1:
            raise OptionError(ONE_PLACE, named=", ".join(named) or "-")
        return self


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A file or a pattern of them below the deployment's directory; one that changes while it is read is noticed."""

    directory: Path
    pattern: str
    is_near = True

    @contextmanager
    def files(self) -> Iterator[Iterator[PlacedFile]]:
        """Every file that is there now, in name order."""
        paths = find_files(self.directory, self.pattern)
        with ExitStack() as stack:
            for path in paths:
                stack.enter_context(unchanged(path))
            yield (PlacedFile(path, place_of(path, self.directory)) for path in paths)


def place_named(options: FileOptions, surroundings: Surroundings) -> Place:
    """The place that the options name; raises StartError for a secret that is not there."""
    if options.sftp:
        return sftp_place(options.sftp, surroundings)
    if options.ftp:
        return ftp_place(options.ftp, surroundings)
    if options.drop_folder:
        return drop_folder_place(options.drop_folder, surroundings)
    assert options.path
    return LocalPlace(surroundings.directory, options.path)
