"""The named points that a run passes: where its progress is shown, and where the tests kill it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """A point between reading a row and keeping its receipt, in the order they are passed."""

    RUN_STARTED = "run_started"
    BATCH_SPOOLED = "batch_spooled"
    SPOOL_COMPLETE = "spool_complete"
    BATCH_JUDGED = "batch_judged"
    STORING = "storing"  # written, not committed
    STORED = "stored"
    ENQUEUING = "enqueuing"  # written, not committed
    ENQUEUED = "enqueued"
    SENDING = "sending"  # marked as on its way, not sent
    SENT = "sent"  # answered, the receipts not stored
    RECEIPTS_STORED = "receipts_stored"


Reached = Callable[[Point], None]


def unwatched(point: Point) -> None:
    """Pass a point that nobody watches."""
