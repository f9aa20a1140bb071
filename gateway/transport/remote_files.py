"""Files on a server, as SFTP and FTP have them: found by a pattern, fetched whole or not at all.

A transfer counts only when the server describes the file alike before and after it and every byte has come; until then
it is tried again, on a new connection, a few times.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from gateway.errors import SourceError, TryAgain
from gateway.messages import Message
from gateway.transport.files import OPEN_BESIDE
from gateway.transport.patience import ask_patiently

NOT_REACHED = Message(
    "remote.not_reached",
    zh="无法连接 {server}：{why}；请检查地址、网络与对方服务是否开启",
    en="{server} cannot be reached: {why}; check the address, the network and whether the service runs",
)
LOGIN_REFUSED = Message(
    "remote.login_refused",
    zh="{server} 拒绝用户“{user}”登录：{why}；请核对用户名、密码或密钥",
    en="{server} refuses the user {user!r}: {why}; check the user, the password or the key",
)
BROKEN_OFF = Message(
    "remote.broken_off",
    zh="与 {server} 的连接在传输“{path}”时中断：{why}",
    en="the connection to {server} broke while {path!r} was under way: {why}",
)
PARTIAL = Message(
    "remote.partial",
    zh="“{path}”共 {size} 字节，只传来 {got} 字节",
    en="{path!r} has {size} bytes, of which {got} came",
)
CHANGED = Message(
    "remote.changed",
    zh="“{path}”在传输过程中被改动",
    en="{path!r} changed while it was transferred",
)
NOT_FETCHED = Message(
    "remote.not_fetched",
    zh="从 {server} 读取失败（试了 {attempts} 次）：{why_zh}；没有保存任何数据，下次运行重新读取",
    en="reading from {server} failed, {attempts} times: {why}; nothing was stored, the next run reads again",
)
REFUSED = Message(
    "remote.refused",
    zh="{server} 拒绝读取“{path}”：{why}；请核对路径和权限",
    en="{server} refuses {path!r}: {why}; check the path and the rights",
)
MISSING = Message(
    "remote.missing",
    zh="{server} 的文件夹“{folder}”中没有文件“{name}”；最接近的是：{nearest}；请检查路径或等待文件送达",
    en="there is no file {name!r} in the folder {folder!r} of {server}; the nearest are: {nearest}; correct it or wait "
    "for it",
)
WRONG_ENCODING = Message(
    "remote.wrong_encoding",
    zh="{server} 上“{name}”的文件名不是 {encoding} 编码；请把 encoding 改为 {other}",
    en="the name {name!r} on {server} is not encoded in {encoding}; set encoding to {other}",
)
NO_SIZE = Message(
    "remote.no_size",
    zh="{server} 不告知“{path}”的大小（{why}），无法确认传输完整；请换用 SFTP，或请对方开启 SIZE 命令",
    en="{server} does not tell the size of {path!r} ({why}), so nobody knows whether it came whole; use SFTP, or have "
    "the SIZE command enabled",
)
NOT_TRUSTED = Message(
    "remote.not_trusted",
    zh="{server} 的证书不受信任：{why}；请核对地址，或在 ca_file 中给出对方的根证书",
    en="the certificate of {server} is not trusted: {why}; check the address or name its root certificate as ca_file",
)
NO_ROOT = Message(
    "remote.no_root",
    zh="根证书文件“{path}”无法使用：{why}；应为 PEM 格式的证书",
    en="the root certificate {path!r} cannot be used: {why}; a certificate in PEM form is expected",
)
UNKNOWN_HOST = Message(
    "remote.unknown_host",
    zh="{server} 的主机密钥 {offered}（{algorithm}）未经确认，没有登录；请向对方核对指纹，无误后写入 host_key 或 "
    "known_hosts",
    en="the host key {offered} ({algorithm}) of {server} is not known, nobody logged in; ask its operators for the "
    "fingerprint and, where it agrees, state it as host_key or in known_hosts",
)
HOST_KEYS_FILE = Message(
    "remote.host_keys_file",
    zh="known_hosts 文件“{path}”无法使用：{why}；请用 ssh-keyscan 取得并核对后写入",
    en="the known_hosts file {path!r} cannot be used: {why}; write one with ssh-keyscan and compare it with the "
    "server's operators",
)
WRONG_KEY = Message(
    "remote.wrong_key",
    zh="密钥“{name}”无法使用：{why}；应为 OpenSSH 或 PEM 格式的私钥；有口令的应为 PEM（PKCS#8）格式，并在 "
    "key_passphrase 写明存放口令的密钥名",
    en="the secret {name!r} is no usable key: {why}; a private key in OpenSSH or PEM form is expected, or one with a "
    "passphrase in PEM (PKCS#8) form and its passphrase in the secret that key_passphrase names",
)
NO_AGREEMENT = Message(
    "remote.no_agreement",
    zh="与 {server} 没有共同支持的算法：{why}；对方若只支持旧算法，请在 legacy_algorithms 中逐一写明",
    en="there is no algorithm that {server} and we both allow: {why}; where it has old ones only, name them in "
    "legacy_algorithms",
)
UNKNOWN_ALGORITHM = Message(
    "remote.unknown_algorithm",
    zh="legacy_algorithms 中的“{name}”不可用；可用的是：{allowed}",
    en="{name!r} in legacy_algorithms is not available; allowed are: {allowed}",
)
DRIVER_MISSING = Message(
    "remote.driver_missing",
    zh="读取 SFTP 需要的程序库没有安装；请运行 pip install 'double-random-gateway[sftp]'",
    en="the library that reads SFTP is not installed; run pip install 'double-random-gateway[sftp]'",
)
MESSAGES = (
    NOT_REACHED,
    LOGIN_REFUSED,
    BROKEN_OFF,
    PARTIAL,
    CHANGED,
    NOT_FETCHED,
    REFUSED,
    MISSING,
    WRONG_ENCODING,
    NO_SIZE,
    NOT_TRUSTED,
    NO_ROOT,
    UNKNOWN_HOST,
    HOST_KEYS_FILE,
    WRONG_KEY,
    NO_AGREEMENT,
    UNKNOWN_ALGORITHM,
    DRIVER_MISSING,
)

NameEncoding = Literal["utf-8", "gb18030"]
_OTHER: dict[NameEncoding, NameEncoding] = {"utf-8": "gb18030", "gb18030": "utf-8"}
_WILD = frozenset("*?[")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Described:
    """A file as its server describes it; `modified` is compared, never read."""

    size: int
    modified: str


class Connection(Protocol):
    """A connection that is logged in; paths are the server's own bytes.

    Raises TryAgain where a new connection may help, SourceError where it would not.
    """

    def names(self, folder: bytes) -> Sequence[bytes]:
        """What is in a folder, files and folders, without their path."""

    def described(self, path: bytes) -> Described | None:
        """The file at that path; None where there is none, or something that is no file."""

    def fetch(self, path: bytes, target: Path) -> None:
        """Write the bytes of a file to a local one."""

    def close(self) -> None:
        """Say good-bye; never raises."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a server is asked, and how the waits between grow."""

    attempts: int
    first_wait_seconds: float
    longest_wait_seconds: float


