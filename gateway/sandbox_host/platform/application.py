"""A platform as a WSGI application: what is asked, in one transaction, committed before the answer leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.sandbox_host.platform.codes import Refused
from gateway.sandbox_host.platform.control import PREFIX, control, not_followed, shown
from gateway.sandbox_host.platform.faults import BEFORE, Reply, instead, refusal, spoiled
from gateway.sandbox_host.platform.requester import Signatures
from gateway.sandbox_host.platform.speech import Speech
from gateway.sandbox_host.platform.store import Fault, Store, Transaction
from gateway.sandbox_host.server import CLIENT_GONE

# No body is read beyond this, whatever its signature may be.
_MOST_BYTES = 64 * 1024 * 1024


class Door(NamedTuple):
    """A path: the kind of request it takes (deliver, find, pull), how large, and what answers it."""

    request: str
    most_bytes: int
    work: Callable[[bytes, Transaction], bytes]


# A further door under /_sandbox/, by method and name (`POST draw`): from the order's body to what is shown.
Order = Callable[[bytes, Transaction, float], Mapping[str, Any]]


class Application:
    """A simulated platform over its store; `now` gives seconds since 1970."""

    def __init__(
        self,
        store: Store,
        speech: Speech,
        signatures: Signatures,
        doors: Mapping[str, Door],
        *,
        health: str,
        orders: Mapping[str, Order] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._speech = speech
        self._signatures = signatures
        self._doors = doors
        self._health = health
        self._orders = orders or {}
        self._now = now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        try:
            reply = self._reply(environ)
        except Refused as refused:
            reply = refusal(self._speech, refused)
        headers = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body)), **dict(reply.headers)}
        start_response(reply.status, list(headers.items()))
        return [reply.body]

    def _reply(self, environ: WSGIEnvironment) -> Reply:
        method, path, body = environ["REQUEST_METHOD"], environ["PATH_INFO"], self._body(environ)
        if path.startswith(PREFIX):
            return self._controlled(method, path, environ.get("QUERY_STRING", ""), body)
        if (method, path) == ("GET", self._health):
            return Reply("200 OK", self._speech.well(), self._speech.content_type)
        if method != "POST" or path not in self._doors:
            raise Refused(self._speech.whole.no_such_path, f"{method} {path}")
        fault, reply = self._worked(self._doors[path], body, environ)
        return spoiled(fault, reply, self._speech, environ.get(CLIENT_GONE, lambda: False)) if fault else reply

    def _controlled(self, method: str, path: str, query: str, body: bytes) -> Reply:
        order = self._orders.get(f"{method} {path.removeprefix(PREFIX)}")
        try:
            with self._store.transaction() as transaction:
                if order:
                    return shown(order(body, transaction, self._now()))
                return shown(control(method, path, query, body, transaction, self._speech))
        except Refused as refused:
            return not_followed(refused)

    def _worked(self, door: Door, body: bytes, environ: WSGIEnvironment) -> tuple[Fault | None, Reply]:
        """What is answered, and the failure that is still to spoil it; committed when this returns."""
        with self._store.transaction() as transaction:
            fault = transaction.use_fault(door.request)
            transaction.count(f"{door.request}_requests")
            if fault is None or fault.kind not in BEFORE:
                # A refusal is an answer: the nonce it used stays used, so it must not undo the transaction.
                return fault, self._answered(door, body, environ, transaction)
        return None, instead(fault, self._speech)

    def _answered(self, door: Door, body: bytes, environ: WSGIEnvironment, transaction: Transaction) -> Reply:
        codes = self._speech.whole
        try:
            self._signatures.check(_headers(environ), body, codes, transaction, self._now())
            if len(body) > door.most_bytes:
                raise Refused(codes.body_too_large, door.most_bytes)
            return Reply("200 OK", door.work(body, transaction), self._speech.content_type)
        except Refused as refused:
            return refusal(self._speech, refused)

    def _body(self, environ: Mapping[str, Any]) -> bytes:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > _MOST_BYTES:
            raise Refused(self._speech.whole.body_too_large, _MOST_BYTES)
        body: bytes = environ["wsgi.input"].read(int(length))
        return body


def _headers(environ: Mapping[str, Any]) -> Mapping[str, str]:
    """The request's headers by name in small letters, `-` read as `_` (CGI keeps no difference)."""
    return {name[5:].lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
