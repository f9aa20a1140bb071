"""Where each row of a frame ends after what was found of it."""

from __future__ import annotations

import polars as pl

from gateway.domain.findings import Outcome

ACCEPTED = "accepted"
HELD = Outcome.HELD.value
REJECTED = Outcome.REJECTED.value


def verdicts(findings: pl.DataFrame, height: int) -> pl.Series:
    """One of `accepted`, `held` and `rejected` a row: rejected outweighs held, and a note lets it go on."""
    outcome = pl.Series("verdict", [ACCEPTED]).new_from_index(0, height)
    for verdict in (HELD, REJECTED):
        rows = findings.filter(pl.col("outcome") == verdict)["index"].unique()
        if rows.len():
            outcome = outcome.scatter(rows, verdict)
    return outcome
