"""No more goes a second than is allowed, by the clock."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from gateway.transport.rate_limit import RateLimit


def test_requests_go_at_even_distances_whoever_sends_them() -> None:
    limit = RateLimit(50)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(limit.wait) for _ in range(11)]:
            done.result()
    assert time.monotonic() - began >= 0.2


def test_a_pause_is_not_made_up_for_by_a_burst() -> None:
    limit = RateLimit(20)
    limit.wait()
    time.sleep(0.15)
    began = time.monotonic()
    for _ in range(3):
        limit.wait()
    assert time.monotonic() - began >= 0.1


def test_without_a_limit_nothing_waits() -> None:
    limit = RateLimit(None)
    began = time.monotonic()
    for _ in range(1000):
        limit.wait()
    assert time.monotonic() - began < 1
