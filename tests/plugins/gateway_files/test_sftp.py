"""Files on a real OpenSSH server: whom we trust, who logs in, what is found, and that a file comes whole."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import UNKNOWN_NAME, SourceError, StartError
from gateway.interfaces import Source, Surroundings
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_files.csv_source import CsvOptions, CsvSource
from tests.conftest import absent

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
LEGACY = "diffie-hellman-group14-sha1", "aes128-cbc", "hmac-sha1", "ssh-rsa"


@dataclass(frozen=True)
class SshServer:
    """A server that runs: its port, the folder of its keys, and the fingerprint of each."""

    port: int
    keys: Path

    def fingerprint(self, kind: str = "ed25519") -> str:
        told = subprocess.run(["ssh-keygen", "-lf", self.keys / f"{kind}.pub"], capture_output=True, text=True)
        return told.stdout.split()[1]

    def public_key(self, kind: str = "ed25519") -> str:
        return (self.keys / f"{kind}.pub").read_text()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def serving(keys: Path, *more: str) -> Iterator[SshServer]:
    """OpenSSH on a free port of the loopback, as ourselves, with keys and a configuration of its own."""
    if not (SSHD and shutil.which("ssh-keygen")):
        absent("sftp", "there is no sshd of OpenSSH on this machine")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd wants it where it starts as root
    port = free_port()
    config = keys / f"sshd_{port}"
    host_keys = [f"HostKey {keys / kind}" for kind in ("rsa", "ed25519")]
    lines = [f"ListenAddress 127.0.0.1:{port}", *host_keys, f"AuthorizedKeysFile {keys / 'user.pub'}"]
    lines += ["StrictModes no", "UsePAM no", "PasswordAuthentication no", "PidFile none", "MaxStartups 100"]
    config.write_text("\n".join([*lines, "Subsystem sftp internal-sftp", *more]) + "\n")
    log = keys / f"log_{port}"
    with subprocess.Popen([str(SSHD), "-D", "-f", config, "-E", log]) as process:
        deadline = time.monotonic() + 20
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                absent("sftp", f"sshd does not start: {log.read_text()}")
            time.sleep(0.02)
        yield SshServer(port, keys)
        process.terminate()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The host keys of the servers, and the key of the user who logs in."""
    folder = tmp_path_factory.mktemp("keys")
    for name, kind in (("ed25519", "ed25519"), ("rsa", "rsa"), ("user", "ed25519"), ("stranger", "ed25519")):
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", folder / name, "-b", "2048"]
        if not shutil.which("ssh-keygen") or subprocess.run(command).returncode:
            absent("sftp", "there is no ssh-keygen on this machine")
    command = ["ssh-keygen", "-q", "-t", "rsa", "-m", "PKCS8", "-N", "geheim 口令", "-f", folder / "guarded"]
    subprocess.run(command, check=True)
    with (folder / "user.pub").open("a") as authorized:
        authorized.write((folder / "guarded.pub").read_text())
    return folder


@pytest.fixture(scope="module")
def server(keys: Path) -> Iterator[SshServer]:
    yield from serving(keys)


@pytest.fixture(scope="module")
def old_server(keys: Path) -> Iterator[SshServer]:
    """A server that has nothing but what was common before 2010."""
    kex, cipher, mac, host_key = LEGACY
    algorithms = [f"KexAlgorithms {kex}", f"Ciphers {cipher}", f"MACs {mac}", f"HostKeyAlgorithms {host_key}"]
    yield from serving(keys, *algorithms)


Open = Callable[..., CsvSource]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the server that the files are in."""
    made = tmp_path / "out 输出"
    made.mkdir()
    return made


@pytest.fixture
def open_sftp(server: SshServer, keys: Path, folder: Path, tmp_path: Path) -> Open:
    """A source over files of the folder; options that are None are left out."""

    def opened(name: str = "*.csv", **options: Any) -> CsvSource:
        usual = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": getpass.getuser(),
            "key": "user",
            "host_key": server.fingerprint(),
            "path": f"{folder}/{name}",
            "first_wait_seconds": 0,
        }
        given = {key: value for key, value in {**usual, **options}.items() if value is not None}
        secrets: Callable[[str], str] = lambda name: (keys / name).read_text().strip()  # noqa: E731
        return CsvSource(CsvOptions.model_validate({"sftp": given}), Surroundings(tmp_path, secrets))

    return opened


def refusal(source: CsvSource) -> SourceError:
    """The error that both checking and reading end with; both its sentences are whole."""
    with pytest.raises(SourceError) as checked:
        source.check()
    with pytest.raises(SourceError) as read:
        list(source.read())
    assert str(read.value) == str(checked.value)
    assert "{" not in read.value.text("zh") + read.value.text("en")
    return read.value


class TestCsvOverSftp(SourceContract):
    """A file of several transfers' size keeps every promise of a source."""

    ROWS = 80_000

    @pytest.fixture
    def source(self, open_sftp: Open, folder: Path) -> Source:
        lines = ["编号,名称", *(f"{at:06},名称{at}" for at in range(self.ROWS))]
        (folder / "名单.csv").write_text("\n".join(lines) + "\n", encoding="gb18030")
        return open_sftp("名单.csv")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {at + 2: (f"{at:06}", f"名称{at}") for at in range(self.ROWS)}

    @pytest.fixture
    def empty_source(self, open_sftp: Open, folder: Path) -> Source:
        (folder / "空.csv").write_text("n\n")
        return open_sftp("空.csv")


