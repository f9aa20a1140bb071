"""`POST /api/v1/datasets/{dataset}/records`: the door for pushed batches, on loopback or behind a certificate."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gateway.domain.loopback import is_loopback
from gateway.errors import StartError
from gateway.messages import Message
from gateway.service.log import Log, told_with_place
from gateway.service.push.desk import Answered, Desk, Refused, as_json

NO_CERTIFICATE = Message(
    "push.no_certificate",
    zh="推送接口只能在本机回环地址上不加密地提供，不能在“{host}”上；请设置 push_certificate 和 push_key，"
    "或用 127.0.0.1 并由反向代理加密",
    en="the door for pushes is served without encryption on a loopback address only, not on {host!r}; set "
    "push_certificate and push_key, or use 127.0.0.1 behind a proxy that encrypts",
)
WRONG_CERTIFICATE = Message(
    "push.wrong_certificate",
    zh="证书 {certificate} 或私钥 {key} 不可用（{why}）；应为配对的 PEM 文件，请检查 push_certificate 和 push_key",
    en="the certificate {certificate} or the key {key} cannot be used ({why}); a fitting pair of PEM files is "
    "expected, check push_certificate and push_key",
)
PORT_TAKEN = Message(
    "push.port_taken",
    zh="推送接口不能使用 {host} 的端口 {port}（{why}）；请修改 push_address",
    en="the door for pushes cannot use port {port} of {host} ({why}); change push_address",
)
NO_PATH = Message(
    "push.no_path",
    zh="没有“{path}”；推送的网址是 {allowed}",
    en="there is no {path!r}; batches are pushed to {allowed}",
)
WRONG_METHOD = Message(
    "push.wrong_method",
    zh="不支持 {method}；推送请用 POST",
    en="{method} is not supported; push by POST",
)
NO_LENGTH = Message(
    "push.no_length",
    zh="缺少 Content-Length 请求头，或写法有误；请先写明请求内容的字节数，不要用分块传输",
    en="the header Content-Length is missing or no number; say how many bytes the body has, without chunks",
)
TOO_LARGE = Message(
    "push.too_large",
    zh="请求内容有 {bytes} 字节，至多 {allowed} 字节；请分成几批，每批用自己的 Idempotency-Key",
    en="the body has {bytes} bytes and {allowed} are allowed; send several batches, each with an Idempotency-Key of "
    "its own",
)
WRONG_TYPE = Message(
    "push.wrong_type",
    zh="请求内容的类型是“{type}”（编码“{encoding}”）；应为 application/json，不压缩",
    en="the body is of the type {type!r} (encoding {encoding!r}); application/json without compression is expected",
)
CUT_OFF = Message(
    "push.cut_off",
    zh="请求内容应有 {expected} 字节，只收到 {bytes} 字节；请以同一 Idempotency-Key 重发",
    en="the body should have {expected} bytes and only {bytes} came; send it again with the same Idempotency-Key",
)
CROWDED = Message(
    "push.crowded",
    zh="同时推送的请求超过 {allowed} 个；请稍后以同一 Idempotency-Key 重发",
    en="more than {allowed} batches are pushed at once; send it again later with the same Idempotency-Key",
)
BROKEN = Message(
    "push.broken",
    zh="网关内部错误（{kind}）；请稍后以同一 Idempotency-Key 重发，若反复出现请联系网关管理员",
    en="an internal error of the gateway ({kind}); send it again later with the same Idempotency-Key, and tell the "
    "gateway's administrators where it happens again",
)

MESSAGES = (
    NO_CERTIFICATE,
    WRONG_CERTIFICATE,
    PORT_TAKEN,
    NO_PATH,
    WRONG_METHOD,
    NO_LENGTH,
    TOO_LARGE,
    WRONG_TYPE,
    CUT_OFF,
    CROWDED,
    BROKEN,
)

_PATH = re.compile(r"/api/v1/datasets/([^/?]+)/records/?(?:\?.*)?")
_SHOWN_PATH = "/api/v1/datasets/{dataset}/records"
_AT_ONCE = 16
_RETRY_SECONDS = 5
_CHUNK = 1 << 16
_HEARD_OUT = 4  # times the largest body: a refused one is read so far all the same, or its sender would not hear why


@dataclass(frozen=True)
class Door:
    """Where the door is, and how large a body may be."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    body_bytes: int = 16 * 1024 * 1024
    stop_seconds: float = 60  # for what is under way when the door is closed


@contextmanager
def served(door: Door, desk: Desk, log: Log) -> Iterator[str]:
    """Take batches in while the block runs, and give the URL; StartError where that cannot be done there.

    At the end nothing more is taken in, and what is under way is answered, if it comes to its end in time.
    """
    context = _encryption(door)
    try:
        server = _Server(door, desk, log, context)
    except OSError as error:
        raise StartError(PORT_TAKEN, host=door.host, port=door.port, why=error.strerror or error) from error
    thread = threading.Thread(target=server.serve_forever, name="push", daemon=True)
    thread.start()
    try:
        shown = f"[{door.host}]" if ":" in door.host else door.host
        yield f"{'https' if context else 'http'}://{shown}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        server.wait_for_answers(door.stop_seconds)


