"""How often the running service looks at things, how long it waits, and by which clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], dt.datetime]  # the present moment, with a time zone


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds, but for the last two."""

    look: float = 1  # between looks for feeds that are due
    watch: float = 5  # between looks at the files, the clock and the lease
    standby: float = 2  # between looks whether the lease is free
    retry: float = 5  # before a feed that could not be run is tried again; doubled each time
    longest_retry: float = 300
    stop: float = 60  # for what is under way to come to its end
    push_wait: float = 20  # for a feed that is being run while a batch is pushed to it
    inbound_at_once: int = 2
    outbound_at_once: int = 16  # these mostly wait for their receivers
