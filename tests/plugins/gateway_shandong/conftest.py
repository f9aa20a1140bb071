"""The simulated platform over a real socket, and a requester that signs by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.validate import validator

import pytest

from gateway.sandbox_host import serve
from gateway_shandong.sandbox.application import Platform

SECRET = "s3cret-密钥"
NUMBERS = count(1)


@dataclass
class Requester:
    """Speaks to the platform without a line of the gateway's own code."""

    url: str
    secret: str = SECRET
    offset_seconds: float = 0
    last_headers: dict[str, str] = field(default_factory=dict)

    def submit(self, *records: dict[str, Any], **envelope: Any) -> dict[str, Any]:
        """Deliver inspection targets; the envelope's members may be said otherwise."""
        return self.signed("/sjjh/jcdx/submit", self.envelope(*records, **envelope))

    def query(self, *versions: tuple[str, int]) -> list[list[Any]]:
        """Ask for versions: key, number, outcome and reference of each that is held."""
        answer = self.signed("/sjjh/jcdx/query", self.envelope(*({"sjbs": key, "bbh": no} for key, no in versions)))
        return [[each["sjbs"], each["bbh"], each["jg"], each["lsh"]] for each in answer["data"]["jglb"]]

    def signed(self, path: str, content: Any, **headers: str) -> dict[str, Any]:
        """Post a content, or bytes as they are; headers may be said otherwise, or left out by saying ""."""
        body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        self.last_headers = {name: value for name, value in {**self.headers(body), **headers}.items() if value}
        return self.post(path, body, self.last_headers)

    def envelope(self, *records: dict[str, Any], **said: Any) -> dict[str, Any]:
        """An envelope with a batch number of its own; its members may be said otherwise."""
        usual = {
            "pch": f"batch-{next(NUMBERS)}",
            "sjlx": "JCDX",
            "gsbb": "2023-01",
            "jls": len(records),
            "sjlb": records,
        }
        return {**usual, **said}

    def headers(self, body: bytes, nonce: str = "") -> dict[str, str]:
        """The signature by the standard library alone."""
        sid, rid, rtime = "svc", "370000", str(int((time.time() + self.offset_seconds) * 1000))
        nonce, digest = nonce or f"nonce-{next(NUMBERS)}", hashlib.sha256(body).hexdigest()
        mac = hmac.new(self.secret.encode(), (sid + rid + rtime + nonce + digest).encode(), hashlib.sha256)
        return {
            "gjgxjhpt_sid": sid,
            "gjgxjhpt_rid": rid,
            "gjgxjhpt_rtime": rtime,
            "gjgxjhpt_nonce": nonce,
            "gjgxjhpt_digest": digest,
            "gjgxjhpt_sign": base64.b64encode(mac.digest()).decode(),
        }

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """Post and give the JSON answered, with the HTTP status under "http"."""
        return self._open(Request(self.url + path, body, {"Content-Type": "application/json", **headers}))

    def get(self, path: str) -> dict[str, Any]:
        """Get and give the JSON answered."""
        return self._open(Request(self.url + path))

    def control(self, door: str, **content: Any) -> dict[str, Any]:
        """Use one of the sandbox's own doors."""
        return self.post(f"/_sandbox/{door}", json.dumps(content).encode(), {})

    def effects(self) -> list[list[Any]]:
        """Every effect in the order taken: key, number, operation."""
        return list(self.get("/_sandbox/effects")["effects"])

    def state(self) -> dict[str, int]:
        """The sandbox's counts."""
        return self.get("/_sandbox/state")

    def _open(self, request: Request) -> dict[str, Any]:
        try:
            with urlopen(request, timeout=10) as answer:
                status, body = answer.status, answer.read()
        except HTTPError as error:
            with error:
                status, body = error.code, error.read()
        return {**json.loads(body), "http": status}


@pytest.fixture
def requester(tmp_path: Path) -> Iterator[Requester]:
    """A requester in front of an empty platform that keeps to the WSGI standard."""
    with serve(validator(Platform(tmp_path, {"370000": SECRET}))) as served:
        yield Requester(served.url)


@pytest.fixture
def requester_at() -> Callable[[str], Requester]:
    """A requester in front of a platform at an address."""
    return Requester


@pytest.fixture
def target() -> Callable[..., dict[str, Any]]:
    """Make an inspection target with nothing wrong."""

    def made(key: str = "k1", number: int = 1, operation: str = "i", **fields: Any) -> dict[str, Any]:
        usual = {"ObjKind": "1", "IdType": "01", "IdNO": "91370202264706576B", "EntName": "青岛天高装饰工程有限公司"}
        return {"sjbs": key, "bbh": number, "czlx": operation, **usual, **fields}

    return made


@pytest.fixture
def said() -> Callable[[dict[str, Any]], list[tuple[str, str]]]:
    """Outcome and code of each record of an answer."""
    return lambda answer: [(each["jg"], each["cwdm"]) for each in answer["data"]["jglb"]]
