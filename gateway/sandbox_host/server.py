"""A threaded WSGI server on the standard library's own, for loopback addresses only.

A sandbox has no users and no TLS, so it must not be reachable from outside this machine. Every answer carries the mark
of rehearsal, so that no production deployment mistakes it for a platform. The application finds one addition in its
environ: ``sandbox_host.client_gone``, a callable that says whether the client has hung up, for
platforms that simulate never answering.
"""

from __future__ import annotations

import ipaddress
import logging
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gateway.domain.environment import MARK_HEADER
from gateway.errors import StartError
from gateway.messages import Message

NOT_LOOPBACK = Message(
    "sandbox_host.not_loopback",
    zh="模拟平台不能在“{host}”上提供服务：只允许本机回环地址，请用 127.0.0.1",
    en="a sandbox is not served on {host!r}: only loopback addresses are allowed, use 127.0.0.1",
)
PORT_TAKEN = Message(
    "sandbox_host.port_taken",
    zh="端口 {port} 不能使用：{why}；请换一个端口，或用 0 任选一个",
    en="port {port} cannot be used: {why}; choose another one, or 0 for any",
)

CLIENT_GONE = "sandbox_host.client_gone"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that is being served: where it answers."""

    url: str
    port: int


@contextmanager
def serve(app: WSGIApplication, port: int = 0, host: str = "127.0.0.1") -> Iterator[Served]:
    """Serve an application in the background until the block ends; port 0 takes any free one."""
    with _listen(app, host, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield _served(host, server)
        finally:
            server.shutdown()
            thread.join()


def run_forever(app: WSGIApplication, port: int, announce: Callable[[Served], None], host: str = "127.0.0.1") -> None:
    """Serve an application until the process is interrupted; `announce` is told where, once it listens."""
    with _listen(app, host, port) as server:
        try:
            announce(_served(host, server))
            server.serve_forever()
        except KeyboardInterrupt:
            _log.info("the sandbox was stopped")


class _Server(ThreadingMixIn, WSGIServer):
    # A simulated hang must not keep the process from ending.
    daemon_threads = True
    # Every document is its own connection, and several threads deliver at once.
    request_queue_size = 128

    def server_bind(self) -> None:
        # HTTPServer asks the name service who we are, which can take seconds where there is none.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the standard library asks for both
        _log.warning("a request from %s broke off", client_address, exc_info=True)


class _Handler(WSGIRequestHandler):
    timeout = 60

    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), CLIENT_GONE: lambda: _hung_up(self.connection)}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        _log.debug("%s " + format, self.client_address[0], *args)


def _listen(app: WSGIApplication, host: str, port: int) -> _Server:
    if not _is_loopback(host):
        raise StartError(NOT_LOOPBACK, host=host)
    try:
        server = _Server((host, port), _Handler)
    except (OSError, OverflowError) as error:
        raise StartError(PORT_TAKEN, port=port, why=str(error)) from error
    server.set_app(_marked(app))
    return server


def _marked(app: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Callable[[bytes], object]:
            return start_response(status, [*headers, (MARK_HEADER, "rehearsal")], *failure)

        return app(environ, start)

    return answer


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and address.version == 4


def _served(host: str, server: _Server) -> Served:
    return Served(url=f"http://{host}:{server.server_port}", port=server.server_port)


def _hung_up(connection: socket.socket) -> bool:
    """Whether the other side has closed: readable, and nothing to read."""
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
