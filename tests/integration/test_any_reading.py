"""Whatever happens to a department's table and to the runs that read what is new in it: nothing is skipped or twice."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gateway.app import opened
from gateway.operations.merge import merge
from gateway.pipeline.progress import Point
from gateway.pipeline.reading import Asked
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.settings import load_settings
from gateway.state import event_log
from gateway.transport.sql import sqlite
from tests.companies import county_map, key, uscc
from tests.deployment import REQUESTER, SECRET, Deployment
from tests.simulated_platform import SimulatedPlatform

PLUGINS = load_plugins()
LOOK_BACK, BATCH = 2, 2
MAP = """\
map: county/targets
dataset: inspection_targets
fields:
  kind: {from: 类别, steps: [{lookup: {企业: enterprise}}]}
  identifier_scheme: {constant: uscc}
  identifier: {from: 代码}
  name: {from: 名称}
  established_on: {from: 成立, steps: [{date: ["%Y-%m-%d"]}]}
  phone: {from: 电话, steps: [{lookup: {总机: "1"}}]}
ignore: {更新: 只用来判断新旧}
"""
TAUGHT = MAP.replace("{总机:", '{分机: "2", 总机:').replace("{企业:", "{商行: enterprise, 企业:")
CELLS = {
    "": ("2001-01-01", "总机", "企业"),
    "rejected": ("1998-02-30", "总机", "企业"),
    "held": ("2001-01-01", "分机", "企业"),
    "keyless": ("2001-01-01", "总机", "商行"),
}
POINTS = [Point.BATCH_SPOOLED, Point.SPOOL_COMPLETE, Point.BATCH_JUDGED, Point.STORING, Point.STORED]


EDITS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, LOOK_BACK),
        st.sampled_from("甲乙丙"),
        st.sampled_from(["", "", "rejected", "held", "keyless"]),
    ),
    min_size=1,
    max_size=3,
)


WAIT: Any = {
    "company": st.integers(0, 2),
    "wrong": st.sampled_from(["keyless", "keyless", "held"]),
    "then": st.sampled_from(["", "", "rejected", "keyless"]),
    "names": st.permutations("甲乙"),
    "others": EDITS,
}


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Row:
    """A company's row as the table holds it: when it was changed, its name and what is wrong with it."""

    company: int
    code: str
    changed: int
    name: str
    wrong: str


@dataclass(frozen=True)
class Reading:
    """What one run reads: fresh rows, and the position that it leaves."""

    rows: list[Row]
    position: int | None


@dataclass(frozen=True)
class Read:
    """A row as it was read: where it stood, and by the how manieth reading."""

    number: int
    row: Row
    reading: int


