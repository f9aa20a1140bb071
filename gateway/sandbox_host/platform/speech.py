"""How one platform speaks: what a sandbox must bring, so that the rest need not know JSON from XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.sandbox_host.platform.codes import RecordCodes, Refused, WholeCodes, Wrong
from gateway.sandbox_host.platform.store import WITHDRAW, Verdict


@dataclass(frozen=True, slots=True)
class Submitted:
    """A record of a delivery: i, u or d, whatever the wire calls it; `wrong` where its names could not be read."""

    key: str
    change_number: int
    operation: str
    content: Mapping[str, Any]
    wrong: Wrong | None = None

    @property
    def withdraws(self) -> bool:
        """Whether it takes back what was said before."""
        return self.operation == WITHDRAW


@dataclass(frozen=True, slots=True)
class Said:
    """What the platform says of one record."""

    key: str
    change_number: int
    verdict: Verdict


class Speech(Protocol):
    """The wire of one platform, in both directions; every method that reads raises Refused."""

    content_type: str
    broken_content: str  # the name of the fault that breaks an answer in the middle: broken_json, broken_xml
    whole: WholeCodes
    record: RecordCodes

    def delivered(self, body: bytes, dataset: str) -> tuple[str, Sequence[Submitted]]:
        """The batch number and the records of a delivery to the service of a dataset."""

    def asked(self, body: bytes, dataset: str) -> tuple[str, Sequence[tuple[str, int]]]:
        """The batch number and the versions of a question."""

    def answer(self, batch: str, said: Sequence[Said]) -> bytes:
        """The answer to either."""

    def half(self, answer: bytes) -> bytes:
        """The same answer with half of its records left out."""

    def refusal(self, refused: Refused) -> bytes:
        """The answer to what is refused as a whole."""

    def well(self) -> bytes:
        """The answer that all is well."""
