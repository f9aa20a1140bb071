"""Transfers that break, end early or are overtaken by a writer: tried again, and never taken for whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.errors import SourceError
from gateway.interfaces import Surroundings
from gateway_files.csv_source import CsvOptions, CsvSource

PASSWORD = "only-for-rehearsal 口令"
CONTENT = "n\n" + "".join(f"{at}\n" for at in range(20_000))


@dataclass
class Troubles:
    """What happens to the next transfers, one after the other; a transfer beyond them is left alone."""

    waiting: list[str] = field(default_factory=list)
    opened: int = 0

    def next(self) -> str:
        self.opened += 1
        return self.waiting.pop(0) if self.waiting else ""


class TroubledFiles(asyncssh.SFTPServer):
    """The files of a folder, with the troubles of a bad line and of a writer who is still at it."""

    def __init__(self, troubles: Troubles, connection: asyncssh.SSHServerChannel[bytes], folder: Path) -> None:
        super().__init__(connection, chroot=str(folder).encode())
        self._troubles, self._connection, self._folder = troubles, connection, folder
        self._trouble = ""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        self._trouble = self._troubles.next()
        if self._trouble == "grows":
            with (self._folder / "a.csv").open("a") as writer:
                writer.write("late\n")
        return super().open(path, pflags, attrs)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._trouble == "breaks" and offset:
            self._connection.get_connection().abort()
        read = super().read(file_obj, offset, size)
        assert isinstance(read, bytes)
        return read[: max(0, 1000 - offset)] if self._trouble == "ends early" else read


class PasswordServer(asyncssh.SSHServer):
    """Lets in who knows the password."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("dept", PASSWORD)


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def host_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
def port(tmp_path: Path, troubles: Troubles, host_key: asyncssh.SSHKey) -> Iterator[int]:
    """An SSH server of asyncssh, in a thread of its own, over `out/`."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text(CONTENT)
    listening: asyncio.Queue[None] = asyncio.Queue()
    ready, ports = threading.Event(), []

    async def serve() -> None:
        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=PasswordServer,
            server_host_keys=[host_key],
            sftp_factory=lambda channel: TroubledFiles(troubles, channel, tmp_path / "out"),
        )
        ports.append(server.get_port())
        loops.append(asyncio.get_running_loop())
        ready.set()
        await listening.get()
        server.close()
        await server.wait_closed()

    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield ports[0]
    loops[0].call_soon_threadsafe(partial(listening.put_nowait, None))
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def open_sftp(tmp_path: Path, port: int, host_key: asyncssh.SSHKey) -> Callable[..., CsvSource]:
    def opened(**options: Any) -> CsvSource:
        usual = {
            "host": "127.0.0.1",
            "port": port,
            "user": "dept",
            "password": "secret",
            "host_key": host_key.get_fingerprint(),
            "path": "/a.csv",
            "first_wait_seconds": 0,
        }
        surroundings = Surroundings(tmp_path, lambda name: PASSWORD if name == "secret" else "wrong")
        return CsvSource(CsvOptions.model_validate({"sftp": usual | options}), surroundings)

    return opened


Open = Callable[..., CsvSource]


def cells(source: CsvSource) -> list[str]:
    return [cell for batch in source.read() for cell in batch.rows["n"]]


def test_a_password_logs_in(open_sftp: Open, troubles: Troubles) -> None:
    assert cells(open_sftp()) == CONTENT.split()[1:]
    assert troubles.opened == 1


def test_a_wrong_password_is_refused_and_not_told(open_sftp: Open) -> None:
    with pytest.raises(SourceError) as refused:
        cells(open_sftp(password="other"))
    assert refused.value.message.code == "remote.login_refused"
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("trouble", ["breaks", "ends early"])
def test_a_transfer_that_does_not_bring_everything_is_made_again(
    open_sftp: Open, troubles: Troubles, trouble: str
) -> None:
    troubles.waiting = [trouble, trouble]
    assert cells(open_sftp()) == CONTENT.split()[1:]
    assert troubles.opened == 3


def test_a_file_that_grows_meanwhile_is_fetched_again(open_sftp: Open, troubles: Troubles) -> None:
    troubles.waiting = ["grows"]
    assert cells(open_sftp()) == [*CONTENT.split()[1:], "late"]
    assert troubles.opened == 2


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("breaks", "broke"), ("ends early", "bytes, of which"), ("grows", "changed while it was transferred")],
)
def test_a_transfer_that_never_comes_whole_fails_the_run(
    open_sftp: Open, troubles: Troubles, trouble: str, words: str
) -> None:
    troubles.waiting = [trouble] * 5
    with pytest.raises(SourceError) as failed:
        cells(open_sftp())
    assert failed.value.message.code == "remote.not_fetched"
    assert words in str(failed.value)
    assert "{" not in failed.value.text("zh") + failed.value.text("en")
    assert troubles.opened == 3
