"""An inbound run: a source is read into the spool, judged, compared with the exchange and stored in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import polars as pl

from gateway.domain.frame_hash import frame_hash
from gateway.errors import GatewayError, RunError
from gateway.interfaces import Batch, Source
from gateway.messages import Catalogue, Message
from gateway.pipeline import run_issues, withdrawal
from gateway.pipeline.again import batches as again_batches
from gateway.pipeline.compare import UNCHANGED, WAITING, Action, Plan, compare
from gateway.pipeline.feeds import InboundFeed
from gateway.pipeline.judge import Judge
from gateway.pipeline.judging import Judging
from gateway.pipeline.known_rows import KNOWN, keep_known, read_known
from gateway.pipeline.parents import Parents
from gateway.pipeline.progress import Point, Reached
from gateway.pipeline.run_report import Counts, RunReport
from gateway.pipeline.spool import Spool
from gateway.pipeline.spooled_records import SpooledRecords
from gateway.pipeline.store import Stamp, store_records
from gateway.state import issues, leases, runs
from gateway.state.database import Connection, Database
from gateway.state.exchange import LOOKED_UP, Exchange
from gateway.state.held_rows import HeldRow, held_rows

INTERRUPTED = Message(
    "run.interrupted",
    zh="运行 {run} 在读取来源时中断，没有保存任何数据；本次从头重新读取",
    en="run {run} was interrupted while its source was read, nothing of it was stored; the source is read anew",
)
TOO_FEW_ROWS = Message(
    "expect.rows_at_least",
    zh="来源只有 {rows} 行，少于数据流声明的至少 {limit} 行；没有保存任何数据，请核对来源是否完整",
    en="the source has {rows} rows, fewer than the {limit} that the feed expects; nothing was stored, see whether the "
    "source is complete",
)
TOO_MANY_ROWS = Message(
    "expect.rows_at_most",
    zh="来源有 {rows} 行，多于数据流声明的至多 {limit} 行；没有保存任何数据，请核对来源",
    en="the source has {rows} rows, more than the {limit} that the feed expects; nothing was stored, check the source",
)
NO_FILES = Message(
    "run.files",
    zh="文件 {file} 无法读写：{reason}；没有保存任何数据，请检查磁盘空间和目录权限后重新运行",
    en="the file {file} cannot be written or read: {reason}; nothing was stored, check the space on the disk and the "
    "rights to its folder, then run again",
)
CRASHED = Message(
    "run.crashed",
    zh="程序内部错误（{kind}）：{reason}；没有保存任何数据，请把这条信息报告给维护者",
    en="an internal error ({kind}): {reason}; nothing was stored, report this to the maintainers",
)


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

    def run(self, *, accept_withdrawals: bool = False) -> RunReport:
        """Read everything, store what changed; an error leaves the exchange as it was and is part of the report."""
        started = time.monotonic()
        try:
            with leases.hold(self.database, f"feed:{self.name}") as lease:
                self._finish_interrupted(lease)
                report = self._run(self._start(), lease, accept_withdrawals)
        except GatewayError as error:
            report = failed(self.name, None, error)
        return replace(report, seconds=time.monotonic() - started)

    def preview(self, folder: Path) -> tuple[Plan, Judging, pl.DataFrame]:
        """Judge and compare everything, keeping nothing but files in the folder: the plan, the counts, the issues."""
        spool = Spool(folder)
        judging = self._judge(spool, self._read(spool))
        with self.database.read() as connection:
            plan = self._plan(connection, spool, judging)
        decision = withdrawal.decide(self.name, self.feed, plan, _keyless(plan, judging), accepted=False)
        return plan, judging, run_issues.of_run(self._records(spool, judging), plan, judging, decision.held_back)

    def _start(self) -> int:
        run = runs.start(
            self.database,
            feed=self.name,
            direction="inbound",
            dataset=self.feed.dataset,
            stage="reading",
            map_digest=self.map_digest,
        )
        self.reached(Point.RUN_STARTED)
        return run

    def _run(self, run: int, lease: leases.Lease, accept_withdrawals: bool) -> RunReport:
        spool = self._spool(run)
        try:
            judging = self._judge(spool, self._read(spool))
            return self._store(run, lease, spool, judging, accept_withdrawals)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - the other feeds go on
            return failed(self.name, run, self._fail(run, error))

    def _fail(self, run: int, error: BaseException) -> GatewayError:
        said = error if isinstance(error, GatewayError) else crashed(error)
        runs.fail(self.database, run, said)
        return said

    def _read(self, spool: Spool) -> Iterable[tuple[int, Batch]]:
        again = again_batches(self._held_before(), self.judge.mapping.demanded)
        spool.begin(len(again))
        for number, batch in enumerate(chain(again, self.source.read())):
            spool.write(number, batch)
            self.reached(Point.BATCH_SPOOLED)
            yield number, batch
        spool.complete()
        self.reached(Point.SPOOL_COMPLETE)

    def _judge(self, spool: Spool, batches: Iterable[tuple[int, Batch]]) -> Judging:
        known = read_known(self._folder, self.basis)
        judging = Judging(self.judge, self.executor, spool.judged, self.reached, known)
        judging.again = [issue for held in self._held_before() for issue in held.issues]
        for number, batch in batches:
            judging.take(number, batch)
        judging.finish(spool.again)
        self._expect_rows(judging.read)
        return judging

    def _expect_rows(self, rows: int) -> None:
        expect = self.feed.expect
        if rows < expect.rows_at_least:
            raise RunError(TOO_FEW_ROWS, rows=rows, limit=expect.rows_at_least)
        if expect.rows_at_most is not None and rows > expect.rows_at_most:
            raise RunError(TOO_MANY_ROWS, rows=rows, limit=expect.rows_at_most)

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

    def _records(self, spool: Spool, judging: Judging) -> SpooledRecords:
        return SpooledRecords(spool, self.judge, judging.places)

    def _plan(self, connection: Connection, spool: Spool, judging: Judging) -> Plan:
        records = self._records(spool, judging)
        judging.hold_orphans(self.parents.orphans(connection, records, judging.judged))
        keys = records.keys() if judging.judged.height <= LOOKED_UP else None
        held = self.exchange.held(connection, self.name, keys)
        return compare(judging.judged, held, latest_decides=self.feed.doubled == "latest")

    def _store(
        self, run: int, lease: leases.Lease, spool: Spool, judging: Judging, accept_withdrawals: bool
    ) -> RunReport:
        with self.database.write() as connection:
            lease.assert_held(connection)
            self.exchange.claim(connection)
            plan = self._plan(connection, spool, judging)
            decision = withdrawal.decide(
                self.name, self.feed, plan, _keyless(plan, judging), accepted=accept_withdrawals
            )
            stamp = Stamp(run, self.name, self.feed.department)
            records, withdraw = self._records(spool, judging), decision.records > 0
            store_records(connection, self.exchange, plan, records, self.executor, stamp, withdraw=withdraw)
            found = run_issues.of_run(records, plan, judging, decision.held_back)
            issues.keep(connection, run, self.name, self.feed.dataset, found, settled=self._settled(judging))
            counts = _counts(plan, judging, decision.records)
            counts.assert_conserved()
            status = counts.status(reported=len(judging.unmapped), held_back=decision.held_back is not None)
            places = tuple(dict.fromkeys(judging.places))
            runs.finish(connection, run, status=status, stage="stored", counts=asdict(counts), places=places)
            self.reached(Point.STORING)
        self.reached(Point.STORED)
        with suppress(OSError, pl.exceptions.PolarsError):  # what is stored stands, whatever becomes of these files
            self._tidy(run, judging)
        notices = run_issues.notices(judging, decision.held_back)
        return RunReport(
            feed=self.name, run=run, status=status, counts=counts, seconds=0, places=places, notices=notices
        )

    def _settled(self, judging: Judging) -> pl.Expr | None:
        """A snapshot settles every issue it does not show again; changes those of their keys and of rows seen again.

        What concerns no row, as an unmapped column, is settled by either.
        """
        if self.feed.reads == "everything":
            return None
        of_the_run = pl.col("record_key").is_null() & pl.col("row").is_null()
        of_its_keys = frame_hash("record_key").is_in(judging.judged["key"].implode())
        return of_the_run | of_its_keys | pl.col("id").is_in(judging.again)

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
        clean = judging.judged.filter(pl.col("row_hash").is_not_null())
        if clean.height > LOOKED_UP:  # fewer rows are judged sooner than they are looked up
            keep_known(self._folder, self.basis, clean.select(*KNOWN))


def failed(feed: str, run: int | None, error: GatewayError) -> RunReport:
    """The report of a run that stored nothing."""
    return RunReport(feed=feed, run=run, status="failed", counts=Counts(), seconds=0, error=error)


def crashed(crash: BaseException) -> RunError:
    """What is said of a full disk or a mistake of our own; its first line only, since a person reads it."""
    if isinstance(crash, OSError):
        return RunError(NO_FILES, file=str(crash.filename or "-"), reason=crash.strerror or str(crash))
    lines = str(crash).splitlines() or ["-"]
    return RunError(CRASHED, kind=type(crash).__name__, reason=lines[0][:300])


def _keyless(plan: Plan, judging: Judging) -> int:
    return judging.unreadable + plan.rows["key"].null_count()


def _counts(plan: Plan, judging: Judging, withdrawn: int) -> Counts:
    written = plan.count(Action.INSERT, Action.CHANGE)
    return Counts(
        read=judging.read,
        left_out=judging.left_out,
        accepted=written,
        unchanged=plan.count(*UNCHANGED),
        rejected=plan.count(Action.REJECTED) + judging.unreadable,
        held=plan.count(*WAITING),
        withdrawn=withdrawn,
        records=written,
    )


MESSAGES = (INTERRUPTED, TOO_FEW_ROWS, TOO_MANY_ROWS, NO_FILES, CRASHED)