def test_files_are_found_by_a_pattern_and_read_in_name_order(open_sftp: Open, folder: Path) -> None:
    for name in ("乙.csv", "甲.csv", "甲.txt", ".甲.csv", "~$甲.csv"):
        (folder / name).write_text(f"n\n{name}\n")
    (folder / "folder.csv").mkdir()
    batches = list(open_sftp().read())
    assert [batch.rows["n"].to_list() for batch in batches] == [["乙.csv"], ["甲.csv"]]
    assert batches[0].place.endswith("/out 输出/乙.csv")
    assert batches[0].place.startswith("sftp://127.0.0.1:")


def test_names_in_gb18030_are_found_when_that_is_stated(open_sftp: Open, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + "/输出".encode("gb18030")
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder + "/名单.csv".encode("gb18030"))).write_text("n\n1\n")
    (batch,) = open_sftp(path=f"{tmp_path}/输出/*.csv", encoding="gb18030").read()
    assert (batch.rows["n"].to_list(), batch.place.endswith("/输出/名单.csv")) == (["1"], True)


def test_names_of_another_encoding_are_refused_with_the_one_to_state(open_sftp: Open, folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + "/名单.csv".encode("gb18030"))).write_text("n\n1\n")
    error = refusal(open_sftp())
    assert error.message.code == "remote.wrong_encoding"
    assert "set encoding to gb18030" in str(error)
    assert refusal(open_sftp("*.txt")).message.code == "remote.missing"


def test_only_one_file_is_at_hand_at_a_time(
    open_sftp: Open, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (folder / name).write_text("n\n1\n")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    at_hand = []
    for _ in open_sftp().read():
        at_hand.append([path.name for path in (tmp_path / "temporary").rglob("*.csv")])
    assert at_hand == [["a.csv"], ["b.csv"], ["c.csv"]]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_check_fetches_only_the_first_file(open_sftp: Open, folder: Path) -> None:
    (folder / "a.csv").write_text("n\n1\n")
    (folder / "b.csv").write_text("m\n1\n")
    source = open_sftp()
    source.check()
    with pytest.raises(SourceError, match=r"differ from those of 'sftp://.*/a\.csv'"):
        list(source.read())


def test_a_name_that_is_longer_here_than_on_its_server_has_room(open_sftp: Open, tmp_path: Path) -> None:
    name = "名" * 120 + ".csv"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name.encode("gb18030"))).write_text("n\n1\n")
    (batch,) = open_sftp(path=f"{tmp_path}/{name}", encoding="gb18030").read()
    assert (batch.rows["n"].to_list(), batch.place.endswith(name)) == (["1"], True)


# ------------------------------------------------------------------------------------------------- whom we trust


def test_an_unknown_server_is_refused_and_its_fingerprint_shown(open_sftp: Open, server: SshServer) -> None:
    error = refusal(open_sftp(host_key=None))
    assert error.message.code == "remote.unknown_host"
    assert server.fingerprint() in error.text("en")
    assert server.fingerprint() in error.text("zh")


def test_another_fingerprint_is_refused(open_sftp: Open, server: SshServer) -> None:
    error = refusal(open_sftp(host_key=server.fingerprint("user")))
    assert (error.message.code, server.fingerprint() in str(error)) == ("remote.unknown_host", True)


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_server_of_the_known_hosts_file_is_trusted_by_whichever_key_is_known(
    open_sftp: Open, server: SshServer, folder: Path, tmp_path: Path, kind: str
) -> None:
    (folder / "a.csv").write_text("n\n1\n")
    (tmp_path / "hosts").write_text(f"[127.0.0.1]:{server.port} {server.public_key(kind)}")
    open_sftp(host_key=None, known_hosts="hosts").check()


