"""Failures on purpose: what a platform, or the network before it, does on a bad day."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.sandbox_host.platform.codes import Refused
from gateway.sandbox_host.platform.speech import Speech
from gateway.sandbox_host.platform.store import Fault

# Before anything is taken, and after it is committed; `Speech.broken_content` is one more after.
BEFORE = ("500", "429", "html", "disconnect")
AFTER = ("500_after_commit", "timeout_after_commit", "half_answer", "truncated_answer")
_PAGE = "<!DOCTYPE html><html><head><title>统一身份认证平台登录</title></head><body>请登录</body></html>"
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire."""

    status: str
    body: bytes
    content_type: str
    headers: list[tuple[str, str]] = field(default_factory=list)


def kinds(speech: Speech) -> tuple[str, ...]:
    """Every failure that can be ordered."""
    return (*BEFORE, *AFTER, speech.broken_content)


def refusal(speech: Speech, refused: Refused) -> Reply:
    """The answer that says why a whole request is refused."""
    return Reply(refused.code.status, speech.refusal(refused), speech.content_type)


def instead(fault: Fault, speech: Speech) -> Reply:
    """What is answered when nothing was looked at."""
    if fault.kind == "disconnect":
        raise _hung_up()
    if fault.kind == "html":
        return Reply("200 OK", _PAGE.encode(), "text/html; charset=utf-8")
    if fault.kind == "429":
        reply = refusal(speech, Refused(speech.whole.busy))
        return Reply(reply.status, reply.body, reply.content_type, [("Retry-After", f"{fault.seconds:.0f}")])
    return refusal(speech, Refused(speech.whole.broken))


def spoiled(fault: Fault, reply: Reply, speech: Speech, client_gone: Callable[[], bool]) -> Reply:
    """What is left of the answer to a request that was taken and committed."""
    if fault.kind == "timeout_after_commit":
        _hang(fault.seconds, client_gone)
        raise _hung_up()
    if fault.kind == "500_after_commit":
        return refusal(speech, Refused(speech.whole.broken))
    if fault.kind == "half_answer":
        return Reply(reply.status, speech.half(reply.body), reply.content_type)
    half = reply.body[: len(reply.body) // 2]
    headers = [("Content-Length", str(len(reply.body)))] if fault.kind == "truncated_answer" else []
    return Reply(reply.status, half, reply.content_type, headers)


def _hang(seconds: float, client_gone: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not client_gone():
        time.sleep(_POLL_SECONDS)


def _hung_up() -> ConnectionAbortedError:
    # The standard library's WSGI handler closes the connection without an answer on this one.
    return ConnectionAbortedError("the platform hangs up")
