"""A source that holds, byte for byte, what the last run read: what was found then stands, and no row is read again.

A department's export is often yesterday's. What a run read is kept beside its spool, with all that its findings rest
on: the map and the programs, the feed's declaration, the merges, and what the exchange held when it had stored. Where
any of it differs, or the file is missing, the source is read; the file can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gateway.errors import RunError
from gateway.interfaces import Content, ContentSource, Source
from gateway.messages import Message
from gateway.pipeline.identities import Identities
from gateway.pipeline.judging import Judging
from gateway.pipeline.parents import Parents
from gateway.pipeline.run_issues import unmapped_columns
from gateway.pipeline.run_report import Counts, RunReport
from gateway.state import issues, runs
from gateway.state.database import Connection
from gateway.state.exchange import Exchange

SAME_CONTENT = Message(
    "run.same_content",
    zh="来源的内容与运行 {run} 读取的逐字节相同（{places}），沿用那次的结果，没有重新逐行读取",
    en="the source holds byte for byte what run {run} read ({places}); its findings stand, no row was read again",
)

_FILE = "last-run.json"


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """A run that read its source whole and left nothing undecided."""

    run: int
    rests_on: str  # a digest of what its findings rest on beside its contents
    contents: tuple[Content, ...]
    places: tuple[str, ...]
    unmapped: tuple[str, ...]  # columns that the map does not name
    counts: Counts

    @classmethod
    def of(cls, report: RunReport, rests_on: str, judging: Judging) -> LastRun:
        """The run of a report."""
        assert report.run is not None
        return cls(
            run=report.run,
            rests_on=rests_on,
            contents=tuple(judging.read_whole),
            places=report.places,
            unmapped=judging.unmapped,
            counts=report.counts,
        )

    def is_read_by(self, source: Source) -> bool:
        """Whether the source holds what this run read; raises SourceError where it cannot be read."""
        return isinstance(source, ContentSource) and bool(self.contents) and self.contents == tuple(source.contents())

    def again(self, run: int) -> LastRun:
        """What a run finds that finds the same once more: what was accepted is unchanged now."""
        unchanged = self.counts.accepted + self.counts.unchanged
        return replace(
            self, run=run, counts=replace(self.counts, accepted=0, unchanged=unchanged, withdrawn=0, records=0)
        )

    def stands(self, connection: Connection, feed: str, run: int) -> LastRun:
        """Enter that a run found the same once more."""
        issues.meet_again(connection, run, feed, self.run)
        again, report = self.again(run), self.again(run).report(feed)
        again.counts.assert_conserved()
        counts = asdict(again.counts)
        runs.store(connection, run, report.status, counts=counts, places=self.places, same_as=self.run)
        return again

    def report(self, feed: str, *notices: RunError) -> RunReport:
        """The report of a run that found this."""
        return RunReport(
            feed=feed,
            run=self.run,
            status=self.counts.status(reported=len(self.unmapped)),
            counts=self.counts,
            seconds=0,
            places=self.places,
            notices=(*notices, *unmapped_columns(self.unmapped)),
        )

    def keep(self, folder: Path) -> None:
        """Leave it to the feed's next run, in place of what was there."""
        unfinished = folder / f"{_FILE}.unfinished"
        unfinished.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        unfinished.rename(folder / _FILE)


def last_run(folder: Path) -> LastRun | None:
    """What the feed's last run left; None where it left nothing that can be read."""
    try:
        kept = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        contents = tuple(Content(**each) for each in kept.pop("contents"))
        places, unmapped = tuple(kept.pop("places")), tuple(kept.pop("unmapped"))
        counts = Counts(**kept.pop("counts"))
        return LastRun(contents=contents, places=places, unmapped=unmapped, counts=counts, **kept)
    except (OSError, ValueError, TypeError, KeyError):  # a power cut spoilt it, or another release wrote it
        return None


@dataclass(frozen=True)
class Grounds:
    """What the findings of a feed's runs rest on beside the contents that they read."""

    declared: tuple[str, ...]
    exchange: Exchange
    parents: Parents

    def seen(self, connection: Connection, identities: Identities) -> tuple[object, ...]:
        """Those that others may change while rows are compared: to be looked at before."""
        return (*self.declared, identities.digest, self.parents.mark(connection))

    def digest(self, connection: Connection, seen: tuple[object, ...]) -> str:
        """One digest of them and of what the exchange holds, for a transaction that has claimed the dataset."""
        parts = [*seen, self.exchange.mark(connection)]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, default=str).encode()).hexdigest()


MESSAGES = (SAME_CONTENT,)