class AnyReading(RuleBasedStateMachine):
    """A table of three companies; `in_force` is what the exchange must hold, `waiting` which rows wait for a word."""

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[int, Row] = {}
        self.now = 10
        self.position: int | None = None
        self.pending: Reading | None = None  # of a killed run that had read its source to the end
        self.merged: set[int] = set()
        self.in_force: dict[str, str] = {}
        self.waiting: dict[tuple[int, Row], Read] = {}
        self.readings = 0
        self.last: dict[int, int] = {}  # which reading had the last word of a number that does not wait
        self.two_lives: set[int] = set()  # companies that wrote their new number before the merge was declared
        self.taught = False  # whether the map knows the words that rows wait for
        self.point: Point | None = None  # where the process is killed
        self.passed: set[Point] = set()
        self.closing = ExitStack()

    @initialize(**WAIT)
    def set_up(self, **waiting: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="any-reading-"))
        self.closing.callback(shutil.rmtree, self.folder)
        patched = self.closing.enter_context(pytest.MonkeyPatch.context())
        for name in ("BATCH_ROWS", "_CHUNK_ROWS"):
            patched.setattr(sqlite, name, BATCH)
        offer = PLUGINS.sandbox("shandong")
        served = self.closing.enter_context(serve(offer.open(self.folder / "platform", {REQUESTER: SECRET})))
        self.simulated = SimulatedPlatform(served.url)
        self.simulated.set(deduplicates=False)  # what is sent twice takes effect twice
        self.made = Deployment(self.folder, f"sqlite:///{self.folder / 'gateway.db'}")
        self.change(
            "CREATE TABLE register (代码 TEXT PRIMARY KEY, 名称 TEXT, 成立 TEXT, 电话 TEXT, 类别 TEXT, 更新 INTEGER)"
        )
        cursor = {"column": "更新", "look_back": str(LOOK_BACK)}
        source = {"type": "sql", "url": "sqlite:///outside.db", "table": "register", "cursor": cursor}
        self.made.declare(
            i=self.made.inbound("", source=source, map=county_map(self.folder, MAP), reads="changes"),
            o=self.made.outbound(served.url, retry={"attempts": "2", "first_wait_seconds": "0"}),
        )
        self.gateway = self.closing.enter_context(self.opened())
        for company in range(3):
            self.write(company, 0, "甲", "")
        self.wait_while_others_come(**waiting)

    def opened(self) -> Any:
        return opened(load_settings(self.folder, self.made.environ), PLUGINS, reached=self.reached)

    def reached(self, point: Point) -> None:
        self.passed.add(point)
        if point is self.point:
            raise Killed

    # ------------------------------------------------------------------------------------------ the table

    @rule(edits=EDITS)
    def edit(self, edits: list[tuple[int, int, str, str]]) -> None:
        for each in edits:
            self.write(*each)

    def write(self, company: int, late: int, name: str, wrong: str) -> None:
        """A company is entered or changed, under the time of another row or an earlier one, rightly or wrongly."""
        self.now += late == 0
        self.change("DELETE FROM register WHERE 代码 IN (?, ?)", uscc(company), uscc(company + 5))
        renumbered = name == "丙"  # the table writes new numbers before it should, and old ones when it should not
        if renumbered and company not in self.merged:
            self.two_lives.add(company)
        row = self.table[company] = Row(company, uscc(company + 5 * renumbered), self.now - late, name, wrong)
        self.change("INSERT INTO register VALUES (?, ?, ?, ?, ?, ?)", row.code, name, *CELLS[wrong], row.changed)

    @rule(company=st.integers(0, 2), wait=st.booleans())
    def get_another_number(self, company: int, wait: bool) -> None:
        if company not in self.merged:
            if wait:  # rows under both numbers, which are one from now on
                self.know_the_words(False)
                for name in "甲丙":
                    self.edit_and_read([(company, 0, name, "held")])
            pair = {key(company): key(company + 5)}
            merge(self.gateway.database, self.gateway.datasets["inspection_targets"], pair, by="张三", reason="换号")
            self.merged.add(company)

    @rule(taught=st.booleans())
    def know_the_words(self, taught: bool) -> None:
        """The map comes to know the words, or is put back to what it was."""
        self.finish_pending()
        self.taught = taught
        county_map(self.folder, TAUGHT if taught else MAP)
        self.gateway = self.closing.enter_context(self.opened())

    def change(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.folder / "outside.db")) as outside, outside:
            outside.execute(statement, values)

    # ----------------------------------------------------------------------------------------- the runs

    @rule(edits=EDITS)
    def edit_and_read(self, edits: list[tuple[int, int, str, str]]) -> None:
        self.edit(edits)
        self.read()

    @rule(**WAIT)
    def wait_while_others_come(self, company: int, wrong: str, then: str, names: list[str], others: Any) -> None:
        """A row waits for a word that the map learns only after others have been read, maybe of the same company."""
        self.know_the_words(False)
        self.edit_and_read([(company, 0, names[0], wrong)])
        self.edit_and_read([(company, 0, names[1], then), *others])
        self.now += LOOK_BACK
        self.edit_and_read([((company + 1) % 3, 0, names[0], "")])  # so that the company's row is not read once more
        self.know_the_words(True)
        self.read()

    @rule(since=st.none() | st.integers(0, 4), reset=st.booleans(), limit=st.none() | st.integers(1, 4))
    def read(self, since: int | None = None, reset: bool = False, limit: int | None = None) -> None:
        self.finish_pending()
        if self.position is None or reset:
            since = None  # whoever names a beginning without a position means to skip what is before it
        since = since and max(self.now - since, 0)
        asked = Asked(since=None if since is None else str(since), reset=reset, limit=limit)
        reading = self.reading(asked)
        looked_at = len(self.waiting) + len(reading.rows)
        report = self.run(asked)
        counts = report.counts
        assert report.error is None, report.error
        assert counts.read == looked_at == counts.accepted + counts.unchanged + counts.rejected + counts.held
        self.store(reading)
        self.compare()

    @rule(edits=EDITS, point=st.sampled_from(POINTS), reset=st.booleans())
    def be_killed(self, edits: list[tuple[int, int, str, str]], point: Point, reset: bool) -> None:
        self.finish_pending()
        self.edit(edits)
        reading = self.reading(Asked(reset=reset))
        self.point, self.passed = point, set()
        with suppress(Killed):
            self.run(Asked(reset=reset))
        self.point = None
        if reset:
            self.position = None
        if Point.STORED in self.passed:
            self.store(reading)
        elif Point.SPOOL_COMPLETE in self.passed:
            self.pending = reading
        if Point.STORED in self.passed or Point.SPOOL_COMPLETE not in self.passed:
            self.compare()

    @precondition(lambda self: self.position is not None)
    @rule()
    def find_no_database(self) -> None:
        self.finish_pending()
        file = self.folder / "outside.db"
        file.rename(self.folder / "away.db")
        assert self.run(Asked()).status == "failed"
        (self.folder / "away.db").rename(file)
        self.compare()

    @rule(fault=st.sampled_from(["500", "disconnect", "500_after_commit", "half_answer"]))
    def send_on_a_bad_day(self, fault: str) -> None:
        self.simulated.fail(fault, seconds=0)
        self.send()

    def run(self, asked: Asked) -> Any:
        return self.gateway.runner("i").run(asked=asked)

    def send(self) -> int:
        counts = self.gateway.runner("o").run().counts
        assert counts.refused == 0
        assert set(self.simulated.times_taken().values()) <= {1}
        return int(counts.waiting + counts.unknown)

    # ---------------------------------------------------------------------------------------- the model

    def reading(self, asked: Asked) -> Reading:
        position = None if asked.reset else self.position
        lowest = None if position is None else position - LOOK_BACK
        lowest = lowest if asked.since is None else int(asked.since)
        rows = sorted(self.table.values(), key=lambda row: (row.changed, row.code))
        rows = [row for row in rows if lowest is None or row.changed >= lowest]
        whole = rows
        if asked.limit is not None and asked.limit < len(rows):
            rows, whole = rows[: asked.limit], rows[: asked.limit // BATCH * BATCH]
        reached = [row.changed for row in whole]
        if asked.since is None:
            position = max([*reached, *([] if position is None else [position])], default=None)
        return Reading(rows, position)

    def store(self, reading: Reading) -> None:
        self.position = reading.position
        self.readings += 1
        fresh = [Read(number, row, self.readings) for number, row in enumerate(reading.rows, start=1)]
        looked_at, self.waiting = [*self.waiting.values(), *fresh], {}
        keyed: dict[int, Read] = {}  # by the company's number, the new one plus five
        for each in sorted(looked_at, key=lambda read: read.reading):
            if each.row.wrong == "keyless" and not self.taught:
                self.waiting[each.number, each.row] = each
            else:
                keyed[self.number(each.row)] = each
        for number, each in keyed.items():
            numbers = (number, number - 5) if number - 5 in self.merged else (number,)
            if each.reading >= max(self.last.get(one, 0) for one in numbers):
                self.take(number, each)
        for company in self.merged:
            if key(company + 5) in self.in_force:
                self.in_force.pop(key(company), None)

    def number(self, row: Row) -> int:
        return row.company + 5 * (row.company in self.merged or row.code == uscc(row.company + 5))

    def take(self, number: int, read: Read) -> None:
        """The last word of a number so far."""
        if read.row.wrong == "held" and not self.taught:
            self.waiting[read.number, read.row] = read
            return
        self.last[number] = read.reading
        if read.row.wrong != "rejected":
            self.in_force[key(number)] = read.row.name

    def finish_pending(self) -> None:
        """A killed run that had read its source is stored first; nothing new is there for the run after it."""
        if self.pending:
            reading, self.pending = self.pending, None
            self.store(reading)
            self.run(Asked(limit=1, since=str(self.now + 1)))
            self.compare()

    def compare(self) -> None:
        assert self.query("SELECT record_key, name FROM inspection_targets WHERE withdrawn = 0") == self.in_force
        held = self.query("SELECT original, count(*) FROM issues WHERE outcome = 'held' AND status = 'open' GROUP BY 1")
        assert sum(held.values()) == len(self.waiting)
        with self.gateway.database.read() as connection:
            assert event_log.first_broken(connection) is None

    def query(self, statement: str) -> dict[Any, Any]:
        with self.gateway.database.read() as connection:
            return {row[0]: row[1] for row in connection.exec_driver_sql(statement)}

    # ------------------------------------------------------------------------------------------ the end

    def teardown(self) -> None:
        with self.closing:
            if hasattr(self, "gateway"):
                self.catch_up()
                self.everything_arrived_once()

    def catch_up(self) -> None:
        """One more run of each feed, by a map that knows the word which rows were held for."""
        self.know_the_words(True)
        self.read()
        for company, row in self.table.items():
            if row.wrong != "rejected" and company not in self.two_lives:
                # A merge takes effect with the next row; until then the old number stands.
                numbers = (key(company + 5), key(company))
                assert [self.in_force[each] for each in numbers if each in self.in_force] == [row.name]
        while self.send():
            pass

    def everything_arrived_once(self) -> None:
        with self.gateway.database.read() as connection:
            stored = connection.exec_driver_sql(
                "SELECT record_key, change_number, operation FROM inspection_targets"
                " UNION ALL SELECT record_key, change_number, operation FROM inspection_targets_history ORDER BY 2"
            ).fetchall()
        words = {"insert": "i", "change": "u", "withdraw": "d"}
        expected = [(each, number, words[operation]) for each, number, operation in stored]
        for each in {each for each, _, _ in stored}:
            assert [effect for effect in self.simulated.effects() if effect[0] == each] == [
                version for version in expected if version[0] == each
            ]
        assert len(self.simulated.effects()) == len(expected)
        assert self.simulated.contents() == self.in_force


TestAnyReading = AnyReading.TestCase
TestAnyReading.settings = settings(
    max_examples=int(os.environ.get("GATEWAY_TEST_EXAMPLES", "5")),  # hundreds of them find more, and take minutes
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
