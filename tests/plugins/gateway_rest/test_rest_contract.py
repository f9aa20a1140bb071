"""The REST destination keeps every promise of the destination contract, against the simulated Shandong platform."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from gateway.interfaces import Destination, Document, RecordVersion
from gateway.testing.destination_contract import DestinationContract


class TestRestDestination(DestinationContract):
    @pytest.fixture(autouse=True)
    def _platform(self, rehearsal: Any) -> None:
        self.rehearsal = rehearsal

    def destination(self) -> Destination:
        opened: Destination = self.rehearsal.open(timeout_seconds=1)
        return opened

    def unreachable(self) -> Destination:
        opened: Destination = self.rehearsal.open(url="http://127.0.0.1:1")
        return opened

    def document(self, versions: Sequence[RecordVersion], refused: Collection[RecordVersion] = ()) -> Document:
        document: Document = self.rehearsal.document(versions, refused)
        return document

    def taken(self) -> Sequence[RecordVersion]:
        taken: Sequence[RecordVersion] = self.rehearsal.taken()
        return taken

    def lose_next_answer(self) -> None:
        self.rehearsal.fault("timeout_after_commit", seconds=30)
