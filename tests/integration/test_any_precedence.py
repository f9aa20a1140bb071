"""Whatever two registers say of the same companies, whoever has the first word: the merged record is the model's."""

from __future__ import annotations

import csv
import json
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
from gateway.operations.merge import merge
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment
from tests.integration.test_precedence import KEY

PLUGINS = load_plugins()
MAP = """\
map: tests/targets
dataset: inspection_targets
fields:
  identifier: {from: 标识}
  identifier_scheme: {constant: local}
  kind: {constant: project}
  name: {from: name}
  phone: {from: phone}
  address: {from: address}
"""
FIELDS = ("name", "phone", "address")
ORDERS: list[Any] = [
    {"feeds": ["a", "b"]},
    {"feeds": ["b", "a"]},
    {"feeds": ["a", "b"], "fields": {"phone": ["b"], "address": ["b", "a"]}},
    {"feeds": ["b", "a"], "fields": {"phone": ["a"]}},
]
CELLS = st.tuples(st.sampled_from("甲乙"), st.sampled_from(["", "1", "2"]), st.sampled_from(["", "路"]))
SAID = st.dictionaries(st.sampled_from(["P1", "P2", "P3", "Q1"]), CELLS, max_size=3)
Said = dict[str, tuple[str, ...]]
NUMBERS = {"P1": "Q1", "P2": "Q2"}  # old → new


class AnyPrecedence(RuleBasedStateMachine):
    """A snapshot `a` and the changes `b`; `said` is what each of them says, `run` which run of theirs stored that."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Said] = {"a": {}, "b": {}}
        self.order: Any = ORDERS[0]
        self.runs = 0
        self.run: dict[tuple[str, str], int] = {}
        self.merged: set[str] = set()
        self.versions = 0
        self.closing = ExitStack()

    @initialize(before=SAID)
    def set_up(self, before: Said) -> None:
        folder = Path(tempfile.mkdtemp(prefix="any-precedence-"))
        self.closing.callback(shutil.rmtree, folder)
        self.made = Deployment(folder, f"sqlite:///{folder / 'gateway.db'}")
        (folder / "mappings" / "tests").mkdir(parents=True)
        (folder / "mappings" / "tests" / "targets.yml").write_text(MAP, encoding="utf-8")
        for feed in "ab":
            reads = {"a": "everything", "b": "changes"}[feed]
            declared = self.made.inbound(f"{feed}.csv", map="tests/targets", department=f"D-{feed}", reads=reads)
            self.made.declare(**{feed: declared})
        self.open()
        self.say("a", before)  # while it need not share its records
        self.declare(self.order)

    def open(self) -> None:
        self.gateway = self.closing.enter_context(
            opened(load_settings(self.made.directory, self.made.environ), PLUGINS)
        )

    @rule(order=st.sampled_from(ORDERS))
    def declare(self, order: Any) -> None:
        self.order = order
        text = json.dumps({"inspection_targets": order})
        (self.made.directory / "config" / "precedence.yml").write_text(text, encoding="utf-8")
        self.open()

    @rule(old=st.sampled_from(list(NUMBERS)), feeds=st.permutations("ab"), before=CELLS, said=SAID, cells=CELLS)
    def get_another_number(
        self, old: str, feeds: list[str], before: tuple[str, ...], said: Said, cells: tuple[str, ...]
    ) -> None:
        """One feed speaks of a company under its old number, another one under its new, or of others only."""
        self.say(feeds[0], {old: before})
        if old not in self.merged:
            pair = {KEY(old): KEY(NUMBERS[old])}
            merge(self.gateway.database, self.gateway.datasets["inspection_targets"], pair, by="张三", reason="换号")
            self.merged.add(old)
        self.say(feeds[1], {**said, NUMBERS[old]: cells} if cells[0] == "甲" else said)

    @rule(feed=st.sampled_from("ab"), said=SAID)
    def say(self, feed: str, said: Said) -> None:
        """A feed gives its register, or what is new in it: records may be new, changed, emptied of a value, or gone."""
        # Both numbers of one company in one file would be a doubled key.
        said = {
            each: cells for each, cells in said.items() if self.living(each) == each or self.living(each) not in said
        }
        with (self.made.directory / f"{feed}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("标识", *FIELDS), *((each, *cells) for each, cells in said.items())])
        report = self.gateway.runner(feed).run(accept_withdrawals=True)  # type: ignore[call-arg]
        assert report.error is None, report.error
        assert report.counts.read == len(said) == report.counts.accepted + report.counts.unchanged
        self.runs += 1
        self.hear(feed, {self.living(each): cells for each, cells in said.items()})
        self.inherit()
        self.compare()

    def living(self, number: str) -> str:
        return NUMBERS[number] if number in self.merged else number

    def hear(self, feed: str, said: Said) -> None:
        before = self.said[feed]
        if feed == "a":
            # A company under an old number did not vanish while it is there under the new one.
            gone = {each for each in before if each not in said and self.living(each) not in {*said, *before} - {each}}
            before = {each: cells for each, cells in before.items() if each not in gone}
        self.run |= {(feed, each): self.runs for each, cells in said.items() if before.get(each) != cells}
        self.said[feed] = before | said

    def inherit(self) -> None:
        """What is said under an old number is said under the new one, once anyone speaks of that."""
        for old in self.merged:
            new = NUMBERS[old]
            if not any(new in said for said in self.said.values()):
                continue
            for feed, said in self.said.items():
                if old in said and (new not in said or self.run[feed, old] > self.run[feed, new]):
                    said[new], self.run[feed, new] = said[old], self.run[feed, old]
                said.pop(old, None)

    @rule()
    def say_the_same(self) -> None:
        """The same registers again make no version."""
        for feed in "ab":
            self.say(feed, self.said[feed])
        before = self.versions
        for feed in "ab":
            self.say(feed, self.said[feed])
        assert self.versions == before

    def compare(self) -> None:
        keys = {key for said in self.said.values() for key in said}
        expected = {key: tuple(self.value(key, at) for at in range(len(FIELDS))) for key in keys}
        found = self.query(f"SELECT identifier, {', '.join(FIELDS)} FROM inspection_targets WHERE withdrawn = 0")
        assert {key: tuple(values) for key, *values in found} == expected
        owners = self.query("SELECT identifier, feed, owner_department FROM inspection_targets WHERE withdrawn = 0")
        first = {key: next(feed for feed in self.order["feeds"] if key in self.said[feed]) for key in keys}
        assert owners == sorted((key, feed, f"D-{feed}") for key, feed in first.items())
        [(self.versions,)] = self.query("SELECT last FROM change_numbers WHERE dataset = 'inspection_targets'")

    def value(self, key: str, at: int) -> str | None:
        first = self.order.get("fields", {}).get(FIELDS[at], [])
        feeds = [*first, *(feed for feed in self.order["feeds"] if feed not in first)]
        values = [self.said[feed][key][at] for feed in feeds if key in self.said[feed]]
        return next(filter(None, values), None)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self.gateway.database.read() as connection:
            return sorted(tuple(row) for row in connection.exec_driver_sql(statement))

    def teardown(self) -> None:
        self.closing.close()


TestAnyPrecedence = AnyPrecedence.TestCase
TestAnyPrecedence.settings = settings(
    max_examples=int(os.environ.get("GATEWAY_TEST_EXAMPLES", "5")),
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
