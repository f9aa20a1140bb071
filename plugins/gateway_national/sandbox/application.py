"""The publicity system as a WSGI application: what it takes is published at once, and stays as it was published."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.sandbox_host.platform.application import Application, Door
from gateway.sandbox_host.platform.codes import Wrong
from gateway.sandbox_host.platform.judging import Judge
from gateway.sandbox_host.platform.requester import Signatures
from gateway.sandbox_host.platform.speech import Submitted
from gateway.sandbox_host.platform.store import Store, Transaction
from gateway.transport.signatures import body_sha256
from gateway_national.sandbox.declared import Service, load_service
from gateway_national.sandbox.records import wrong_record
from gateway_national.sandbox.speech import NationalSpeech

PUBLISHED = "/_sandbox/published"
_REFERENCE = "GS"


class PublicitySystem:
    """The simulated system over a folder; `secrets` are those of its requesters, `now` gives seconds since 1970."""

    def __init__(self, folder: Path, secrets: Mapping[str, str], now: Callable[[], float] = time.time) -> None:
        self._service = service = load_service()
        self._store = Store(folder, _REFERENCE)
        speech = NationalSpeech(service)
        judge = Judge(speech, partial(_check, service), lambda *_: None)
        doors = {
            service.deliver: Door("deliver", service.bytes, partial(judge.take, service.code)),
            service.find: Door("find", service.bytes, partial(judge.find, service.code)),
        }
        signatures = Signatures(service.signature, "body_sha256", body_sha256, secrets)
        self._application = Application(self._store, speech, signatures, doors, health=service.health, now=now)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("GET", PUBLISHED):
            return self._application(environ, start_response)
        query = parse_qs(environ.get("QUERY_STRING", ""))
        page = json.dumps(self._page(query.get("uscc", [""])[0]), ensure_ascii=False).encode()
        headers = [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(page)))]
        start_response("200 OK", headers)
        return [page]

    def _page(self, uscc: str) -> Mapping[str, object]:
        """What everybody can read of one enterprise."""
        with self._store.transaction() as transaction:
            contents = [json.loads(each.content) for each in transaction.in_force(self._service.code)]
        return {"uscc": uscc, "results": [each for each in contents if each["pripId"] == uscc]}


def _check(service: Service, dataset: str, record: Submitted, transaction: Transaction) -> Wrong | None:
    return wrong_record(record, service, transaction.newest(dataset, record.key))
