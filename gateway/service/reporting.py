"""What happens, told to whoever watches: the log, the metrics, the health."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gateway.pipeline.run_report import RunReport
from gateway.pipeline.schedule import CHINA
from gateway.service.health import AHEAD, FEED_BROKEN, FEED_FAILED, INTERRUPTED, WRONG_FILES, Health
from gateway.service.log import Log, told, told_with_place
from gateway.service.metrics import Metrics
from gateway.service.pace import Clock
from gateway.state.planned_runs import PlannedRun

_FILES, _SERVICE = "the files", "the service"  # no feed has such a name


@dataclass(frozen=True)
class Reporting:
    """Tells what the scheduler does; nothing of a row, a record or a secret is told."""

    log: Log
    metrics: Metrics
    health: Health
    clock: Clock

    def ran(self, planned: PlannedRun, report: RunReport) -> None:
        """A planned run was executed."""
        self._tell("run.finished", report, planned_for=_text(planned.planned_for))
        if report.status == "failed":
            code = told(report.error) if report.error else report.status
            self.health.trouble(report.feed, FEED_FAILED, feed=report.feed, run=report.run, reason_code=code)
        else:
            self.health.well(report.feed)

    def pushed(self, report: RunReport) -> None:
        """A batch was pushed, and its sender is told what became of it."""
        self._tell("push.finished", report)

    def _tell(self, event: str, report: RunReport, **more: object) -> None:
        self.metrics.ran(report, self.clock())
        counts = {name: count for name, count in asdict(report.counts).items() if count}
        error = told_with_place(report.error) if report.error else {}
        write = self.log.error if report.error else self.log.info
        write(
            event,
            feed=report.feed,
            run=report.run,
            **more,
            status=report.status,
            **counts,
            seconds=round(report.seconds, 3),
            **error,
        )

    def busy(self, feed: str, seconds: float) -> None:
        """Another process is running the feed, as an operator may by hand."""
        self.log.info("feed.busy", feed=feed, again_in_seconds=seconds)

    def broken(self, feed: str, trouble: BaseException, seconds: float) -> None:
        """A feed could not even be run."""
        self.log.error("feed.broken", feed=feed, **told_with_place(trouble), again_in_seconds=seconds)
        self.health.trouble(feed, FEED_BROKEN, feed=feed, reason_code=told(trouble), seconds=round(seconds))

    def stands_by(self, holder: str) -> None:
        """Another process schedules."""
        self.log.info("scheduler.standing_by", holder=holder)
        self.health.stands_by()

    def stopping(self, under_way: Sequence[str]) -> None:
        """Nothing more is begun; these feeds are on their way to their end."""
        self.log.info("scheduler.stopping", under_way=under_way)

    def interrupted(self, trouble: BaseException) -> None:
        """Scheduling broke off, or could not begin."""
        self.log.error("service.interrupted", **told_with_place(trouble))
        self.health.trouble(_SERVICE, INTERRUPTED, reason_code=told(trouble))

    def files_changed(self, feeds: int) -> None:
        """Changed declarations are in force."""
        self.log.info("feeds.read", scheduled=feeds)
        self.health.well(_FILES)

    def files_wrong(self, trouble: BaseException) -> None:
        """Changed declarations are wrong."""
        self.log.error("feeds.wrong", **told_with_place(trouble))
        self.health.trouble(_FILES, WRONG_FILES, reason_code=told(trouble))

    def clock_moved(self, seconds: float) -> None:
        """The clock went forward or back by itself."""
        self.log.warning("clock.moved", seconds=round(seconds, 1))

    def ahead(self, feed: str, planned_for: dt.datetime | None) -> None:
        """A feed was planned for a time that has yet to come, or for none such."""
        subject = f"ahead {feed}"
        if planned_for:
            times = {"planned_for": _text(planned_for), "moment": _text(self.clock())}
            self.health.trouble(subject, AHEAD, feed=feed, **times)
        else:
            self.health.well(subject)


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="seconds")
