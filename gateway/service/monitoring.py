"""`/metrics` and `/health` over HTTP, on this machine only unless somebody allowed otherwise."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway.domain.loopback import is_loopback
from gateway.errors import StartError
from gateway.messages import Message
from gateway.service.health import Health
from gateway.service.metrics import Metrics

NOT_LOOPBACK = Message(
    "service.not_loopback",
    zh="监控页面没有登录和加密，缺省只能在本机回环地址提供，不能在“{host}”上提供；请用 127.0.0.1，"
    "确需从别的机器读取时加 --allow-network",
    en="the monitoring pages have neither login nor encryption and are served on a loopback address, not on {host!r}; "
    "use 127.0.0.1, or add --allow-network where other machines must read them",
)
PORT_TAKEN = Message(
    "service.port_taken",
    zh="监控页面不能使用 {host} 的端口 {port}（{why}）；请用 --port 换一个，0 为任选空闲端口",
    en="the monitoring pages cannot use port {port} of {host} ({why}); name another by --port, 0 for any free one",
)

MESSAGES = (NOT_LOOPBACK, PORT_TAKEN)

_METRICS, _JSON, _TEXT = (
    "text/plain; version=0.0.4; charset=utf-8",
    "application/json; charset=utf-8",
    "text/plain; charset=utf-8",
)


@contextmanager
def served(host: str, port: int, metrics: Metrics, health: Health, *, allow_network: bool) -> Iterator[str]:
    """Serve the pages while the block runs, and give their URL; StartError where they cannot be served there."""
    if not (allow_network or is_loopback(host)):
        raise StartError(NOT_LOOPBACK, host=host)
    try:
        server = _Server(host, port, metrics, health)
    except OSError as error:
        raise StartError(PORT_TAKEN, host=host, port=port, why=error.strerror or error) from error
    thread = threading.Thread(target=server.serve_forever, name="monitoring", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a reader that never reads must not keep the service from stopping

    def __init__(self, host: str, port: int, metrics: Metrics, health: Health) -> None:
        self.metrics, self.health = metrics, health
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Pages)

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave a reader that broke off alone."""


class _Pages(BaseHTTPRequestHandler):
    timeout = 10
    server: _Server
    server_version, sys_version = "gateway", ""

    def do_GET(self) -> None:
        """Answer with a page."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, _METRICS, self.server.metrics.page())
        elif path == "/health":
            well, said = self.server.health.page()
            body = json.dumps(said, ensure_ascii=False, default=str).encode()
            self._answer(HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, _JSON, body)
        else:
            self._answer(HTTPStatus.NOT_FOUND, _TEXT, b"/metrics, /health\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library names it
        """Say nothing: the pages are read every few seconds."""

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
