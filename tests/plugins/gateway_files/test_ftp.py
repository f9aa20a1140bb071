"""Files on an FTP server: names in GB18030, transfers that fail, and certificates that are checked."""

from __future__ import annotations

import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import SourceError
from gateway.interfaces import Surroundings
from gateway_files import gateway_sources
from gateway_files.csv_source import CsvOptions, CsvSource
from tests.plugins.gateway_files.ftps_server import serve_ftps, write_certificate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it stands on a module that Python has given up
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

PASSWORD = "only-for-rehearsal"
CONTENT = "n\n" + "".join(f"{at}\n" for at in range(20_000))

Open = Callable[..., CsvSource]


@dataclass
class Ftp:
    """A server that runs: the folder it shows, its port, and what happens to the next transfers."""

    folder: Path
    port: int = 0
    troubles: list[str] = field(default_factory=list)
    transfers: int = 0


@pytest.fixture
def ftp(tmp_path: Path) -> Ftp:
    folder = tmp_path / "shown"
    folder.mkdir()
    return Ftp(folder)


@pytest.fixture(params=["gb18030"])
def encoding(request: pytest.FixtureRequest) -> str:
    """How the server writes names."""
    return str(request.param)


@pytest.fixture(params=[""])
def lacking(request: pytest.FixtureRequest) -> str:
    """A command that the server does not know."""
    return str(request.param)


