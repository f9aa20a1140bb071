"""Files on an SFTP or FTP server: fetched one by one into a temporary folder, each read and removed before the next."""

from __future__ import annotations

import posixpath
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.errors import OptionError, SourceError
from gateway.interfaces import Options, Surroundings
from gateway.messages import Message
from gateway.transport import remote_files
from gateway.transport.ftp import FtpAddress, FtpConnection
from gateway.transport.remote_files import NameEncoding, Patience, Server
from gateway_files.placed_file import PlacedFile

NO_FILE_PATH = Message(
    "place.no_file_path",
    zh="须写文件的路径；只有最后一段可以用 * 和 ?，如 /out/*.csv",
    en="a path to a file is expected; * and ? are allowed in its last part only, as in /out/*.csv",
)
CONTROL_IN_PATH = Message(
    "place.control_in_path",
    zh="路径中不能有控制字符",
    en="a path holds no control characters",
)
MESSAGES = (NO_FILE_PATH, CONTROL_IN_PATH)

_LONGEST_NAME = 200  # bytes; 255 is what disks allow


def _pattern(path: str) -> str:
    folder, name = posixpath.split(path)
    if not name or any(sign in folder for sign in "*?["):
        raise OptionError(NO_FILE_PATH)
    if not path.isprintable():
        raise OptionError(CONTROL_IN_PATH)
    return path


class ServerOptions(Options, defer_build=True):
    """Where a server is, who logs in and what is fetched.

    `password` is the name of a secret, never the password itself.
    """

    host: Annotated[str, Field(pattern=r"^[^\s/@:]+$|^[0-9a-fA-F:]+$")]
    user: Annotated[str, Field(min_length=1)]
    password: Annotated[str, Field(min_length=1)] | None = None
    path: Annotated[str, AfterValidator(_pattern)]
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    first_wait_seconds: Annotated[float, Field(ge=0)] = 1
    longest_wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 30

    @property
    def patience(self) -> Patience:
        """How often the server is asked."""
        return Patience(self.attempts, self.first_wait_seconds, self.longest_wait_seconds)


class SftpOptions(ServerOptions):
    """An SFTP server, known by the fingerprint of its `host_key` or by a `known_hosts` file.

    `key` names the secret that holds a private key.
    """

    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    encoding: NameEncoding = "utf-8"
    key: Annotated[str, Field(min_length=1)] | None = None
    key_passphrase: Annotated[str, Field(min_length=1)] | None = None
    host_key: Annotated[str, Field(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")] | None = None
    known_hosts: Path | None = None
    legacy_algorithms: tuple[str, ...] = ()


class FtpOptions(ServerOptions):
    """An FTP server, passive; `tls` encrypts both connections, and the certificate must be right."""

    port: Annotated[int, Field(ge=1, le=65_535)] = 21
    encoding: NameEncoding = "gb18030"
    tls: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """The files of a server that a pattern means."""

    server: Callable[[], Server]
    pattern: str
    is_near = False

    @contextmanager
    def files(self) -> Iterator[Iterator[PlacedFile]]:
        """Every file that is there now, in name order."""
        with closing(self.server()) as server, TemporaryDirectory(prefix="gateway-files-") as folder:
            paths = server.find(self.pattern)
            yield (_fetched(server, path, Path(folder)) for path in paths)


def _fetched(server: Server, path: str, folder: Path) -> PlacedFile:
    for earlier in folder.iterdir():
        earlier.unlink()
    name = posixpath.basename(path).encode()[-_LONGEST_NAME:].decode(errors="ignore")
    server.fetch(path, folder / name)
    return PlacedFile(folder / name, f"{server.name}/{path.lstrip('/')}")


def sftp_place(options: SftpOptions, surroundings: Surroundings) -> ServerPlace:
    """The place that the options name; raises StartError for a secret that is not there."""
    password = surroundings.secret(options.password) if options.password else None
    key = surroundings.secret(options.key) if options.key else None
    passphrase = surroundings.secret(options.key_passphrase) if options.key_passphrase else None

    def server() -> Server:
        try:
            from gateway.transport.sftp import SftpAddress, SftpConnection, read_key
        except ImportError:
            raise SourceError(remote_files.DRIVER_MISSING) from None
        address = SftpAddress(
            host=options.host,
            port=options.port,
            user=options.user,
            timeout_seconds=options.timeout_seconds,
            password=password,
            key=read_key(options.key, key, passphrase) if options.key and key else None,
            fingerprint=options.host_key,
            known_hosts=surroundings.directory / options.known_hosts if options.known_hosts else None,
            legacy_algorithms=options.legacy_algorithms,
        )
        return Server(address.name, options.encoding, lambda: SftpConnection(address), options.patience)

    return ServerPlace(server, options.path)


def ftp_place(options: FtpOptions, surroundings: Surroundings) -> ServerPlace:
    """The place that the options name; raises StartError for a secret that is not there."""
    password = surroundings.secret(options.password) if options.password else ""

    def server() -> Server:
        address = FtpAddress(
            host=options.host,
            port=options.port,
            user=options.user,
            password=password,
            timeout_seconds=options.timeout_seconds,
            tls=_tls(options, surroundings) if options.tls else None,
        )
        return Server(address.name, options.encoding, lambda: FtpConnection(address), options.patience)

    return ServerPlace(server, options.path)


def _tls(options: FtpOptions, surroundings: Surroundings) -> ssl.SSLContext:
    file = surroundings.directory / options.ca_file if options.ca_file else None
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:  # ssl.SSLError is one
        raise SourceError(remote_files.NO_ROOT, path=str(file), why=error.strerror or str(error)) from error
