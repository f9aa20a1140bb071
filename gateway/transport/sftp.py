"""SFTP by asyncssh, asked one question after the other; nothing of the user's own SSH set-up counts.

The host key must be known before anybody logs in. SHA-1, MD5 and CBC are left to servers that can do no better, each
named in the options.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

import asyncssh
from asyncssh.encryption import get_default_encryption_algs, get_encryption_algs
from asyncssh.kex import get_default_kex_algs, get_kex_algs
from asyncssh.mac import get_default_mac_algs, get_mac_algs
from asyncssh.public_key import get_default_public_key_algs, get_public_key_algs

from gateway.errors import SourceError, TryAgain
from gateway.transport import remote_files
from gateway.transport.remote_files import Described, said

_Answer = TypeVar("_Answer")

_PIECE = 1 << 20
_SSH = 22
_REGULAR = asyncssh.FILEXFER_TYPE_REGULAR
# The order in which OpenSSH asks for host keys, so that both see the same fingerprint.
_HOST_KEY_DEFAULTS = [
    name
    for start in ("ssh-ed25519", "ecdsa-", "rsa-sha2-512", "rsa-sha2-256")
    for name in get_default_public_key_algs()
    if name.startswith(start.encode())
]


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """Where an SFTP server is, who logs in, and how the server is known: by its key's fingerprint or by a file."""

    host: str
    port: int
    user: str
    timeout_seconds: float
    password: str | None = field(default=None, repr=False)
    key: asyncssh.SSHKey | None = field(default=None, repr=False)
    fingerprint: str | None = None
    known_hosts: Path | None = None
    legacy_algorithms: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The server as a person knows it."""
        return f"sftp://{self.host}:{self.port}"


def read_key(name: str, text: str, passphrase: str | None) -> asyncssh.SSHKey:
    """The private key of a secret; raises SourceError, which never repeats it."""
    try:
        return asyncssh.import_private_key(text.strip() + "\n", passphrase)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise SourceError(remote_files.WRONG_KEY, name=name, why=str(error)) from None


class SftpConnection:
    """A logged-in connection, driven by an event loop of its own."""

    def __init__(self, address: SftpAddress) -> None:
        self._address = address
        self._loop = asyncio.Runner()
        try:
            self._ssh, self._sftp = self._loop.run(_opened(address))
        except BaseException:
            self._loop.close()
            raise

    def names(self, folder: bytes) -> Sequence[bytes]:
        """What READDIR lists."""
        found = self._answer(folder, self._sftp.listdir(folder or b"."))
        return [name for name in found if isinstance(name, bytes)]

    def described(self, path: bytes) -> Described | None:
        """What STAT answers."""
        try:
            attributes = self._answer(path, self._sftp.stat(path))
        except _NotThereError:
            return None
        if attributes.type != _REGULAR or attributes.size is None:
            return None
        return Described(attributes.size, str(attributes.mtime))

    def fetch(self, path: bytes, target: Path) -> None:
        """READ, several requests at once; the deadline is that of the next piece, not of the whole file."""
        with self._worded(path), target.open("wb") as file:
            self._loop.run(self._copied(path, file))

    def close(self) -> None:
        """Hang up."""
        self._ssh.abort()
        with suppress(asyncssh.Error, OSError, TimeoutError):
            self._loop.run(asyncio.wait_for(self._ssh.wait_closed(), self._address.timeout_seconds))
        self._loop.close()

    async def _copied(self, path: bytes, file: BinaryIO) -> None:
        seconds, clock = self._address.timeout_seconds, asyncio.get_running_loop().time
        async with asyncio.timeout(seconds) as deadline, self._sftp.open(path, "rb") as remote:
            while piece := await remote.read(_PIECE):
                assert isinstance(piece, bytes)
                file.write(piece)
                deadline.reschedule(clock() + seconds)

    def _answer(self, path: bytes, question: Coroutine[object, object, _Answer]) -> _Answer:
        with self._worded(path):
            return self._loop.run(asyncio.wait_for(question, self._address.timeout_seconds))

    @contextmanager
    def _worded(self, path: bytes) -> Iterator[None]:
        server, shown = self._address.name, said(path)
        try:
            yield
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
            raise _NotThereError(remote_files.REFUSED, server=server, path=shown, why=error.reason) from error
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPNotADirectory, asyncssh.SFTPInvalidFilename) as error:
            raise SourceError(remote_files.REFUSED, server=server, path=shown, why=error.reason) from error
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise TryAgain(remote_files.BROKEN_OFF, server=server, path=shown, why=_words(error)) from error


class _NotThereError(SourceError):
    """A path at which there is nothing."""


class _Client(asyncssh.SSHClient):
    """Knows the server by its fingerprint, and remembers the key of one that is not known."""

    def __init__(self, fingerprint: str | None) -> None:
        self._fingerprint = fingerprint
        self.offered: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        del host, addr, port
        self.offered = key
        return key.get_fingerprint() == self._fingerprint


async def _opened(address: SftpAddress) -> tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]:
    client = _Client(address.fingerprint)
    known = _known_hosts(address)
    algorithms = _algorithms(address, known)
    try:
        ssh = await asyncssh.connect(
            address.host,
            address.port,
            client_factory=lambda: client,
            username=address.user,
            password=address.password,
            client_keys=[address.key] if address.key else None,
            known_hosts=known,
            kex_algs=algorithms.kex,
            encryption_algs=algorithms.encryption,
            mac_algs=algorithms.mac,
            server_host_key_algs=algorithms.host_key,
            signature_algs=algorithms.signature,
            config=None,
            agent_path=None,
            gss_auth=False,
            gss_kex=False,
            x509_trusted_certs=None,
            connect_timeout=address.timeout_seconds,  # of logging in too
            keepalive_interval=address.timeout_seconds,
        )
        return ssh, await asyncio.wait_for(ssh.start_sftp_client(path_encoding=None), address.timeout_seconds)
    except asyncssh.HostKeyNotVerifiable as error:
        raise _unknown_host(address, client, error) from error
    except asyncssh.PermissionDenied as error:
        raise SourceError(
            remote_files.LOGIN_REFUSED, server=address.name, user=address.user, why=error.reason
        ) from error
    except asyncssh.KeyExchangeFailed as error:
        raise SourceError(remote_files.NO_AGREEMENT, server=address.name, why=error.reason) from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise TryAgain(remote_files.NOT_REACHED, server=address.name, why=_words(error)) from error


def _unknown_host(address: SftpAddress, client: _Client, error: asyncssh.HostKeyNotVerifiable) -> SourceError:
    key = client.offered
    offered = key.get_fingerprint() if key else error.reason
    algorithm = key.get_algorithm() if key else "-"
    return SourceError(remote_files.UNKNOWN_HOST, server=address.name, offered=offered, algorithm=algorithm)


def _known_hosts(address: SftpAddress) -> asyncssh.SSHKnownHosts:
    if address.known_hosts is None:
        return asyncssh.import_known_hosts("")
    try:
        return asyncssh.read_known_hosts(str(address.known_hosts))
    except (OSError, ValueError) as error:
        raise SourceError(remote_files.HOST_KEYS_FILE, path=str(address.known_hosts), why=_words(error)) from error


@dataclass(frozen=True, slots=True)
class _Algorithms:
    kex: list[str]
    encryption: list[str]
    mac: list[str]
    host_key: list[str]
    signature: list[str]


def _algorithms(address: SftpAddress, known: asyncssh.SSHKnownHosts) -> _Algorithms:
    legacy = address.legacy_algorithms
    kinds = [get_kex_algs(), get_encryption_algs(), get_mac_algs(), get_public_key_algs()]
    available = sorted(name for kind in kinds for name in _text(kind) if not _is_sound(name) and "gss" not in name)
    for name in legacy:
        if name not in available:
            raise SourceError(remote_files.UNKNOWN_ALGORITHM, name=name, allowed=", ".join(available))
    kex, encryption, mac, public_key = (
        [*filter(_is_sound, _text(default)), *(name for name in legacy if name in _text(kind))]
        for default, kind in zip(
            [get_default_kex_algs(), get_default_encryption_algs(), get_default_mac_algs(), _HOST_KEY_DEFAULTS],
            kinds,
            strict=True,
        )
    )
    return _Algorithms(kex, encryption, mac, _of_known_keys(address, known, public_key), public_key)


def _of_known_keys(address: SftpAddress, known: asyncssh.SSHKnownHosts, allowed: list[str]) -> list[str]:
    """What is asked of a server in known_hosts: a key that is known there, of several that it may have."""
    trusted = asyncssh.match_known_hosts(known, address.host, "", None if address.port == _SSH else address.port)[0]
    named = {name for key in trusted for name in _text(key.sig_algorithms)}
    return [name for name in allowed if name in named] or allowed


def _is_sound(name: str) -> bool:
    return not any(part in name for part in ("sha1", "md5", "cbc", "arcfour", "ssh-rsa", "ssh-dss", "gss", "group1-"))


def _text(names: Iterable[bytes]) -> list[str]:
    return [name.decode("ascii") for name in names]


def _words(error: BaseException) -> str:
    if isinstance(error, asyncssh.Error):
        return str(error.reason)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
