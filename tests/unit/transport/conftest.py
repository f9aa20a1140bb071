"""A server that misbehaves to order, over real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import pytest

Behaviour = Callable[[socket.socket], None]


@dataclass
class Listening:
    """Where it listens, and the requests it read in full."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/path"


@contextmanager
def _listening(behaviour: Behaviour, context: ssl.SSLContext | None) -> Iterator[Listening]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)
        listening = Listening(server.getsockname()[1], scheme="https" if context else "http")
        stopped = threading.Event()
        thread = threading.Thread(target=_accept, args=(server, behaviour, context, listening, stopped))
        thread.start()
        try:
            yield listening
        finally:
            stopped.set()
            thread.join()


def _accept(
    server: socket.socket,
    behaviour: Behaviour,
    context: ssl.SSLContext | None,
    listening: Listening,
    stopped: threading.Event,
) -> None:
    while not stopped.is_set():
        with suppress(TimeoutError):
            connection, _ = server.accept()
            connection.settimeout(5)
            with connection, suppress(OSError):
                served = context.wrap_socket(connection, server_side=True) if context else connection
                with served:
                    listening.requests.append(_request(served))
                    behaviour(served)


def _request(connection: socket.socket) -> bytes:
    """One request, headers and body, read to its end."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += _more(connection)
    head, _, body = said.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65_536)
    if not chunk:
        raise ConnectionError("the client hung up")
    return chunk


@pytest.fixture
def listen() -> Iterator[Callable[..., Listening]]:
    with ExitStack() as stack:

        def start(behaviour: Behaviour, context: ssl.SSLContext | None = None) -> Listening:
            return stack.enter_context(_listening(behaviour, context))

        yield start
