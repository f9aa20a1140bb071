"""Sandboxes are served on this machine only, to several at once, and stop cleanly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from typing import Any
from urllib.request import urlopen

import pytest

from gateway.domain.environment import MARK_HEADER
from gateway.errors import StartError
from gateway.sandbox_host import CLIENT_GONE, Served, run_forever, serve


def hello(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


def fetched(served: Served, path: str = "/hello") -> bytes:
    with urlopen(served.url + path, timeout=5) as answer:
        return bytes(answer.read())


def test_an_application_is_served_on_any_free_port() -> None:
    with serve(hello) as first, serve(hello) as second:
        assert (fetched(first), first.port == second.port) == (b"/hello", False)


def test_nothing_listens_after_the_block() -> None:
    with serve(hello) as served:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", served.port), timeout=5)


@pytest.mark.parametrize("host", ["0.0.0.0", "", "192.0.2.1", "localhost.example", "::", "::1"])
def test_no_address_but_loopback_is_served(host: str) -> None:
    with pytest.raises(StartError) as raised, serve(hello, host=host):
        pass
    assert raised.value.text("zh") == (f"模拟平台不能在“{host}”上提供服务：只允许本机回环地址，请用 127.0.0.1")


@pytest.mark.parametrize("port", ["taken", 70_000])
def test_a_port_that_cannot_be_used_is_named(port: str | int) -> None:
    with serve(hello) as served:
        wanted = served.port if port == "taken" else int(port)
        with pytest.raises(StartError, match=f"port {wanted} cannot be used"), serve(hello, wanted):
            pass


def test_a_request_that_hangs_does_not_hold_up_the_others() -> None:
    go_on = threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            go_on.wait(10)
        return hello(environ, start_response)

    with serve(slow) as served:
        waiting = threading.Thread(target=fetched, args=(served, "/slow"))
        waiting.start()
        assert fetched(served, "/quick") == b"/quick"
        go_on.set()
        waiting.join()


def test_an_application_learns_that_its_client_has_gone() -> None:
    said: list[bool] = []
    come, gone, done = threading.Event(), threading.Event(), threading.Event()

    def watching(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        said.append(environ[CLIENT_GONE]())
        come.set()
        gone.wait(10)
        said.append(environ[CLIENT_GONE]())
        done.set()
        return hello(environ, start_response)

    with serve(watching) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=5) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert come.wait(10)
        gone.set()
        assert done.wait(10)
    assert said == [False, True]


def test_an_application_that_fails_is_no_end_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    def aborting(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/abort":
            raise ConnectionAbortedError
        return hello(environ, start_response)

    with serve(aborting) as served:
        with pytest.raises(OSError, match=r"(?i)closed|reset"):
            fetched(served, "/abort")
        assert fetched(served) == b"/hello"
    assert caplog.records == []


def test_requests_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with serve(hello) as served:
        fetched(served)
    assert capfd.readouterr() == ("", "")


def test_the_foreground_server_says_where_it_is_and_ends_when_interrupted() -> None:
    told: list[Served] = []

    def interrupt(served: Served) -> None:
        told.append(served)
        raise KeyboardInterrupt

    run_forever(hello, 0, interrupt)
    assert told[0].url == f"http://127.0.0.1:{told[0].port}"


def test_every_answer_says_that_it_is_rehearsal() -> None:
    with serve(hello) as served, urlopen(served.url + "/any", timeout=5) as answer:
        assert answer.headers[MARK_HEADER] == "rehearsal"
