"""What the formats need of an XSD; `gateway.transport.xml` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class XmlSchema(Protocol):
    """An XSD that documents are held against."""

    def faults(self, body: bytes) -> Sequence[tuple[int, str]]:
        """What is wrong with a document: line and why, in order; nothing where it is valid."""

    def read(self, body: bytes, charset: str = "") -> Any:
        """The content of a valid document; raises ValueError for any other.

        Elements that hold others are mappings, the rest are texts, and what the XSD lets repeat is a list.
        """