class Server:
    """A server that is connected to when it is needed, and anew after trouble."""

    def __init__(
        self, name: str, encoding: NameEncoding, connect: Callable[[], Connection], patience: Patience
    ) -> None:
        self.name = name
        self._encoding = encoding
        self._connect = connect
        self._patience = patience
        self._connection: Connection | None = None

    def find(self, pattern: str) -> list[str]:
        """The path, or those whose last part matches the pattern, in name order; raises SourceError for none."""
        folder, wanted = posixpath.split(pattern)
        if not _WILD & set(wanted):
            return [pattern]
        names = self._names(folder)
        found = [self._checked(name) for name in names if _matches(name, wanted)]
        paths = [posixpath.join(folder, name) for name in sorted(found)]
        files = [path for path in paths if self._described(path)]
        if not files:
            raise self._missing(folder, wanted, names)
        return files

    def files_at(self, path: str) -> list[str]:
        """The paths of the files that a path means: itself, those of its folder that are not hidden, or a pattern's."""
        if _WILD & set(posixpath.basename(path)):
            return self.find(path)
        if path and self._described(path):
            return [path]
        names = sorted(name for name in self._names(path) if _matches(name, "*"))
        return [each for each in (posixpath.join(path, name) for name in names) if self._described(each)]

    def fetch(self, path: str, target: Path) -> None:
        """Fetch a file whole; raises SourceError."""
        self._asked(path, lambda connection: self._fetched(connection, path, target))

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _fetched(self, connection: Connection, path: str, target: Path) -> None:
        before = connection.described(self._encoded(path))
        if before is None:
            folder, name = posixpath.split(path)
            raise self._missing(folder, name, self._decoded(connection.names(self._encoded(folder))))
        connection.fetch(self._encoded(path), target)
        if connection.described(self._encoded(path)) != before:
            raise TryAgain(CHANGED, path=path)
        if (got := target.stat().st_size) != before.size:
            raise TryAgain(PARTIAL, path=path, size=before.size, got=got)

    def _names(self, folder: str) -> list[str]:
        return self._decoded(self._asked(folder, lambda connection: connection.names(self._encoded(folder))))

    def _described(self, path: str) -> Described | None:
        return self._asked(path, lambda connection: connection.described(self._encoded(path)))

    def _asked(self, path: str, question: Callable[[Connection], _Answer]) -> _Answer:
        patience = self._patience

        def ask() -> _Answer:
            self._connection = self._connection or self._connect()
            try:
                return question(self._connection)
            except TryAgain:
                self.close()
                raise

        try:
            return ask_patiently(
                ask,
                attempts=patience.attempts,
                first_wait_seconds=patience.first_wait_seconds,
                longest_wait_seconds=patience.longest_wait_seconds,
            )
        except TryAgain as error:
            why, why_zh = error.text("en"), error.text("zh")
            raise SourceError(
                NOT_FETCHED, server=self.name, path=path, attempts=patience.attempts, why=why, why_zh=why_zh
            ) from error

    def _encoded(self, path: str) -> bytes:
        return path.encode(self._encoding)

    def _decoded(self, names: Sequence[bytes]) -> list[str]:
        """The names as text; what is of another encoding is kept visible, and refused only where it is asked for."""
        return [name.decode(self._encoding, "backslashreplace") for name in names]

    def _checked(self, name: str) -> str:
        if "\\x" in name:
            other = _OTHER[self._encoding]
            raise SourceError(WRONG_ENCODING, server=self.name, name=name, encoding=self._encoding, other=other)
        return name

    def _missing(self, folder: str, name: str, names: Sequence[str]) -> SourceError:
        nearest = get_close_matches(name, names, n=3, cutoff=0.4) or sorted(names)[:3]
        return SourceError(
            MISSING, server=self.name, folder=folder or ".", name=name, nearest=", ".join(nearest) or "-"
        )


def _matches(name: str, pattern: str) -> bool:
    """Whether a name is meant by a pattern; as in a shell, hidden files are meant by none."""
    return fnmatchcase(name, pattern) and not name.startswith((".", OPEN_BESIDE))


def said(text: bytes) -> str:
    """What a server says about itself, in whichever encoding it speaks."""
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return text.decode(encoding)
    return text.decode("ascii", "backslashreplace")
