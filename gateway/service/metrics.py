"""What is counted, in the text format of Prometheus; names of feeds are the only labels that a deployment chooses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    Summary,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.pipeline.run_report import RunReport
from gateway.state import figures
from gateway.state.database import Database

ROW_OUTCOMES = ("accepted", "unchanged", "rejected", "held", "left_out", "withdrawn")
DELIVERY_OUTCOMES = ("delivered", "refused", "unknown")


class Metrics:
    """What `/metrics` says."""

    def __init__(self, database: Database, feeds: Callable[[], Collection[str]]) -> None:
        self._registry = registry = CollectorRegistry()
        self._runs = Counter("gateway_runs", "Runs by feed and status", ["feed", "status"], registry=registry)
        self._rows = Counter("gateway_rows", "Source rows by feed and outcome", ["feed", "outcome"], registry=registry)
        self._deliveries = Counter(
            "gateway_deliveries", "Record versions sent, by feed and outcome", ["feed", "outcome"], registry=registry
        )
        self._seconds = Summary("gateway_run_seconds", "How long runs take", ["feed"], registry=registry)
        self._last_success = Gauge(
            "gateway_last_success_timestamp_seconds",
            "When a run of the feed last stored or sent what it should",
            ["feed"],
            registry=registry,
        )
        self._lease = Gauge(
            "gateway_scheduler_lease", "Whether this process holds the scheduler's lease", registry=registry
        )
        registry.register(_Outbox(database, feeds))
        ProcessCollector(registry=registry)

    def scheduling(self, *, held: bool) -> None:
        """Say whether this process is the one that schedules."""
        self._lease.set(held)

    def succeeded(self, moments: Mapping[str, dt.datetime]) -> None:
        """Say when feeds last succeeded before this process began to run them."""
        for feed, moment in moments.items():
            self._last_success.labels(feed).set(moment.timestamp())

    def ran(self, report: RunReport, moment: dt.datetime) -> None:
        """Count a run."""
        self._runs.labels(report.feed, report.status).inc()
        self._seconds.labels(report.feed).observe(report.seconds)
        for outcome in ROW_OUTCOMES:
            self._count(self._rows, report, outcome)
        for outcome in DELIVERY_OUTCOMES:
            self._count(self._deliveries, report, outcome)
        if report.status in {"succeeded", "with_issues"}:
            self._last_success.labels(report.feed).set(moment.timestamp())

    def page(self) -> bytes:
        """Everything, as text."""
        return generate_latest(self._registry)

    def _count(self, counter: Counter, report: RunReport, outcome: str) -> None:
        if number := getattr(report.counts, outcome):
            counter.labels(report.feed, outcome).inc(number)


class _Outbox(Collector):
    """The outbox as it is when somebody asks."""

    def __init__(self, database: Database, feeds: Callable[[], Collection[str]]) -> None:
        self._database = database
        self._feeds = feeds

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name what there is without asking the database."""
        return [self._family()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Ask the database; where that cannot be done, `/health` says so and the figures are left out."""
        family = self._family()
        try:
            with self._database.read() as connection:
                pending = figures.pending_documents(connection, self._feeds())
        except Exception:  # noqa: BLE001 - the other figures are worth having
            return []
        for (feed, status), count in pending.items():
            family.add_metric([feed, status], count)
        return [family]

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily("gateway_outbox_documents", "Documents not settled", labels=["feed", "status"])
