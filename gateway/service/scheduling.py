"""Runs what is due while this process holds the scheduler's lease.

APScheduler looks every second and keeps the threads. The feeds are not given to it as jobs with times of their own:
whether one is due depends on what was planned before, here or elsewhere, on feeds it comes after and on a clock that
may be moved, and one look answers all of that alike.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import polars as pl
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from gateway.errors import LeaseLost
from gateway.pipeline.consecutive import consecutive
from gateway.pipeline.outbound import OutboundRunner
from gateway.pipeline.run_report import RunReport
from gateway.service.agenda import Agenda
from gateway.service.pace import Pace
from gateway.service.reporting import Reporting
from gateway.service.standing_feeds import Runner, StandingFeeds
from gateway.state import leases
from gateway.state.planned_runs import PlannedRun

_LOOK = " look"  # no feed has this name


class Scheduling:
    """The looks and the runs under way; none of them lasts longer than `stop`."""

    def __init__(self, feeds: StandingFeeds, agenda: Agenda, reporting: Reporting, pace: Pace) -> None:
        self._feeds, self._agenda, self._reporting, self._pace = feeds, agenda, reporting, pace
        self._busy: set[str] = set()  # feeds that wait for a thread or have one
        self._under_way: dict[str, Runner] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={
                "look": ThreadPoolExecutor(1),
                "inbound": ThreadPoolExecutor(pace.inbound_at_once),
                "outbound": ThreadPoolExecutor(pace.outbound_at_once),
            },
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._over, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES)

    def start(self) -> None:
        """Look for the first time now; what was missed is due then."""
        self._agenda.load()
        self._reporting.health.looked()
        now = dt.datetime.now(dt.UTC)
        self._scheduler.add_job(
            self._look, "interval", seconds=self._pace.look, id=_LOOK, executor="look", next_run_time=now
        )
        self._scheduler.start()

    def wake(self) -> None:
        """Look now: after the clock was set back, APScheduler would wait until it has caught up."""
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # it has begun
                job.modify(next_run_time=dt.datetime.now(dt.UTC))

    def stop(self, at_once: Callable[[], bool]) -> tuple[str, ...]:
        """Begin nothing more and wait for what is under way; name the feeds that did not come to their end in time.

        Outbound runs send nothing more; inbound runs are finished, for what they have read would be read again.
        """
        with self._changed:
            self._stopping = True
            runners = list(self._under_way.values())
        self._scheduler.shutdown(wait=False)
        for runner in runners:
            if isinstance(runner, OutboundRunner):
                runner.stop()
        self._reporting.stopping([runner.name for runner in runners])
        until = time.monotonic() + self._pace.stop
        with self._changed:
            while self._under_way and time.monotonic() < until and not at_once():
                self._changed.wait(min(0.5, self._pace.stop))
            return tuple(self._under_way)

    def _look(self) -> None:
        self._reporting.health.looked()
        feeds = self._feeds.scheduled
        for name in self._agenda.due(feeds):
            if name not in self._busy:
                self._busy.add(name)
                self._scheduler.add_job(self._turn, args=[name], id=name, executor=feeds[name].direction)
        try:
            self._agenda.count_pushes(self._feeds.followed_pushes)  # last, for it asks the database
        except LeaseLost:
            self._agenda.lease.lost.set()

    def _turn(self, name: str) -> None:
        try:
            self._run_what_is_due(name)
        except LeaseLost:
            self._agenda.lease.lost.set()
        except (Exception, pl.exceptions.PanicException) as trouble:  # noqa: BLE001 - the other feeds go on
            self._reporting.broken(name, trouble, self._agenda.postpone(name))

    def _over(self, event: JobEvent) -> None:
        """Let a feed be run again, now that APScheduler too knows that its turn is over."""
        self._busy.discard(event.job_id)

    def _run_what_is_due(self, name: str) -> None:
        feed = self._feeds.scheduled.get(name)
        planned = self._agenda.plan(name, feed) if feed and not self._stopping else None
        if planned is None:
            return
        runner = self._feeds.runner(name)
        with self._changed:
            if self._stopping:
                return
            self._under_way[name] = runner
        try:
            self._reckon(planned, self._run(planned, runner))
        finally:
            with self._changed:
                del self._under_way[name]
                self._changed.notify_all()

    def _run(self, planned: PlannedRun, runner: Runner) -> RunReport:
        """Run the feed while something waits for it, and report on every run but the last one, which is given."""
        reports = consecutive(runner, runner.run)
        last = next(reports)
        for report in reports:
            self._reporting.ran(planned, last)
            last = report
            if self._stopping:
                break
        return last

    def _reckon(self, planned: PlannedRun, report: RunReport) -> None:
        if report.error and report.error.message in {leases.HELD, leases.LOST}:
            self._reporting.busy(planned.feed, self._agenda.postpone(planned.feed))
            return
        if report.error and report.run is None:  # it could not even be entered, as while the database is away
            raise report.error
        if self._stopping and (report.counts.waiting or report.counts.unknown):
            self._agenda.hand_back(planned)
        else:
            self._agenda.finish(planned, report.run)
        self._reporting.ran(planned, report)
