"""Whatever happens to a register and to the platform, in whatever order: rows are counted, versions arrive once."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gateway.app import opened
from gateway.pipeline.run_report import RunReport
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.settings import load_settings
from gateway.state import event_log
from tests.companies import company, key
from tests.deployment import REQUESTER, SECRET, Deployment, register
from tests.simulated_platform import SimulatedPlatform

PLUGINS = load_plugins()
DELIVER_FAULTS = [
    "500",
    "429",
    "html",
    "disconnect",
    "500_after_commit",
    "half_answer",
    "truncated_answer",
    "broken_json",
]
FIND_FAULTS = ["500", "429", "html", "disconnect", "truncated_answer", "broken_json"]

# What is wrong with a row, and whether its key can still be read.
GARBLED: dict[str, tuple[dict[str, str], bool]] = {
    "date": ({"注册日期": "1998-02-30"}, True),
    "type": ({"企业类型": "从未见过"}, True),
    "code": ({"统一社会信用代码": "91370000MISTYPED00"}, False),
}


NUMBERS = st.integers(0, 2)
NAMES = st.sampled_from(["甲", "乙", "丙"])
EDITS = st.one_of(
    st.tuples(st.sampled_from(["enter", "strike", "double"]), NUMBERS, NAMES),
    st.tuples(st.just("garble"), NUMBERS, st.sampled_from(list(GARBLED))),
)


class AnyHistory(RuleBasedStateMachine):
    """A register of a few companies, a gateway, a platform; `expected` is what the exchange must hold in force."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[int, str, str]] = []  # number, name, what is wrong with it
        self.expected: dict[str, str] = {}
        self.closing = ExitStack()

    @initialize()
    def set_up(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="any-history-"))
        self.closing.callback(shutil.rmtree, folder)
        offer = PLUGINS.sandbox("shandong")
        served = self.closing.enter_context(serve(offer.open(folder / "platform", {REQUESTER: SECRET})))
        self.simulated = SimulatedPlatform(served.url)
        self.simulated.set(deduplicates=False)  # what is sent twice takes effect twice
        self.made = Deployment(folder, f"sqlite:///{folder / 'gateway.db'}")
        retry = {"attempts": "2", "first_wait_seconds": "0", "longest_wait_seconds": "0.01"}
        self.made.declare(
            i=self.made.inbound("r.csv", expect={"vanish_at_most": "1"}),
            o=self.made.outbound(served.url, retry=retry, parallel="2"),
        )
        own = load_settings(folder, self.made.environ)
        self.gateway = self.closing.enter_context(opened(own, PLUGINS))
        self.runners = {feed: self.gateway.runner(feed) for feed in ("i", "o")}
        self.edit_and_read([("enter", number, "甲") for number in range(3)], accept=False)

    @rule(edits=st.lists(EDITS, min_size=1, max_size=4), accept=st.booleans())
    def edit_and_read(self, edits: list[tuple[str, int, str]], accept: bool) -> None:
        for kind, number, value in edits:
            getattr(self, kind)(number, value)
        rows = [company(number, name, **GARBLED[wrong][0] if wrong else {}) for number, name, wrong in self.rows]
        register(self.made.directory / "r.csv", *rows)
        counts = self.run("i", accept_withdrawals=accept).counts
        assert counts.read == len(rows) == counts.accepted + counts.unchanged + counts.rejected + counts.held
        self.expected = self.after_reading(accept)
        assert self.held() == self.expected

    @rule(fails=st.sampled_from(DELIVER_FAULTS), then=st.sampled_from([None, None, *FIND_FAULTS]))
    def send_on_a_bad_day(self, fails: str, then: str | None) -> None:
        self.simulated.fail(fails, seconds=0)
        if then:
            self.simulated.fail(then, request="find", seconds=0)
        self.send()

    # ------------------------------------------------------------------------------------- the register

    def enter(self, number: int, name: str) -> None:
        """A company is entered, or entered otherwise."""
        self.rows = [row for row in self.rows if row[0] != number] + [(number, name, "")]

    def strike(self, number: int, _: str) -> None:
        """A company is struck off."""
        self.rows = [row for row in self.rows if row[0] != number]

    def double(self, number: int, name: str) -> None:
        """A company is entered a second time."""
        self.rows.append((number, name, ""))

    def garble(self, number: int, how: str) -> None:
        """A company is mistyped."""
        self.rows = [(*row[:2], how) if row[0] == number else row for row in self.rows]

    # ----------------------------------------------------------------------------------------- the runs

    def send(self) -> int:
        """Run the outbound feed and give how many versions it left behind."""
        counts = self.run("o").counts
        assert counts.selected == counts.delivered + counts.refused + counts.waiting + counts.unknown
        assert counts.refused == 0
        assert set(self.simulated.times_taken().values()) <= {1}
        return counts.waiting + counts.unknown

    def run(self, feed: str, **more: bool) -> RunReport:
        report = self.runners[feed].run(**more)
        assert report.error is None, report.error
        with self.gateway.database.read() as connection:
            assert event_log.first_broken(connection) is None
        return report

    def after_reading(self, accept: bool) -> dict[str, str]:
        """What the exchange must hold in force, worked out in the plainest way."""
        readable = [row for row in self.rows if not row[2] or GARBLED[row[2]][1]]
        guarded = len(readable) < len(self.rows) and not accept
        claimed = {number for number, _, _ in readable}
        kept = {each: name for each, name in self.expected.items() if guarded or each in map(key, claimed)}
        for number in claimed:
            rows = [row for row in readable if row[0] == number]
            if len(rows) == 1 and not rows[0][2]:
                kept[key(number)] = rows[0][1]
        return kept

    # ------------------------------------------------------------------------------------------ the end

    def held(self) -> dict[str, str]:
        return dict(self.query("SELECT record_key, name FROM inspection_targets WHERE withdrawn = 0"))

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.gateway.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def teardown(self) -> None:
        with self.closing:
            if not hasattr(self, "gateway"):
                return
            while self.send():
                pass
            self.everything_arrived_once()

    def everything_arrived_once(self) -> None:
        stored = self.query(
            "SELECT record_key, change_number, operation FROM inspection_targets"
            " UNION ALL SELECT record_key, change_number, operation FROM inspection_targets_history ORDER BY 2"
        )
        words = {"insert": "i", "change": "u", "withdraw": "d"}
        arrived = sorted(self.simulated.effects(), key=lambda effect: effect[1])
        assert arrived == [(each, number, words[operation]) for each, number, operation in stored]
        assert self.simulated.contents() == self.held()
        assert self.query("SELECT count(*) FROM deliveries WHERE status <> 'delivered' OR receipt IS NULL") == [(0,)]
        assert self.query("SELECT count(*) FROM documents WHERE status <> 'settled'") == [(0,)]


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=int(os.environ.get("GATEWAY_TEST_EXAMPLES", "6")),  # hundreds of them find more, and take minutes
    stateful_step_count=10,
    deadline=None,
    phases=[Phase.generate],  # so few steps can be read as they are, and making them fewer takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
