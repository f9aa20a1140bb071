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
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment

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
SAID = st.dictionaries(st.sampled_from(["P1", "P2", "P3"]), CELLS, max_size=3)
Said = dict[str, tuple[str, ...]]


class AnyPrecedence(RuleBasedStateMachine):
    """`said` is what each feed said when it last ran; `in_force` what the exchange must hold by the order of then."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Said] = {"a": {}, "b": {}}
        self.order: Any = ORDERS[0]
        self.in_force: Said = {}
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
            declared = self.made.inbound(f"{feed}.csv", map="tests/targets", department=f"D-{feed}")
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

    @rule(feed=st.sampled_from("ab"), said=SAID)
    def say(self, feed: str, said: Said) -> None:
        """A feed gives its register: records may be new, changed, emptied of a value, or gone."""
        with (self.made.directory / f"{feed}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("标识", *FIELDS), *((each, *cells) for each, cells in said.items())])
        report = self.gateway.runner(feed).run(accept_withdrawals=True)  # type: ignore[call-arg]
        assert report.error is None, report.error
        assert report.counts.read == len(said) == report.counts.accepted + report.counts.unchanged
        self.said[feed] = said
        self.compare()

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
