"""What mapping and checking say about rows: one finding a row and rule that failed, as a frame."""

from __future__ import annotations

from enum import StrEnum

import polars as pl


class Outcome(StrEnum):
    """Where a row ends: rejected must itself change, held may pass unchanged later, a note lets it go on."""

    REJECTED = "rejected"
    HELD = "held"
    NOTE = "note"


# One row a finding. `index` points into the frame that was mapped or checked (0-based); `field` is canonical,
# `column` the source's (empty where there is none); `arguments` is a JSON object for the message's further blanks.
FINDINGS: dict[str, pl.DataType] = {
    "index": pl.UInt32(),
    "outcome": pl.String(),
    "code": pl.String(),
    "field": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
    "arguments": pl.String(),
}


def no_findings() -> pl.DataFrame:
    """An empty frame of findings."""
    return pl.DataFrame(schema=FINDINGS)
