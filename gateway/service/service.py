"""The process that runs feeds by their schedules, or stands by for the one that does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.errors import RunError
from gateway.service.agenda import Agenda
from gateway.service.pace import Clock, Pace
from gateway.service.reporting import Reporting
from gateway.service.scheduling import Scheduling
from gateway.service.standing_feeds import StandingFeeds
from gateway.state import figures, leases
from gateway.state.database import Database

LEASE = "scheduler"

_MOVED = 2.0  # seconds that a clock may gain or lose between two looks without having been moved


@dataclass
class Stopping:
    """How the service is told to stop: asked once it finishes what is under way, asked again it does not wait."""

    asked: threading.Event = field(default_factory=threading.Event)
    at_once: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Ask it to stop."""
        (self.at_once if self.asked.is_set() else self.asked).set()


@dataclass(frozen=True)
class Service:
    """Schedules while it holds the lease, and tries to get it while another process does."""

    database: Database
    feeds: StandingFeeds
    reporting: Reporting
    clock: Clock
    pace: Pace
    stopping: Stopping
    _left: list[str] = field(default_factory=list)

    def run(self) -> tuple[str, ...]:
        """Serve until told to stop; name the feeds whose runs did not come to their end in time."""
        holder = None
        while not self.stopping.asked.is_set():
            try:
                self._schedule()
                holder = None
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                if not (isinstance(error, RunError) and error.message is leases.HELD):
                    holder = None
                    self.reporting.interrupted(error)
                elif holder != error.values["holder"]:
                    holder = error.values["holder"]
                    self.reporting.stands_by(holder)
            self.stopping.asked.wait(self.pace.standby)
        return tuple(self._left)

    def _schedule(self) -> None:
        """Schedule until told to stop or the lease is lost; RunError where another process holds it."""
        with leases.hold(self.database, LEASE) as lease:
            agenda = Agenda(self.database, lease, self.clock, self.pace)
            scheduling = Scheduling(self.feeds, agenda, self.reporting, self.pace)
            self._begin(lease)
            scheduling.start()
            try:
                self._watch(agenda, scheduling)
            finally:
                self._end(scheduling.stop(self.stopping.at_once.is_set))

    def _begin(self, lease: leases.Lease) -> None:
        self.reporting.health.stands_by()
        self._read_changed_files()
        with self.database.read() as connection:
            self.reporting.metrics.succeeded(figures.last_successes(connection))
        self.reporting.metrics.scheduling(held=True)
        self.reporting.log.info("scheduler.started", holder=lease.holder, scheduled=len(self.feeds.scheduled))

    def _end(self, left: Sequence[str]) -> None:
        self._left.extend(left)
        self.feeds.drop_runners()
        self.reporting.metrics.scheduling(held=False)
        self.reporting.health.stands_by()
        self.reporting.log.info("scheduler.stopped", handed_back=left)

    def _watch(self, agenda: Agenda, scheduling: Scheduling) -> None:
        """Watch the lease, the clock and the files until told to stop or until somebody else holds the lease."""
        moved = _moved(self.clock)
        while not self.stopping.asked.wait(self.pace.watch) and not agenda.lease.lost.is_set():
            if abs(seconds := moved()) > _MOVED:
                self.reporting.clock_moved(seconds)
                scheduling.wake()
            self._read_changed_files()
            for name, planned_for in agenda.ahead(self.feeds.scheduled).items():
                self.reporting.ahead(name, planned_for)

    def _read_changed_files(self) -> None:
        try:
            if self.feeds.refresh():
                self.reporting.files_changed(len(self.feeds.scheduled))
        except Exception as error:  # noqa: BLE001 - the declarations of before stay in force
            self.reporting.files_wrong(error)


def _moved(clock: Clock) -> Callable[[], float]:
    """Tells by how many seconds the clock moved, other than with time, since it was asked last."""
    ahead = clock().timestamp() - time.monotonic()

    def moved() -> float:
        nonlocal ahead
        before, ahead = ahead, clock().timestamp() - time.monotonic()
        return ahead - before

    return moved
