"""FTP: passive, names in the server's own bytes, with or without TLS; a question that fails is worded by what helps.

Python's library speaks text. Here it is Latin-1, which keeps every byte, since servers greet, list and complain in
encodings of their own.
"""

from __future__ import annotations

import ftplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

from gateway.errors import SourceError, TryAgain
from gateway.messages import Message
from gateway.transport import remote_files
from gateway.transport.remote_files import Described, said

_BYTES = "latin-1"
_NOT_A_FILE = "550"
_UNKNOWN_COMMAND = ("500", "502", "504")


@dataclass(frozen=True, slots=True)
class FtpAddress:
    """Where an FTP server is and who logs in; `tls` is what its certificate is checked against, None without TLS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    timeout_seconds: float
    tls: ssl.SSLContext | None = None

    @property
    def name(self) -> str:
        """The server as a person knows it."""
        return f"{'ftps' if self.tls else 'ftp'}://{self.host}:{self.port}"


class _TlsOfOneSession(ftplib.FTP_TLS):
    """Data connections go on with the control connection's TLS session, as most servers demand."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket, int | None]:
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - wrapped below
        control = self.sock
        assert isinstance(control, ssl.SSLSocket)
        return self.context.wrap_socket(connection, server_hostname=self.host, session=control.session), size


class FtpConnection:
    """A logged-in connection."""

    def __init__(self, address: FtpAddress) -> None:
        self._address = address
        self._ftp = self._opened()

    def names(self, folder: bytes) -> Sequence[bytes]:
        """What NLST lists; some servers answer with paths, some refuse an empty folder."""
        with self._worded(folder):
            try:
                lines = self._ftp.nlst(*[folder.decode(_BYTES)] if folder else [])
            except ftplib.error_perm as error:
                if str(error).startswith(_NOT_A_FILE) and self._is_folder(folder):
                    return []
                raise
        return [line.rstrip("/").rpartition("/")[2].encode(_BYTES) for line in lines]

    def described(self, path: bytes) -> Described | None:
        """What SIZE and MDTM answer; a server without MDTM is compared by size alone."""
        with self._worded(path):
            self._ftp.voidcmd("TYPE I")  # in ASCII mode servers refuse SIZE
            try:
                size = self._ftp.size(path.decode(_BYTES))
            except ftplib.error_perm as error:
                if str(error).startswith(_UNKNOWN_COMMAND):
                    raise self._error(remote_files.NO_SIZE, path, error) from error
                return None
            return None if size is None else Described(size, self._modified(path))

    def fetch(self, path: bytes, target: Path) -> None:
        """RETR in binary mode."""
        with self._worded(path), target.open("wb") as file:
            self._ftp.retrbinary(f"RETR {path.decode(_BYTES)}", file.write, 1 << 16)

    def close(self) -> None:
        """QUIT, or simply hang up."""
        with suppress(*ftplib.all_errors):
            self._ftp.quit()
        self._ftp.close()

    def _opened(self) -> ftplib.FTP:
        address = self._address
        ftp = _TlsOfOneSession(context=address.tls) if address.tls else ftplib.FTP()  # noqa: S321 - what they have
        ftp.encoding = _BYTES
        try:
            ftp.connect(address.host, address.port, address.timeout_seconds)
            ftp.login(address.user, address.password)
            if isinstance(ftp, ftplib.FTP_TLS):
                ftp.prot_p()
        except ssl.SSLCertVerificationError as error:
            ftp.close()
            raise SourceError(remote_files.NOT_TRUSTED, server=address.name, why=error.verify_message) from error
        except ftplib.error_perm as error:
            ftp.close()
            raise SourceError(
                remote_files.LOGIN_REFUSED, server=address.name, user=address.user, why=_words(error)
            ) from error
        except ftplib.all_errors as error:
            ftp.close()
            raise TryAgain(remote_files.NOT_REACHED, server=address.name, why=_words(error)) from error
        return ftp

    def _is_folder(self, folder: bytes) -> bool:
        here = self._ftp.pwd()
        try:
            self._ftp.cwd(folder.decode(_BYTES) or ".")
        except ftplib.error_perm:
            return False
        self._ftp.cwd(here)
        return True

    def _modified(self, path: bytes) -> str:
        try:
            return self._ftp.voidcmd(f"MDTM {path.decode(_BYTES)}")
        except ftplib.error_perm:
            return ""

    @contextmanager
    def _worded(self, path: bytes) -> Iterator[None]:
        try:
            yield
        except ftplib.error_perm as error:
            raise self._error(remote_files.REFUSED, path, error) from error
        except ftplib.all_errors as error:
            raise TryAgain(
                remote_files.BROKEN_OFF, server=self._address.name, path=said(path), why=_words(error)
            ) from error

    def _error(self, message: Message, path: bytes, error: Exception) -> SourceError:
        return SourceError(message, server=self._address.name, path=said(path), why=_words(error))


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return said(str(error).encode(_BYTES, "replace")) or type(error).__name__