def test_a_known_hosts_file_with_another_key_is_refused(open_sftp: Open, server: SshServer, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(f"[127.0.0.1]:{server.port} {server.public_key('stranger')}")
    assert refusal(open_sftp(host_key=None, known_hosts="hosts")).message.code == "remote.unknown_host"


def test_a_known_hosts_file_that_cannot_be_read_is_named(open_sftp: Open) -> None:
    error = refusal(open_sftp(host_key=None, known_hosts="none"))
    assert (error.message.code, "/none'" in str(error)) == ("remote.host_keys_file", True)


def test_what_the_user_of_this_machine_trusts_does_not_count(
    open_sftp: Open, server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {server.public_key()}")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert refusal(open_sftp(host_key=None)).message.code == "remote.unknown_host"


# ------------------------------------------------------------------------------------------------- who logs in


def test_a_stranger_is_refused_once_and_no_secret_is_told(open_sftp: Open, keys: Path) -> None:
    error = refusal(open_sftp(key="stranger"))
    assert error.message.code == "remote.login_refused"
    assert repr(getpass.getuser()) in str(error)
    assert (keys / "stranger").read_text().splitlines()[1] not in error.text("zh") + repr(error)


def test_a_key_with_a_passphrase_logs_in(open_sftp: Open, keys: Path, folder: Path) -> None:
    (folder / "a.csv").write_text("n\n1\n")
    (keys / "phrase").write_text("geheim 口令")
    open_sftp(key="guarded", key_passphrase="phrase").check()
    assert refusal(open_sftp(key="guarded")).message.code == "remote.wrong_key"


def test_a_secret_that_is_no_key_is_named_and_not_told(open_sftp: Open, keys: Path) -> None:
    (keys / "nonsense").write_text("not a key")
    error = refusal(open_sftp(key="nonsense"))
    assert (error.message.code, error.values["name"]) == ("remote.wrong_key", "nonsense")
    assert "not a key" not in str(error)


def test_a_secret_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    def secret(name: str) -> str:
        raise StartError(UNKNOWN_NAME, name=name)

    options = {"host": "h", "user": "u", "path": "/a.csv", "password": "missing"}
    with pytest.raises(StartError):
        CsvSource(CsvOptions.model_validate({"sftp": options}), Surroundings(tmp_path, secret))


def test_without_asyncssh_the_extra_is_named(open_sftp: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gateway.transport.sftp", raising=False)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    assert "pip install 'double-random-gateway[sftp]'" in str(refusal(open_sftp()))


# ------------------------------------------------------------------------------------------------- old servers


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")  # which is why it must be named
def test_an_old_server_is_refused_until_its_algorithms_are_named(
    open_sftp: Open, old_server: SshServer, folder: Path
) -> None:
    (folder / "a.csv").write_text("n\n1\n")
    old = {"port": old_server.port, "host_key": old_server.fingerprint("rsa")}
    error = refusal(open_sftp(**old))
    assert error.message.code == "remote.no_agreement"
    assert "diffie-hellman-group14-sha1" in str(error)
    open_sftp(**old, legacy_algorithms=LEGACY).check()


def test_an_algorithm_that_is_none_is_refused_with_those_that_are(open_sftp: Open) -> None:
    error = refusal(open_sftp(legacy_algorithms=["rot13"]))
    assert error.message.code == "remote.unknown_algorithm"
    assert all(name in error.values["allowed"].split(", ") for name in LEGACY)


# ------------------------------------------------------------------------------------------------- what is not there


def test_a_missing_file_is_told_with_the_nearest(open_sftp: Open, folder: Path) -> None:
    (folder / "企业名录.csv").write_text("n\n")
    error = refusal(open_sftp("企业名单.csv"))
    assert error.message.code == "remote.missing"
    assert "企业名录.csv" in str(error)
    assert refusal(open_sftp("*.txt")).message.code == "remote.missing"


def test_a_missing_folder_is_told(open_sftp: Open, folder: Path) -> None:
    folder.rmdir()
    error = refusal(open_sftp())
    assert (error.message.code, "No such file" in str(error)) == ("remote.refused", True)


def test_a_server_that_is_not_there_is_tried_again_and_told(open_sftp: Open) -> None:
    error = refusal(open_sftp(port=free_port(), attempts=2))
    assert error.message.code == "remote.not_fetched"
    assert "failed, 2 times" in str(error)
    assert "cannot be reached" in str(error)


def test_a_server_that_says_nothing_is_given_up(open_sftp: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refusal(open_sftp(port=silent.getsockname()[1], attempts=1, timeout_seconds=0.3))
    assert error.message.code == "remote.not_fetched"
