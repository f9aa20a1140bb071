"""Runs of one feed after each other: of a source that takes one thing a run, until all that waited was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.errors import SourceError
from gateway.interfaces import TakingSource
from gateway.pipeline.inbound import InboundRunner
from gateway.pipeline.outbound import OutboundRunner
from gateway.pipeline.run_report import RunReport


def consecutive(runner: InboundRunner | OutboundRunner, first: Callable[[], RunReport]) -> Iterator[RunReport]:
    """The report of each run: the first as it is asked for, one more for each of the others that waited then.

    What comes meanwhile waits for the next time; a feed that could not be entered, as while another process runs it,
    is not tried again.
    """
    waiting = _waiting(runner)
    report = first()
    yield report
    while waiting > 1 and report.run is not None:
        report = runner.run()
        yield report
        waiting -= 1


def _waiting(runner: InboundRunner | OutboundRunner) -> int:
    if not (isinstance(runner, InboundRunner) and isinstance(runner.source, TakingSource)):
        return 1
    try:
        return runner.source.waiting()
    except SourceError:  # the run says it
        return 1
