"""What is written to another system's table, and what its database said of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TableTarget:
    """The table written to, the columns that name a row of it, and the table that remembers what was written."""

    table: str
    schema: str | None
    keys: Sequence[str]
    receipts: str

    @property
    def place(self) -> str:
        """Where a person would look."""
        return ".".join(filter(None, (self.schema, self.table)))


@dataclass(frozen=True, slots=True)
class RowChange:
    """One version of a record as a row: to be put in place of the row of its key, or to be taken away."""

    record_key: str
    change_number: int
    withdraw: bool
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowReceipt:
    """What became of a change; `code` and `reason` are empty where it was written."""

    record_key: str
    change_number: int
    written: bool
    code: str = ""
    reason: str = ""
