"""An inbound run: a source is read into the spool, judged, compared with the exchange and stored in one transaction."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Executor, Future, wait
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import polars as pl

from gateway.domain.frame_hash import frame_hash
from gateway.errors import GatewayError, LeaseLost, RunError
from gateway.interfaces import Batch, Source
from gateway.messages import Catalogue, Message
from gateway.pipeline import run_issues, withdrawal
from gateway.pipeline.again import batches as again_batches
from gateway.pipeline.again import read_runs
from gateway.pipeline.compare import Plan, compare
from gateway.pipeline.contributing import BROKEN_TOGETHER, Contributing
from gateway.pipeline.early_look import EarlyLook
from gateway.pipeline.expected_rows import refuse_too_few, refuse_too_many
from gateway.pipeline.failed_run import crashed, failed
from gateway.pipeline.feeds import InboundFeed
from gateway.pipeline.identities import Identities
from gateway.pipeline.judge import Judge
from gateway.pipeline.judging import Judging
from gateway.pipeline.known_rows import KNOWN, keep_known, read_known
from gateway.pipeline.left_out import LEFT_OUT
from gateway.pipeline.parents import Parents
from gateway.pipeline.precedence import Precedence
from gateway.pipeline.progress import Point, Reached
from gateway.pipeline.read_keys import remember_read_keys
from gateway.pipeline.reading import AS_DECLARED, LIMITED, Asked, Reader
from gateway.pipeline.run_report import Counts, RunReport
from gateway.pipeline.same_content import SAME_CONTENT, Grounds, LastRun, last_run
from gateway.pipeline.spool import Spool, Terms
from gateway.pipeline.spooled_records import SpooledRecords
from gateway.pipeline.store import Stamp, store_records
from gateway.pipeline.withdrawal import Withdrawal
from gateway.state import event_log, issues, keys_read, leases, runs
from gateway.state.database import Connection, Database
from gateway.state.exchange import LOOKED_UP, Exchange
from gateway.state.held_rows import HeldRow, held_rows
from gateway.state.identity_changes import final_keys, withdraw_merged
from gateway.state.issues import ISSUES

INTERRUPTED = Message(
    "run.interrupted",
    zh="运行 {run} 在读取来源时中断，没有保存任何数据；本次从头重新读取",
    en="run {run} was interrupted while its source was read, nothing of it was stored; the source is read anew",
)

_WRITTEN_BEHIND = 3  # batches that are being spooled while the source is read on


@dataclass(frozen=True)
class InboundRunner:
    """Runs one inbound feed; everything it needs is handed to it."""

    name: str
    feed: InboundFeed
    source: Source
    judge: Judge
    map_digest: str
    basis: tuple[str, ...]  # everything that judging depends on, beside the rows
    exchange: Exchange
    parents: Parents
    database: Database
    spools: Path
    executor: Executor
    messages: Catalogue
    reached: Reached
    precedence: Precedence | None = None  # where other feeds speak of the same records

    @property
    def contributing(self) -> Contributing | None:
        """Stores what this feed says beside others, where a precedence is declared."""
        return Contributing(self.precedence, self.exchange, self.judge.checks) if self.precedence else None

    @property
    def grounds(self) -> Grounds:
        """What the findings of its runs rest on, beside what they read."""
        return Grounds((*self.basis, repr(self.feed)), self.exchange, self.parents)

    @property
    def reader(self) -> Reader:
        """Reads the source and keeps what is remembered of it."""
        return Reader(self.name, self.feed, self.source, self.database)

    def run(self, *, accept_withdrawals: bool = False, asked: Asked = AS_DECLARED) -> RunReport:
        """Read the source, store what changed; an error leaves the exchange as it was and is part of the report.

        StartError where the feed cannot be read as asked.
        """
        self.reader.refuse(asked)
        started = time.monotonic()
        try:
            with leases.hold(self.database, f"feed:{self.name}") as lease:
                self._finish_interrupted(lease)
                notices = [*self.reader.make_up(), *([self.reader.forget(asked.since)] if asked.reset else [])]
                report = self._run(self._start(asked, accept_withdrawals), lease, accept_withdrawals, asked)
                report = replace(report, notices=(*notices, *report.notices))
        except GatewayError as error:
            report = failed(self.name, None, error)
        return replace(report, seconds=time.monotonic() - started)

    def preview(self, folder: Path) -> tuple[Plan, Judging, pl.DataFrame]:
        """Judge and compare everything, keeping nothing but files in the folder: the plan, the counts, the issues.

        A source that resumes is read whole too, since only a run may take away what was read.
        """
        spool = Spool(folder)
        with closing(self._read(spool, Terms(), self.source.read())) as batches:  # and what it was still writing
            judging = self._judge(spool, batches)
        with self.database.read() as connection:
            plan = self._plan(connection, spool, judging)
            decision = self._decide(connection, plan, judging, Terms(), accepted=False)
        found = run_issues.of_run(self._records(spool, judging), plan, judging, decision.held_back)
        return plan, judging, found.select(*ISSUES)

    def _start(self, asked: Asked, accept_withdrawals: bool) -> int:
        run = runs.start(
            self.database,
            feed=self.name,
            direction="inbound",
            dataset=self.feed.dataset,
            stage="reading",
            map_digest=self.map_digest,
        )
        if asked != AS_DECLARED or accept_withdrawals:
            detail = {"run": run, "feed": self.name, **asdict(asked), "accept_withdrawals": accept_withdrawals}
            with self.database.write() as connection:
                event_log.append(connection, "run.asked", detail)
        self.reached(Point.RUN_STARTED)
        return run

    def _run(self, run: int, lease: leases.Lease, accept_withdrawals: bool, asked: Asked) -> RunReport:
        spool = self._spool(run)
        try:
            if (same := self._same_again(run, lease, accept_withdrawals, asked)) is not None:
                return same
            terms = self.reader.terms(asked)
            judging = self._judge(spool, self._read(spool, terms, self.reader.batches(terms)))
            report = self._store(run, lease, spool, judging, accept_withdrawals)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - the other feeds go on
            said = self._fail(run, error)
            # Whoever took the feed over reads the source now, and settles it.
            notices = () if isinstance(said, LeaseLost) else self.reader.settle(stored=False)
            return replace(failed(self.name, run, said), notices=notices)
        settled = () if asked.limit is not None else self.reader.settle(stored=True)
        return replace(report, notices=(*report.notices, *settled))

    def _same_again(self, run: int, lease: leases.Lease, accept_withdrawals: bool, asked: Asked) -> RunReport | None:
        """End the run by what the last one found, where all of that still stands; None where rows must be read."""
        last = last_run(self._folder) if self._remembers and asked == AS_DECLARED and not accept_withdrawals else None
        if last is None or not last.is_read_by(self.source):
            return None
        with self.database.write() as connection:
            lease.assert_held(connection)
            self.exchange.claim(connection)
            seen = self.grounds.seen(connection, self._identities(connection))
            if self.grounds.digest(connection, seen) != last.rests_on:
                return None
            again = last.stands(connection, self.name, run)
            again = replace(again, rests_on=self.grounds.digest(connection, seen))
            self.reached(Point.STORING)
        self.reached(Point.STORED)
        with suppress(OSError):  # without these files the next run reads its source
            self._spool(last.run).folder.rename(self._spool(run).folder)
            again.keep(self._folder)
        return again.report(self.name, RunError(SAME_CONTENT, run=last.run, places="、".join(last.places)))

    @property
    def _remembers(self) -> bool:
        """Whether what a run finds depends on nothing but its source and what the grounds name."""
        return self.feed.reads == "everything" and self.precedence is None

    def _fail(self, run: int, error: BaseException) -> GatewayError:
        said = error if isinstance(error, GatewayError) else crashed(error)
        runs.fail(self.database, run, said)
        return said

    def _read(self, spool: Spool, terms: Terms, batches: Iterable[Batch]) -> Generator[tuple[int, Batch], None, None]:
        again = again_batches(self._held_before(), self.judge.mapping.demanded)
        spool.begin(replace(terms, again=len(again)))
        writing: deque[Future[None]] = deque()
        try:
            for number, batch in enumerate(chain(again, batches)):
                writing.append(self.executor.submit(spool.write, number, batch))
                yield number, batch
                if len(writing) == _WRITTEN_BEHIND:
                    self._spooled(writing)
            while writing:
                self._spooled(writing)
        finally:
            wait(writing)  # so that nothing is written any more into a folder that is taken away
        spool.complete()
        self.reached(Point.SPOOL_COMPLETE)

    def _spooled(self, writing: deque[Future[None]]) -> None:
        writing.popleft().result()
        self.reached(Point.BATCH_SPOOLED)

    def _judge(self, spool: Spool, batches: Iterable[tuple[int, Batch]]) -> Judging:
        with self.database.read() as connection:
            identities, first = self._identities(connection), self.exchange.is_empty(connection)
        judge = replace(self.judge, identities=identities)
        known = read_known(self._folder, (*self.basis, identities.digest))
        # A feed that knew many rows will want to compare with as many records. SQLite would read them in this very
        # process, at the cost of the judging.
        looks_early = known and self.database.dialect != "sqlite" and not self.precedence
        early = EarlyLook.begin(self.database, self.exchange, self.name) if looks_early else None
        spool.remove_judged()  # a killed run may have judged by another map
        judging = Judging(judge, self.executor, spool.judged, self.reached, known, early, first)
        before = self._held_before()
        judging.again, judging.read_runs = [issue for held in before for issue in held.issues], read_runs(before)
        for number, batch in batches:
            judging.take(number, batch)
        judging.finish()
        if spool.terms.limit is None:
            refuse_too_few(judging.read, self.feed.expect)
        refuse_too_many(judging.read, self.feed.expect)
        return judging

    def _finish_interrupted(self, lease: leases.Lease) -> None:
        """Bring runs to their end that a killed process left behind: store what was read whole, drop the rest."""
        for row in runs.interrupted(self.database, self.name):
            spool = self._spool(row.id)
            if spool.is_complete:
                self._resume(row.id, spool, lease)
            else:
                runs.fail(self.database, row.id, RunError(INTERRUPTED, run=row.id))
                spool.remove()

    def _resume(self, run: int, spool: Spool, lease: leases.Lease) -> None:
        try:
            batches = ((number, spool.read(number, self.messages)) for number in spool.numbers())
            self._store(run, lease, spool, self._judge(spool, batches), accept_withdrawals=False)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - the source can be read anew
            self._fail(run, error)

    def _held_before(self) -> Sequence[HeldRow]:
        """A snapshot gives held rows again by itself; a feed of changes takes them from their issues."""
        if self.feed.reads == "everything":
            return ()
        with self.database.read() as connection:
            return held_rows(connection, self.name)

    def _identities(self, connection: Connection) -> Identities:
        dataset = self.exchange.dataset
        return Identities(dataset, final_keys(connection, dataset.name))

    def _records(self, spool: Spool, judging: Judging) -> SpooledRecords:
        return SpooledRecords(spool, judging.judge, judging.places)

    def _plan(self, connection: Connection, spool: Spool, judging: Judging) -> Plan:
        records = self._records(spool, judging)
        held = self._held(connection, records, judging)
        judging.look_back(held, keys_read.remembered(connection, self.name))
        judging.hold_orphans(self.parents.orphans(connection, records, judging.judged))
        plan = compare(
            judging.judged,
            held,
            latest_decides=self.feed.doubled == "latest",
            snapshot=self.feed.reads == "everything",
        )
        return judging.identities.spared(plan, held, judging.judged)

    def _held(self, connection: Connection, records: SpooledRecords, judging: Judging) -> pl.DataFrame:
        if self.contributing:
            return self.contributing.held(connection, self.name)
        if judging.judged.height <= LOOKED_UP:
            return self.exchange.held(connection, self.name, records.keys())
        early = judging.early.held(connection) if judging.early else None
        return early if early is not None else self.exchange.held(connection, self.name, None)

    def _store(
        self, run: int, lease: leases.Lease, spool: Spool, judging: Judging, accept_withdrawals: bool
    ) -> RunReport:
        terms = spool.terms
        with self.database.write() as connection:
            lease.assert_held(connection)
            self.exchange.claim(connection)
            seen = self.grounds.seen(connection, judging.identities)
            shared = self.contributing.share(connection) if self.contributing else []
            plan = self._plan(connection, spool, judging)
            decision = self._decide(connection, plan, judging, terms, accepted=accept_withdrawals)
            stamp = Stamp(run, self.name, self.feed.department)
            records, withdraw = self._records(spool, judging), decision.records > 0
            broken = self._store_records(connection, plan, records, stamp, shared=shared, withdraw=withdraw)
            merged = withdraw_merged(connection, self.exchange, run)
            found = pl.concat([run_issues.of_run(records, plan, judging, decision.held_back), broken], how="diagonal")
            issues.keep(connection, run, self.name, self.feed.dataset, found, settled=self._settled(judging, terms))
            if self.feed.reads == "changes":
                remember_read_keys(connection, self.name, run, plan, judging)
            else:
                keys_read.forget(connection, self.name)
            self.reader.remember(connection, run, terms, judging)
            counts = Counts.of(plan, judging, decision.records + merged)
            counts.assert_conserved()
            report = RunReport(
                feed=self.name,
                run=run,
                status=counts.status(
                    reported=len(judging.unmapped) + broken.height, held_back=decision.held_back is not None
                ),
                counts=counts,
                seconds=0,
                places=tuple(dict.fromkeys(judging.places)),
                notices=(*_limited(terms), *run_issues.notices(judging, decision.held_back)),
            )
            contents = [asdict(each) for each in judging.read_whole]
            runs.store(connection, run, report.status, counts=asdict(counts), places=report.places, contents=contents)
            rests_on = self.grounds.digest(connection, seen)
            self.reached(Point.STORING)
        self.reached(Point.STORED)
        with suppress(OSError, pl.exceptions.PolarsError):  # what is stored stands, whatever becomes of these files
            self._tidy(run, judging)
            if self._remembers and terms.limit is None and decision.held_back is None:
                LastRun.of(report, rests_on, judging).keep(self._folder)
        return report

    def _store_records(
        self,
        connection: Connection,
        plan: Plan,
        records: SpooledRecords,
        stamp: Stamp,
        *,
        shared: list[str],
        withdraw: bool,
    ) -> pl.DataFrame:
        """Store what the plan changes; the issues of records that only break a rule together with other feeds."""
        if self.contributing:
            return self.contributing.store(connection, plan, records, stamp, shared=shared, withdraw=withdraw)
        store_records(connection, self.exchange, plan, records, self.executor, stamp, withdraw=withdraw)
        return pl.DataFrame(schema=ISSUES)

    def _decide(
        self, connection: Connection, plan: Plan, judging: Judging, terms: Terms, *, accepted: bool
    ) -> Withdrawal:
        """Only a snapshot that was read to its end shows that a record is gone."""
        if terms.limit is not None:
            return Withdrawal(0)
        named = partial(self._named_in_left_out, connection, plan, judging)
        return withdrawal.decide(self.name, self.feed, plan, _keyless(plan, judging), named, accepted=accepted)

    def _named_in_left_out(self, connection: Connection, plan: Plan, judging: Judging) -> tuple[str, str, int] | None:
        """A vanished record that a row left out names."""
        keys = self.exchange.keys_of(connection, plan.vanished.to_list()) if judging.left_out.listed else []
        return judging.left_out.naming(keys, besides=self.feed.department)

    def _settled(self, judging: Judging, terms: Terms) -> pl.Expr | None:
        """A snapshot settles every issue it does not show again; changes those of their keys and of rows seen again.

        What concerns no row, as an unmapped column, is settled by either, if the source was read so far.
        """
        if self.feed.reads == "everything" and terms.limit is None:
            return None
        seen = len(judging.places) > terms.again and terms.limit is None
        of_no_row = pl.col("row").is_null() | (pl.col("code") == LEFT_OUT.code)
        of_the_run = pl.col("record_key").is_null() & of_no_row & pl.lit(seen)
        of_its_keys = frame_hash("record_key").is_in(judging.judged["key"].implode())
        merged_anew = pl.col("code") == BROKEN_TOGETHER.code  # such records are, in each run
        return of_the_run | of_its_keys | merged_anew | pl.col("id").is_in(judging.again)

    def _spool(self, run: int) -> Spool:
        return Spool(self._folder / str(run))

    @property
    def _folder(self) -> Path:
        return self.spools / self.name

    def _tidy(self, run: int, judging: Judging) -> None:
        """Keep only what the last run read, to which a corrected map is applied again, and what it found clean."""
        for spool in self._folder.glob("[0-9]*"):
            if spool.name != str(run):
                Spool(spool).remove()
        self._spool(run).remove_judged()
        clean = judging.judged.filter(pl.col("row_hash").is_not_null() & pl.col("key").is_not_null())
        if clean.height > LOOKED_UP:  # fewer rows are judged sooner than they are looked up
            keep_known(self._folder, (*self.basis, judging.identities.digest), clean.select(*KNOWN))


def _limited(terms: Terms) -> list[RunError]:
    return [RunError(LIMITED, limit=terms.limit)] if terms.limit is not None else []


def _keyless(plan: Plan, judging: Judging) -> int:
    return judging.unreadable + plan.rows["key"].null_count()


MESSAGES = (INTERRUPTED,)
