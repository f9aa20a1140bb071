"""Large snapshots go another way (known rows, an early look); they must end where small ones do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.app import Gateway, opened
from gateway.operations.merge import merge
from gateway.pipeline import inbound
from gateway.pipeline.early_look import EarlyLook
from gateway.pipeline.progress import Point
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from gateway.state.exchange import Exchange
from tests.companies import company, key
from tests.deployment import Deployment, register

PLUGINS = load_plugins()
GARBLED = [{"注册日期": "1998-02-30"}, {"企业类型": "从未见过"}, {"统一社会信用代码": "91370000MISTYPED00"}]
Rows = list[dict[str, str]]


class Side:
    """A deployment with two registers of one dataset; the second is read while the first one is."""

    def __init__(self, folder: Path, url: str, *, large: bool) -> None:
        folder.mkdir()
        self.made, self.large, self.beside = Deployment(folder, url), large, False
        more = {"expect": {"vanish_at_most": "0.5"}}
        self.made.declare(i=self.made.inbound("i.csv", **more), j=self.made.inbound("j.csv", **more))
        self.gateway: Gateway

    def give(self, rows: Rows, others: Rows | None, *, accept: bool) -> Any:
        register(self.made.directory / "i.csv", *rows)
        register(self.made.directory / "j.csv", *(others or []))
        self.beside = others is not None
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(inbound, "LOOKED_UP", 0 if self.large else 10**6)
            report = self.gateway.runner("i").run(accept_withdrawals=accept)  # type: ignore[call-arg]
        assert report.error is None, report.error
        return report.counts, self.state()

    def reached(self, point: Point) -> None:
        if point is Point.SPOOL_COMPLETE and self.beside:
            self.beside = False
            self.gateway.runner("j").run()

    def state(self) -> list[list[tuple[Any, ...]]]:
        own = "record_key, change_number, operation, name, feed, source_row, run"
        return [
            self.made.query(f"SELECT {own}, withdrawn FROM inspection_targets ORDER BY change_number"),
            self.made.query(f"SELECT {own} FROM inspection_targets_history ORDER BY change_number"),
            self.made.query(
                'SELECT feed, code, outcome, status, record_key, "row", value, first_run, last_run FROM issues'
                " ORDER BY feed, identity"
            ),
        ]


@pytest.fixture
def sides(tmp_path: Path, postgresql_url: str) -> Iterator[list[Side]]:
    small = Side(tmp_path / "small", f"sqlite:///{tmp_path / 'small.db'}", large=False)
    large = Side(tmp_path / "large", postgresql_url, large=True)
    with ExitStack() as closing:
        for side in (small, large):
            own = load_settings(side.made.directory, side.made.environ)
            side.gateway = closing.enter_context(opened(own, PLUGINS, reached=side.reached))
        yield [small, large]


def snapshot(chance: random.Random, rows: Rows) -> Rows:
    """The next snapshot: mostly what was there, some rows changed, doubled, mistyped, moved, gone."""
    given = []
    for row in [*rows, *(company(chance.randrange(12)) for _ in range(2))]:
        kind = chance.choice(["same"] * 6 + ["changed", "doubled", "mistyped", "gone"])
        changes = {"changed": {"企业名称": chance.choice("甲乙丙")}, "mistyped": chance.choice(GARBLED)}
        given += [{**row, **changes.get(kind, {})}] * {"gone": 0, "doubled": 2}.get(kind, 1)
    if chance.random() < 0.3:
        chance.shuffle(given)
    return given[:14]


@pytest.mark.parametrize("seed", range(4))
def test_random_snapshots_end_the_same_on_either_way(sides: list[Side], seed: int) -> None:
    chance = random.Random(seed)
    rows = [company(number) for number in range(8)]
    for step in range(6):
        others = [company(chance.randrange(12, 15), chance.choice("甲乙"))] if chance.random() < 0.4 else None
        accept = chance.random() < 0.5
        small, large = (side.give(rows, others, accept=accept) for side in sides)
        assert small == large
        if step == 2:
            for side in sides:
                dataset = side.gateway.datasets["inspection_targets"]
                merge(side.gateway.database, dataset, {key(1): key(3)}, by="张三", reason="换号")
        rows = snapshot(chance, rows)


def test_what_was_stored_after_the_early_look_counts(sides: list[Side], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another feed brings a company while a snapshot is read whose look was before: the row is held, not stored."""
    stale: list[bool] = []
    look = EarlyLook.held

    def watched(self: EarlyLook, connection: Any) -> Any:
        held = look(self, connection)
        stale.append(held is None)
        return held

    monkeypatch.setattr(EarlyLook, "held", watched)
    first = [company(number) for number in range(4)]
    (_, large), rows = sides, [*first, company(9, "甲")]
    large.give(first, None, accept=False)
    large.give(first[::-1], None, accept=False)  # in another order: the same file would not be read again
    early = EarlyLook.begin(large.gateway.database, Exchange(large.gateway.datasets["inspection_targets"]), "i")
    early.looked.result()
    monkeypatch.setattr(EarlyLook, "begin", lambda *_: early)
    counts, state = large.give(rows, [company(9, "乙")], accept=False)
    assert (stale, counts.unchanged, counts.held) == ([False, True], 4, 1)
    assert [row[3:5] for row in state[0] if row[0] == key(9)] == [("乙", "j")]