@pytest.fixture
def serving(ftp: Ftp, tmp_path: Path, encoding: str, lacking: str) -> Iterator[Ftp]:
    """pyftpdlib in a thread of its own."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("dept", PASSWORD, str(ftp.folder))
    short = tmp_path / "short"
    short.write_text(CONTENT[:1000])

    class Handler(FTPHandler):  # type: ignore[misc]
        def ftp_RETR(self, file: str) -> Any:  # noqa: N802 - so the library calls it
            ftp.transfers += 1
            trouble = ftp.troubles.pop(0) if ftp.troubles else ""
            if trouble == "breaks":
                return self.close()
            if trouble == "grows":
                with Path(file).open("a") as writer:
                    writer.write("late\n")
            return super().ftp_RETR(str(short) if trouble == "ends early" else file)

    Handler.authorizer, Handler.encoding, Handler.banner = authorizer, encoding, "欢迎"
    Handler.auth_failed_timeout = 0
    Handler.proto_cmds = {name: command for name, command in FTPHandler.proto_cmds.items() if name != lacking}
    server = FTPServer(("127.0.0.1", 0), Handler, ioloop=IOLoop())
    ftp.port = server.socket.getsockname()[1]
    stopping = threading.Event()

    def loop() -> None:
        while not stopping.is_set():
            server.serve_forever(timeout=0.02, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=loop)
    thread.start()
    yield ftp
    stopping.set()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def open_ftp(ftp: Ftp, tmp_path: Path) -> Open:
    def opened(path: str = "/*.csv", **options: Any) -> CsvSource:
        usual = {"host": "127.0.0.1", "port": ftp.port, "user": "dept", "password": "secret", "path": path}
        surroundings = Surroundings(tmp_path, lambda name: PASSWORD if name == "secret" else "mistaken")
        return CsvSource(CsvOptions.model_validate({"ftp": usual | {"first_wait_seconds": 0} | options}), surroundings)

    return opened


def cells(source: CsvSource) -> list[str]:
    return [cell for batch in source.read() for cell in batch.rows["n"]]


def refusal(source: CsvSource) -> SourceError:
    with pytest.raises(SourceError) as refused:
        source.check()
    assert "{" not in refused.value.text("zh") + refused.value.text("en")
    return refused.value


# -------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"], indirect=True)
def test_chinese_names_are_found_and_read_in_their_order(serving: Ftp, open_ftp: Open, encoding: str) -> None:
    folder = serving.folder / "报送 镕"
    folder.mkdir()
    for name in ("乙.csv", "甲.csv", "甲.txt", ".甲.csv"):
        (folder / name).write_text(f"n\n{name}\n")
    (folder / "文件夹.csv").mkdir()
    source = open_ftp("/报送 镕/*.csv", encoding=encoding)
    source.check()
    batches = list(source.read())
    assert [batch.rows["n"].to_list() for batch in batches] == [["乙.csv"], ["甲.csv"]]
    assert batches[0].place == f"ftp://127.0.0.1:{serving.port}/报送 镕/乙.csv"


@pytest.mark.parametrize("encoding", ["utf-8"], indirect=True)
def test_names_of_another_encoding_are_refused_with_the_one_to_state(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "名单册.csv").write_text("n\n1\n")
    error = refusal(open_ftp())
    assert error.message.code == "remote.wrong_encoding"
    assert "set encoding to utf-8" in str(error)


def test_one_file_is_found_by_its_name(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "名单.csv").write_text("n\n1\n")
    assert cells(open_ftp("名单.csv")) == ["1"]


def test_a_missing_file_is_told_with_the_nearest(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "企业名录.csv").write_text("n\n")
    error = refusal(open_ftp("/企业名单.csv"))
    assert (error.message.code, "企业名录.csv" in str(error)) == ("remote.missing", True)


def test_an_empty_and_a_missing_folder_are_told_apart(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "空").mkdir()
    assert refusal(open_ftp("/空/*.csv")).message.code == "remote.missing"
    error = refusal(open_ftp("/无/*.csv"))
    assert (error.message.code, "'/无'" in str(error)) == ("remote.refused", True)


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("csv", "/报送", ["/报送/乙.csv", "/报送/甲.csv", "/报送/甲.txt"]),
        ("csv", "/报送/甲*", ["/报送/甲.csv", "/报送/甲.txt"]),
        ("csv", "/报送/乙.csv", ["/报送/乙.csv"]),
        ("workbook", "/报送/", ["/报送/丙.xlsx"]),
    ],
)
def test_what_there_is_is_listed(serving: Ftp, tmp_path: Path, kind: str, path: str, expected: list[str]) -> None:
    (serving.folder / "报送" / "deeper.csv").mkdir(parents=True)
    for name in ("乙.csv", "甲.csv", "甲.txt", "丙.xlsx", ".丁.csv"):
        (serving.folder / "报送" / name).touch()
    given = {"host": "127.0.0.1", "port": serving.port, "user": "dept", "password": "secret", "path": path}
    (discover,) = (each.discover for each in gateway_sources() if each.name == kind)
    assert discover
    found = discover({"ftp": given}, Surroundings(tmp_path, lambda _: PASSWORD))
    assert [each.source for each in found] == [{"type": kind, "ftp": {**given, "path": each}} for each in expected]


# -------------------------------------------------------------------------------------------------- transfers


@pytest.mark.parametrize("trouble", ["breaks", "ends early"])
def test_a_transfer_that_does_not_bring_everything_is_made_again(serving: Ftp, open_ftp: Open, trouble: str) -> None:
    (serving.folder / "a.csv").write_text(CONTENT)
    serving.troubles = [trouble, trouble]
    assert cells(open_ftp()) == CONTENT.split()[1:]
    assert serving.transfers == 3


def test_a_file_that_grows_meanwhile_is_fetched_again(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "a.csv").write_text(CONTENT)
    serving.troubles = ["grows"]
    assert cells(open_ftp()) == [*CONTENT.split()[1:], "late"]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("breaks", "broke"), ("ends early", "of which 1000 came"), ("grows", "changed while it was transferred")],
)
def test_a_transfer_that_never_comes_whole_fails_the_run(
    serving: Ftp, open_ftp: Open, trouble: str, words: str
) -> None:
    (serving.folder / "a.csv").write_text(CONTENT)
    serving.troubles = [trouble] * 5
    error = refusal(open_ftp())
    assert (error.message.code, words in str(error), serving.transfers) == ("remote.not_fetched", True, 3)


@pytest.mark.parametrize("lacking", ["SIZE"], indirect=True)
def test_a_server_that_tells_no_sizes_is_refused(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "a.csv").write_text(CONTENT)
    assert refusal(open_ftp()).message.code == "remote.no_size"


@pytest.mark.parametrize("lacking", ["MDTM"], indirect=True)
def test_a_server_that_tells_no_times_is_believed_by_sizes(serving: Ftp, open_ftp: Open) -> None:
    (serving.folder / "a.csv").write_text(CONTENT)
    serving.troubles = ["grows"]
    assert cells(open_ftp())[-1] == "late"
    assert serving.transfers == 2


def test_a_wrong_password_is_refused_and_not_told(serving: Ftp, open_ftp: Open) -> None:
    error = refusal(open_ftp(password="other"))
    assert error.message.code == "remote.login_refused"
    assert "mistaken" not in str(error)


def test_a_server_that_is_not_there_is_told(ftp: Ftp, open_ftp: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refusal(open_ftp(port=port, attempts=2))
    assert "failed, 2 times" in str(error)


def test_a_server_that_says_nothing_is_given_up(ftp: Ftp, open_ftp: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refusal(open_ftp(port=silent.getsockname()[1], attempts=1, timeout_seconds=0.2))
    assert (error.message.code, "timed out" in str(error)) == ("remote.not_fetched", True)


# -------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
def tls(ftp: Ftp, tmp_path: Path) -> Iterator[Ftp]:
    with serve_ftps(*write_certificate(tmp_path)) as port:
        ftp.port = port
        yield ftp


def test_both_connections_are_encrypted_in_one_session(tls: Ftp, open_ftp: Open) -> None:
    assert cells(open_ftp(tls=True, ca_file="certificate.pem")) == ["1", "2"]


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: Ftp, open_ftp: Open) -> None:
    error = refusal(open_ftp(tls=True))
    assert (error.message.code, "self-signed" in str(error)) == ("remote.not_trusted", True)


def test_a_certificate_for_another_host_is_refused(tls: Ftp, open_ftp: Open) -> None:
    error = refusal(open_ftp(host="localhost", tls=True, ca_file="certificate.pem"))
    assert (error.message.code, "localhost" in error.values["why"]) == ("remote.not_trusted", True)


def test_a_root_certificate_that_cannot_be_read_is_named(tls: Ftp, open_ftp: Open) -> None:
    error = refusal(open_ftp(tls=True, ca_file="none.pem"))
    assert (error.message.code, "none.pem" in str(error)) == ("remote.no_root", True)


def test_a_server_without_tls_is_refused_where_tls_is_wanted(serving: Ftp, open_ftp: Open) -> None:
    assert refusal(open_ftp(tls=True)).message.code == "remote.login_refused"