def _encryption(door: Door) -> ssl.SSLContext | None:
    if door.certificate is None and door.key is None:
        if not is_loopback(door.host):
            raise StartError(NO_CERTIFICATE, host=door.host)
        return None
    shown = {"certificate": door.certificate or "-", "key": door.key or "-"}
    if door.certificate is None or door.key is None:
        raise StartError(WRONG_CERTIFICATE, **shown, why="one of the two is not set")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(door.certificate, door.key, password="")
    except OSError as error:  # an SSLError is one
        raise StartError(WRONG_CERTIFICATE, **shown, why=error.strerror or type(error).__name__) from error
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, door: Door, desk: Desk, log: Log, context: ssl.SSLContext | None) -> None:
        self.door, self.desk, self.log, self.context = door, desk, log, context
        self.free = threading.BoundedSemaphore(_AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
        super().__init__((door.host, door.port), _Request)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, the greeting of TLS included, so that a slow sender keeps nobody waiting."""
        request.settimeout(_Request.timeout)
        if self.context:
            with self.context.wrap_socket(request, server_side=True) as encrypted:
                _Request(encrypted, client_address, self)
        else:
            _Request(request, client_address, self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave a sender that broke off alone: it repeats its batch."""

    def wait_for_answers(self, seconds: float) -> None:
        """Wait until no batch is under way, but no longer."""
        until = time.monotonic() + seconds
        for _ in range(_AT_ONCE):
            self.free.acquire(timeout=max(0.0, until - time.monotonic()))


class _Request(BaseHTTPRequestHandler):
    timeout = 30
    _unread = True
    protocol_version = "HTTP/1.1"
    server: _Server
    server_version, sys_version = "gateway", ""

    def do_POST(self) -> None:
        """Take a batch in."""
        self._unread = True
        if not self.server.free.acquire(blocking=False):
            crowded = StartError(CROWDED, allowed=_AT_ONCE)
            self._answer(Refused(HTTPStatus.SERVICE_UNAVAILABLE, crowded, _RETRY_SECONDS).answer)
            return
        try:
            self._answer(self._taken())
        finally:
            self.server.free.release()

    def do_GET(self) -> None:
        """Say that batches are posted."""
        found = _PATH.fullmatch(self.path)
        error = StartError(WRONG_METHOD, method=self.command) if found else self._no_path()
        self._answer(Refused(HTTPStatus.METHOD_NOT_ALLOWED if found else HTTPStatus.NOT_FOUND, error).answer)

    do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - as the standard library calls them

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library names it
        """Say nothing: what was taken in is told by the run."""

    def _taken(self) -> Answered:
        try:
            found = _PATH.fullmatch(self.path)
            if not found:
                raise Refused(HTTPStatus.NOT_FOUND, self._no_path())
            department = self.server.desk.department(self.headers.get("Authorization", ""))
            feed = self.server.desk.feed(department, unquote(found[1]))
            return self.server.desk.take(feed, self.headers.get("Idempotency-Key", ""), self._body())
        except Refused as refused:
            return refused.answer
        except Exception as error:  # noqa: BLE001 - the sender must hear something, the others go on
            self.server.log.error("push.broken", **told_with_place(error))
            broken = StartError(BROKEN, kind=type(error).__name__)
            return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, broken, _RETRY_SECONDS).answer

    def _body(self) -> bytes:
        length, allowed = self._length(), self.server.door.body_bytes
        if length > allowed:
            error = StartError(TOO_LARGE, bytes=length, allowed=allowed)
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error)
        kind, encoding = self.headers.get_content_type(), self.headers.get("Content-Encoding", "identity")
        if kind != "application/json" or encoding != "identity":
            error = StartError(WRONG_TYPE, type=kind, encoding=encoding)
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, error)
        self._unread = False
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refused(HTTPStatus.BAD_REQUEST, StartError(CUT_OFF, expected=length, bytes=len(body)))
        return body

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,18}", text) or "Transfer-Encoding" in self.headers:
            raise Refused(HTTPStatus.LENGTH_REQUIRED, StartError(NO_LENGTH))
        return int(text)

    def _no_path(self) -> StartError:
        return StartError(NO_PATH, path=self.path, allowed=_SHOWN_PATH)

    def _answer(self, answer: Answered) -> None:
        body = as_json(answer.content)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self._hear_out()
        self.send_response(answer.status)
        for name, value in _headers(answer).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _hear_out(self) -> None:
        """Read a body that was refused before it was read, and throw it away."""
        self.close_connection = True
        text = self.headers.get("Content-Length", "")
        unread = int(text) if self._unread and re.fullmatch(r"[0-9]{1,18}", text) else 0
        unread = min(unread, _HEARD_OUT * self.server.door.body_bytes)
        while unread > 0 and (chunk := self.rfile.read(min(unread, _CHUNK))):
            unread -= len(chunk)


def _headers(answer: Answered) -> Mapping[str, str]:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if answer.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST"
    if answer.again is not None:
        headers["Retry-After"] = str(answer.again)
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    if answer.status >= HTTPStatus.BAD_REQUEST:
        headers["Connection"] = "close"
    return headers
