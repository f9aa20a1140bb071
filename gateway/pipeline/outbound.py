"""An outbound run: new versions are enqueued, pending documents delivered until nothing more can be sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

import polars as pl

from gateway.errors import AccessRefused, DeliveryError, GatewayError, RunError
from gateway.interfaces import Destination
from gateway.messages import Message
from gateway.pipeline import publication
from gateway.pipeline.deliver import Deliverer
from gateway.pipeline.enqueue import NOT_EXPRESSIBLE, Enqueuer
from gateway.pipeline.failed_run import crashed, failed
from gateway.pipeline.feeds import OutboundFeed
from gateway.pipeline.progress import Point, Reached
from gateway.pipeline.run_report import Counts, RunReport, Status
from gateway.state import issues, leases, outbox, runs, waiting_versions
from gateway.state.database import Connection, Database

INTERRUPTED = Message(
    "run.interrupted_outbound",
    zh="运行 {run} 在发送时中断；已入队的报文由本次继续，结果未知的先查询再决定",
    en="run {run} was interrupted while it sent; this run goes on with its documents and asks first where the outcome "
    "is unknown",
)
REFUSED = Message(
    "delivery.refused",
    zh="接收方拒收了记录“{value}”的版本 {change_number}：{reason}（{reason_code}）；请在来源更正，下次运行会发送新版本",
    en="the receiver refused version {change_number} of the record {value!r}: {reason} ({reason_code}); correct it at "
    "its source, the next run sends the new version",
)

VIA_PLATFORM = Message(
    "feed.via_platform",
    zh="数据流“{feed}”未向“{destination}”发送：由省级平台转送（via: platform）；确需由本网关直接报送的，写 via: direct",
    en="the feed {feed!r} sent nothing to {destination!r}, which the provincial platform passes results on to "
    "(via: platform); say via: direct where this gateway is to send",
)


@dataclass(frozen=True)
class OutboundRunner:
    """Runs one outbound feed; everything it needs is handed to it."""

    name: str
    feed: OutboundFeed
    destination: Destination
    enqueuer: Enqueuer
    map_digest: str
    database: Database
    reached: Reached
    stopped: threading.Event = field(default_factory=threading.Event)
    _delivering: list[Deliverer] = field(default_factory=list)

    def stop(self) -> None:
        """Send nothing more, for good: what is on its way gets its answer, the rest waits in the outbox."""
        self.stopped.set()
        for deliverer in self._delivering:
            deliverer.stopped.set()

    def run(self) -> RunReport:
        """Send everything that is due; what cannot be sent now waits, and an error is part of the report."""
        started = time.monotonic()
        try:
            with leases.hold(self.database, f"feed:{self.name}") as lease:
                self._note_interrupted()
                report = self._run(self._start(), lease)
        except GatewayError as error:
            report = failed(self.name, None, error)
        return replace(report, seconds=time.monotonic() - started)

    def _note_interrupted(self) -> None:
        for row in runs.interrupted(self.database, self.name):
            runs.fail(self.database, row.id, RunError(INTERRUPTED, run=row.id))

    def _start(self) -> int:
        run = runs.start(
            self.database,
            feed=self.name,
            direction="outbound",
            dataset=self.feed.dataset,
            stage="enqueuing",
            map_digest=self.map_digest,
        )
        self.reached(Point.RUN_STARTED)
        return run

    def _run(self, run: int, lease: leases.Lease) -> RunReport:
        try:
            return self._send(run, lease)
        except GatewayError as error:
            runs.fail(self.database, run, error)
            return failed(self.name, run, error)
        except (Exception, pl.exceptions.PanicException) as crash:  # noqa: BLE001 - the other feeds go on
            mistake = crashed(crash)
            runs.fail(self.database, run, mistake)
            return failed(self.name, run, mistake)

    @property
    def sends(self) -> bool:
        """Whether it sends at all: what is public is left to the provincial platform unless the feed says otherwise."""
        return not self.enqueuer.profile.declared.public or self.feed.via == "direct"

    def _left_to_the_platform(self, run: int) -> RunReport:
        with self.database.write() as connection:
            runs.finish(connection, run, status="succeeded", stage="done", counts=asdict(Counts()))
        notice = RunError(VIA_PLATFORM, feed=self.name, destination=self.enqueuer.address.destination)
        return RunReport(feed=self.name, run=run, status="succeeded", counts=Counts(), seconds=0, notices=(notice,))

    def _send(self, run: int, lease: leases.Lease) -> RunReport:
        if not self.sends:
            return self._left_to_the_platform(run)
        with self.database.read() as connection:
            left_over = outbox.tally(connection, outbox.pending(connection, self.name))
        enqueued = self.enqueuer.enqueue(self.database, lease, run)
        deliverer = self._deliverer(run, lease)
        seen = self._deliver(deliverer)
        with self.database.write() as connection:
            lease.assert_held(connection)
            outcome = outbox.tally(connection, seen)
            counts = Counts(
                selected=enqueued.selected + left_over["waiting"] + left_over["unknown"],
                delivered=outcome["delivered"] - left_over["delivered"],
                refused=outcome["refused"] - left_over["refused"] + enqueued.refused,
                waiting=outcome["waiting"] + enqueued.waiting,
                unknown=outcome["unknown"],
            )
            counts.assert_conserved()
            closed = next((each for each in deliverer.troubles if isinstance(each, AccessRefused)), None)
            status: Status = "failed" if closed else counts.status(reported=enqueued.changed)
            if counts.selected:
                found = self._issues(connection, deliverer.troubles)
                issues.keep(connection, run, self.name, self.feed.dataset, found)
            runs.finish(connection, run, status=status, stage="done", counts=asdict(counts), failure=closed)
        return RunReport(
            feed=self.name, run=run, status=status, counts=counts, seconds=0, notices=tuple(deliverer.troubles)
        )

    def _deliver(self, deliverer: Deliverer) -> set[int]:
        self._delivering.append(deliverer)
        if self.stopped.is_set():  # asked after the deliverer can be reached, so that no request to stop is missed
            deliverer.stopped.set()
        try:
            return deliverer.deliver()
        finally:
            self._delivering.remove(deliverer)

    def _deliverer(self, run: int, lease: leases.Lease) -> Deliverer:
        def send_again(connection: Connection, numbers: list[int]) -> None:
            self.enqueuer.again(connection, run, numbers)

        return Deliverer(
            feed=self.name,
            destination=self.destination,
            database=self.database,
            lease=lease,
            retry=self.feed.retry,
            parallel=self.feed.parallel,
            environment=self.enqueuer.address.environment,
            send_again=send_again,
            reached=self.reached,
        )

    def _issues(self, connection: Connection, troubles: Sequence[DeliveryError]) -> pl.DataFrame:
        """What a person must look at: refusals by the receiver, by our own profile, and why something stayed behind."""
        refused = outbox.refused(connection, self.name)
        by_profile = (pl.lit(self.enqueuer.address.profile).alias("profile"), pl.col("reason").alias("reasons"))
        by_receiver = ("reason", pl.col("code").alias("reason_code"))
        return pl.concat(
            [
                _refusals(refused.filter(pl.col("document").is_not_null()), REFUSED, by_receiver),
                _refusals(refused.filter(pl.col("document").is_null()), NOT_EXPRESSIBLE, by_profile),
                publication.waiting_issues(waiting_versions.held(connection, self.name)),
                publication.still_changed(connection, self.enqueuer.address),
                _troubles(troubles),
            ]
        )


def _refusals(refused: pl.DataFrame, message: Message, blanks: Iterable[str | pl.Expr]) -> pl.DataFrame:
    arguments = pl.struct(pl.col("record_key").alias("value"), "change_number", *blanks)
    return refused.select(
        "record_key",
        pl.lit("refused").alias("outcome"),
        pl.lit(message.code).alias("code"),
        pl.lit("").alias("place"),
        pl.lit(None, pl.Int64).alias("row"),
        pl.lit("").alias("field"),
        pl.lit("").alias("column"),
        pl.col("change_number").cast(pl.String).alias("value"),
        arguments.struct.json_encode().alias("arguments"),
        pl.lit(None, pl.String).alias("original"),
    )


def _troubles(troubles: Sequence[DeliveryError]) -> pl.DataFrame:
    codes = {trouble.message.code: trouble for trouble in troubles}
    return pl.DataFrame(
        [
            {
                "outcome": "reported",
                "code": code,
                "place": "",
                "field": "",
                "column": "",
                "arguments": json.dumps(trouble.values, ensure_ascii=False, default=str),
            }
            for code, trouble in codes.items()
        ],
        schema=issues.ISSUES,
    )


MESSAGES = (INTERRUPTED, REFUSED, VIA_PLATFORM)
