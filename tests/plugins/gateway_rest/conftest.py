"""The destination over a real socket, against the real simulated platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gateway.formats.json_documents import idempotency_key
from gateway.formats.profile import Profile, load_profile
from gateway.interfaces import Document, RecordVersion, Surroundings
from gateway.sandbox_host import serve
from gateway.shipped import shipped
from gateway.transport.http import HttpClient
from gateway_rest.destination import RestDestination, RestOptions
from gateway_shandong.sandbox.application import Platform

SECRETS = {"370000": "s3cret-密钥"}
PROFILE = load_profile(shipped("mappings") / "shandong/platform/2023-01/inspection_targets.yml")
A_TARGET = {"ObjKind": "1", "IdType": "01", "IdNO": "91370202264706576B", "EntName": "青岛天高装饰工程有限公司"}


@dataclass
class Rehearsal:
    """A destination and the platform that it reaches."""

    url: str
    directory: Path
    profile: Profile = PROFILE

    def open(self, **options: Any) -> RestDestination:
        """The destination, with other options than usual."""
        usual = {"url": self.url, "requester": "370000", "service": "svc", "secret": "platform", "timeout_seconds": 5}
        known = {"platform": SECRETS["370000"], "wrong": "another secret"}
        return RestDestination(
            RestOptions.model_validate({**usual, **options}),
            self.profile,
            Surroundings(self.directory, known.__getitem__),
        )

    def document(self, versions: Sequence[RecordVersion], refused: Collection[RecordVersion] = ()) -> Document:
        """A document of these versions, rendered as the pipeline does; those refused have no name."""
        rows = [{**A_TARGET, "EntName": None} if each in refused else A_TARGET for each in versions]
        wire = pl.DataFrame(
            {name: [row.get(name) for row in rows] for name in self.profile.fields},
            schema=dict.fromkeys(self.profile.fields, pl.String()),
        )
        named = pl.DataFrame(
            {
                "record_key": [each.record_key for each in versions],
                "change_number": [each.change_number for each in versions],
                "operation": ["insert"] * len(versions),
            }
        )
        key = idempotency_key("shandong", self.profile.identity, versions)
        body = self.profile.body(key, self.profile.render(named, wire).to_list())
        return Document(key, self.profile.dataset, body, list(versions))

    def taken(self) -> list[RecordVersion]:
        """What took effect at the platform, in the order taken."""
        effects = json.loads(HttpClient().get(f"{self.url}/_sandbox/effects", {}).body)["effects"]
        return [RecordVersion(key, number) for key, number, _ in effects]

    def state(self) -> dict[str, int]:
        """The platform's counts."""
        counts: dict[str, int] = json.loads(HttpClient().get(f"{self.url}/_sandbox/state", {}).body)
        return counts

    def fault(self, kind: str, **order: Any) -> None:
        """Let the platform fail."""
        body = json.dumps({"kind": kind, **order}).encode()
        assert HttpClient().post(f"{self.url}/_sandbox/faults", body, {}).status == 200


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """A destination in front of an empty platform."""
    with serve(Platform(tmp_path / "platform", SECRETS)) as served:
        yield Rehearsal(served.url, tmp_path)


@pytest.fixture
def rehearse(tmp_path: Path) -> Callable[[str], Rehearsal]:
    """A destination in front of a platform at an address."""
    return lambda url: Rehearsal(url, tmp_path)
