"""No more requests a second than somebody allows."""

from __future__ import annotations

import threading
import time


class RateLimit:
    """Lets one request go at a time, at even distances; may be used by several threads."""

    def __init__(self, per_second: float | None) -> None:
        """Without a number nothing is waited for."""
        self._distance = 1 / per_second if per_second else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when the next request may go."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._distance
        time.sleep(turn - now)
