"""The platform put together: its services' doors, how it speaks, its staff, and whose signatures it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from gateway.sandbox_host.inspection.tables import SCHEMA, TABLES
from gateway.sandbox_host.platform.application import Application, Door
from gateway.sandbox_host.platform.judging import Judge
from gateway.sandbox_host.platform.requester import Signatures
from gateway.sandbox_host.platform.staff import Staff
from gateway.sandbox_host.platform.store import Store
from gateway.transport.signatures import HEBEI_SM3, SignatureScheme, body_sm3
from gateway_hebei.sandbox.declared import Service, load_services
from gateway_hebei.sandbox.pulls import DISPATCHED, Pulls
from gateway_hebei.sandbox.records import Records
from gateway_hebei.sandbox.registries import WireRegistries
from gateway_hebei.sandbox.wire import HebeiSpeech

HEALTH = "/hbssj/health"
SCHEME = SignatureScheme(
    headers={
        "rid": "X-HB-Requester",
        "rtime": "X-HB-Timestamp",
        "nonce": "X-HB-Nonce",
        "body_sm3": "X-HB-Digest",
        "sign": "X-HB-Signature",
    },
    signed=("rid", "rtime", "nonce", "body_sm3"),
    kind=HEBEI_SM3,
)
_REFERENCE = "HB13"
# Pulls are small questions.
_PULL_BYTES = 64 * 1024


def open_platform(folder: Path, secrets: Mapping[str, str], now: Callable[[], float] = time.time) -> Application:
    """The simulated platform over a folder; `secrets` are those of its requesters, `now` gives seconds since 1970."""
    services = load_services()
    speech, records = HebeiSpeech(services), Records(services)
    judge = Judge(speech, records.check, records.remember)
    return Application(
        Store(folder, _REFERENCE, SCHEMA, TABLES),
        speech,
        Signatures(SCHEME, "body_sm3", body_sm3, secrets),
        dict(_doors(services, judge)),
        health=HEALTH,
        orders=Staff("hebei", WireRegistries).orders(),
        now=now,
    )


def _doors(services: Mapping[str, Service], judge: Judge) -> Iterator[tuple[str, Door]]:
    pulls = Pulls()
    for code, service in services.items():
        yield service.deliver, Door("deliver", service.bytes, partial(judge.take, code))
        yield service.find, Door("find", service.bytes, partial(judge.find, code))
        yield service.pull, Door("pull", _PULL_BYTES, partial(pulls.held, code))
    for path, code in DISPATCHED.items():
        yield path, Door("pull", _PULL_BYTES, partial(pulls.dispatched, code))
