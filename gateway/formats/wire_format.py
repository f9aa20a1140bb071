"""What a format does: records to documents and questions, and the content of answers back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from gateway.interfaces import RecordVersion


@dataclass(frozen=True, slots=True)
class RecordFault:
    """Why a record cannot be sent as it was rendered: the code of a message, and its sentence in Chinese."""

    code: str
    reason: str


class WireFormat(Protocol):
    """JSON or XML, as one profile has it."""

    content_type: str

    def render(self, names: pl.DataFrame, wire: pl.DataFrame, withdrawn: pl.Series) -> pl.Series:
        """One text a record: what names it, then its fields; `withdrawn` says row by row what is taken back."""

    def body(self, idempotency_key: str, records: Sequence[str]) -> bytes:
        """The document of rendered records, the same bytes for the same input."""

    def question(self, idempotency_key: str, versions: Iterable[RecordVersion]) -> bytes:
        """The body that asks which of the versions the platform holds."""

    def faults(self, body: bytes, records: int) -> Mapping[int, RecordFault]:
        """What is wrong with a document of so many records, by the position of the record; nothing where it is valid.

        A document in which no record is to blame has the fault at each of them.
        """

    def read_content(self, status: int, content_type: str, body: bytes) -> Any:
        """The content of an answer as mappings, lists and texts; raises OutcomeUnknown where it cannot be read."""
