"""A preview foretells what the next run does, and writes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.errors import SourceError
from gateway.operations.preview import preview_inbound, preview_outbound
from gateway.pipeline.inbound import InboundRunner
from gateway.pipeline.outbound import OutboundRunner


def _inbound(gateway: Gateway) -> InboundRunner:
    runner = gateway.runner("market-regulation")
    assert isinstance(runner, InboundRunner)
    return runner


def _outbound(gateway: Gateway) -> OutboundRunner:
    runner = gateway.runner("shandong-targets")
    assert isinstance(runner, OutboundRunner)
    return runner


def _edit(directory: Path, *, without: int | None = None, **said: str) -> None:
    """Replace texts in the register, or leave a line out."""
    file = directory / "departments" / "market_regulation.csv"
    lines = file.read_bytes().decode("gb18030").split("\r\n")
    if without is not None:
        del lines[without]
    text = "\r\n".join(lines)
    for before, after in said.items():
        text = text.replace(before, after, 1)
    file.write_bytes(text.encode("gb18030"))


def _content(directory: Path) -> dict[str, str]:
    files = [file for file in directory.rglob("*") if file.is_file()]
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_it_counts_what_the_run_then_does(gateway: Gateway, directory: Path) -> None:
    _edit(directory, 恒帆化工="恒帆新材料", 歇业="存续")
    previewed = preview_inbound(_inbound(gateway))
    counts = _inbound(gateway).run().counts
    assert (previewed.read, previewed.unchanged, previewed.rejected, previewed.held) == (
        counts.read,
        counts.unchanged,
        counts.rejected,
        counts.held,
    )
    assert (previewed.inserted, previewed.changed, counts.accepted) == (1, 1, 2)


def test_it_lists_the_issues_in_the_order_of_the_rows(gateway: Gateway) -> None:
    previewed = preview_inbound(_inbound(gateway))
    rows = [issue.row or 0 for issue in previewed.issues]
    assert (len(rows), rows, previewed.notes) == (14, sorted(rows), 1)


def test_it_tells_that_withdrawals_would_be_held_back(gateway: Gateway, directory: Path) -> None:
    _edit(directory, without=2)
    previewed = preview_inbound(_inbound(gateway))
    assert (previewed.withdrawn, previewed.withdrawals_held_back) == (0, 1)


def test_nothing_is_written_anywhere_in_the_deployment(gateway: Gateway, directory: Path) -> None:
    before = _content(directory)
    preview_inbound(_inbound(gateway))
    preview_outbound(_outbound(gateway))
    assert _content(directory) == before


def test_it_foretells_what_an_outbound_run_sends(gateway: Gateway) -> None:
    assert preview_outbound(_outbound(gateway)).sent == 480


def test_what_waits_from_an_earlier_run_counts_as_due(gateway: Gateway) -> None:
    report = _outbound(gateway).run()  # nobody listens, so everything waits
    assert (report.counts.waiting, preview_outbound(_outbound(gateway)).sent) == (480, 480)


def test_a_source_that_is_not_there_is_said(gateway: Gateway, directory: Path) -> None:
    (directory / "departments" / "market_regulation.csv").unlink()
    with pytest.raises(SourceError):
        preview_inbound(_inbound(gateway))
