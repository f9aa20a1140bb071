"""Everything that is wrong with a deployment's feeds, found in one go; nothing is written, no record is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from gateway.errors import GatewayError, NothingThere, RunError
from gateway.formats.profile import Profile
from gateway.interfaces import ROW, Destination, Source
from gateway.mapping import UNMAPPED_COLUMN, CompiledMap, FieldMap
from gateway.messages import Message, listed
from gateway.pipeline.feeds import InboundFeed, OutboundFeed

BROKEN = Message(
    "check.broken",
    zh="检查时程序出错（{kind}）：{reason}；请把这条信息报告给维护者",
    en="the check itself broke ({kind}): {reason}; report this to the maintainers",
)


class Deployment(Protocol):
    """What is asked of a deployment; every method raises StartError where that part of it is wrong."""

    def inbound_map(self, name: str, feed: InboundFeed) -> tuple[FieldMap, CompiledMap]:
        """The field map of an inbound feed."""

    def source(self, name: str, feed: InboundFeed) -> Source:
        """Its source."""

    def profile(self, feed: OutboundFeed) -> tuple[Profile, FieldMap]:
        """The profile of an outbound feed."""

    def destination(self, name: str, feed: OutboundFeed, profile: Profile) -> Destination:
        """Its destination."""

    def runner_of(self, name: str, feed: InboundFeed | OutboundFeed) -> Any:
        """What runs a feed."""


@dataclass
class Findings:
    """What is wrong (`problems`) and what should be known (`remarks`), each said once."""

    problems: list[GatewayError] = field(default_factory=list)
    remarks: list[GatewayError] = field(default_factory=list)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep what the block finds wrong, and go on after it."""
        try:
            yield
        except GatewayError as error:
            self.add(error)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - a plugin may break in any way
            self.add(RunError(BROKEN, kind=type(error).__name__, reason=error))

    def add(self, problem: GatewayError) -> None:
        """Keep a problem that was not found before."""
        if str(problem) not in map(str, self.problems):
            self.problems.append(problem)


def check_feed(deployment: Deployment, name: str, feed: InboundFeed | OutboundFeed) -> Findings:
    """Check a feed as far as it can be without running it: its source is opened, its destination greeted."""
    findings = Findings()
    if isinstance(feed, InboundFeed):
        _check_inbound(findings, deployment, name, feed)
    else:
        _check_outbound(findings, deployment, name, feed)
    with findings.collecting():
        deployment.runner_of(name, feed)
    return findings


def _check_inbound(findings: Findings, deployment: Deployment, name: str, feed: InboundFeed) -> None:
    with findings.collecting():
        source = deployment.source(name, feed)
        source.check()
        try:
            place, columns = _columns(source)
        except NothingThere as nothing:
            findings.remarks.append(nothing)
            return
        with findings.collecting():
            _, compiled = deployment.inbound_map(name, feed)
            if unmapped := compiled.check_columns(columns, place).unmapped:
                findings.remarks.append(RunError(UNMAPPED_COLUMN, columns=listed(unmapped)))
    with findings.collecting():
        deployment.inbound_map(name, feed)


def _check_outbound(findings: Findings, deployment: Deployment, name: str, feed: OutboundFeed) -> None:
    with findings.collecting():
        profile, _ = deployment.profile(feed)
        deployment.destination(name, feed, profile).check()


def _columns(source: Source) -> tuple[str, list[str]]:
    """The place and the columns of a source's first batch; there always is one."""
    first = next(source.read())
    return first.place, [name for name in first.rows.columns if name != ROW]
