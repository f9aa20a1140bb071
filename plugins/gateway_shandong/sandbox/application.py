"""The platform put together: its doors, how it speaks, its staff, and whose signatures it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from gateway.sandbox_host.inspection.tables import SCHEMA, TABLES
from gateway.sandbox_host.platform.application import Application, Door
from gateway.sandbox_host.platform.codes import Wrong
from gateway.sandbox_host.platform.judging import Judge
from gateway.sandbox_host.platform.requester import Signatures
from gateway.sandbox_host.platform.speech import Submitted
from gateway.sandbox_host.platform.staff import Staff
from gateway.sandbox_host.platform.store import Store, Transaction
from gateway.transport.signatures import body_sha256
from gateway_shandong.sandbox.declared import Service, load_services
from gateway_shandong.sandbox.identity import SCHEME
from gateway_shandong.sandbox.inspections import INSPECTIONS
from gateway_shandong.sandbox.pulls import PULLED, pull, pull_held
from gateway_shandong.sandbox.records import wrong_fields
from gateway_shandong.sandbox.registries import WireRegistries
from gateway_shandong.sandbox.speech import ShandongSpeech

HEALTH = "/sjjh/health"
_REFERENCE = "SD37"
# Pulls are small questions.
_PULL_BYTES = 64 * 1024


class Platform(Application):
    """The simulated platform over a folder; `secrets` are those of its requesters, `now` gives seconds since 1970."""

    def __init__(self, folder: Path, secrets: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        services = load_services()
        speech = ShandongSpeech(services)
        judge = Judge(speech, partial(_wrong, services), INSPECTIONS.remember)
        super().__init__(
            Store(folder, _REFERENCE, SCHEMA, TABLES),
            speech,
            Signatures(SCHEME, "body_sha256", body_sha256, secrets),
            dict(_doors(services, judge)),
            health=HEALTH,
            orders=Staff("shandong", WireRegistries).orders(),
            now=now,
        )


def _doors(services: Mapping[str, Service], judge: Judge) -> Iterator[tuple[str, Door]]:
    for code, service in services.items():
        yield service.deliver, Door("deliver", service.bytes, partial(judge.take, code))
        yield service.find, Door("find", service.bytes, partial(judge.find, code))
        yield service.deliver.replace("/submit", "/list"), Door("pull", _PULL_BYTES, partial(pull_held, code))
    for path, code in PULLED.items():
        yield path, Door("pull", _PULL_BYTES, partial(pull, code))


def _wrong(services: Mapping[str, Service], dataset: str, record: Submitted, transaction: Transaction) -> Wrong | None:
    wrong = wrong_fields(record.content, services[dataset].checks)
    return wrong or INSPECTIONS.wrong(dataset, record, transaction)
