"""A source that holds what the last run read is not read again, and the run ends as one that did read it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.app import Gateway, opened
from gateway.errors import StartError
from gateway.operations.merge import merge
from gateway.pipeline.progress import Point
from gateway.pipeline.reading import Asked
from gateway.pipeline.same_content import SAME_CONTENT
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from gateway.state.database import Database
from tests.companies import company, county_map, key, uscc
from tests.deployment import REGISTRY_MAP, Deployment, register

PLUGINS = load_plugins()
GARBLED = [{"注册日期": "1998-02-30"}, {"企业类型": "从未见过"}, {"统一社会信用代码": "91370000MISTYPED00"}]
SHIPPED_MAP = Path(__file__).parents[2] / "mappings" / f"{REGISTRY_MAP}.yml"
XSD = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="列表"><xs:complexType><xs:sequence>
<xs:element name="企业" maxOccurs="unbounded"><xs:complexType><xs:sequence>{elements}</xs:sequence></xs:complexType>
</xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>
"""
Rows = list[dict[str, str]]
FEW = [company(1), company(2), company(3, **GARBLED[0]), company(4, **GARBLED[1])]


def state(made: Deployment) -> list[list[tuple[Any, ...]]]:
    own = "record_key, digest, change_number, operation, name, feed, source, source_row, run, withdrawn"
    found = (
        'feed, identity, code, outcome, status, record_key, place, "row", value, first_run, last_run, read_run, said'
    )
    ran = "SELECT id, feed, status, stage, counts, places FROM runs ORDER BY id"
    return [
        made.query(f"SELECT {own} FROM inspection_targets ORDER BY change_number"),
        made.query(f"SELECT {own} FROM inspection_targets_history ORDER BY change_number"),
        made.query(f"SELECT {found} FROM issues ORDER BY feed, identity"),
        [(*row, _plain(counts), _plain(places)) for *row, counts, places in made.query(ran)],
    ]


def _plain(value: Any) -> Any:
    """JSON as SQLite gives it by text and PostgreSQL does not."""
    return json.loads(value) if isinstance(value, str) else value


def same_as(made: Deployment) -> dict[int, int]:
    """By the log of events, the runs that read no row, each with the one whose findings it took over."""
    logged = made.query("SELECT detail FROM event_log WHERE action = 'run.finished' ORDER BY number")
    details = [json.loads(detail) for (detail,) in logged]
    return {each["run"]: each["same_as"] for each in details if "same_as" in each}


# ------------------------------------------------------------------------------------------- random histories


class Side:
    """A deployment of two feeds of one dataset; one that `forgets` reads its source in every run."""

    def __init__(self, folder: Path, url: str, *, forgets: bool) -> None:
        folder.mkdir()
        self.made, self.forgets = Deployment(folder, url), forgets
        self.gateway: Gateway

    def write(self, texts: dict[str, Rows], share: str, note: str) -> None:
        """Put everything there as a step left it: files, feeds, and a map of its own with a note."""
        for old in self.made.directory.glob("*.csv"):
            old.unlink()
        for name, rows in texts.items():
            register(self.made.directory / name, *rows)
        self.made.declare(i=self.made.inbound("i*.csv", expect={"vanish_at_most": share}), j=self.made.inbound("j.csv"))
        county_map(self.made.directory, f"# {note}\n{SHIPPED_MAP.read_text(encoding='utf-8')}", REGISTRY_MAP)

    def merge(self, old: str, new: str) -> None:
        """Declare it, where it can be declared."""
        with suppress(StartError):
            merge(
                self.gateway.database, self.gateway.datasets["inspection_targets"], {old: new}, by="张三", reason="换号"
            )

    def run(self, feed: str, *, accept: bool) -> Any:
        if self.forgets:
            (self.made.directory / "spool" / feed / "last-run.json").unlink(missing_ok=True)
        report = replace(self.gateway).runner(feed).run(accept_withdrawals=accept)  # type: ignore[call-arg]
        return report.counts, report.status, report.error and report.error.message, state(self.made)


@pytest.fixture(params=["sqlite", "postgresql"])
def sides(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Side]]:
    url = f"sqlite:///{tmp_path / 'a.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    both = [
        Side(tmp_path / "remembering", url, forgets=False),
        Side(tmp_path / "reading", f"sqlite:///{tmp_path / 'b.db'}", forgets=True),
    ]
    with ExitStack() as closing:
        for side in both:
            side.write({}, "1", "")
            settings = load_settings(side.made.directory, side.made.environ)
            side.gateway = closing.enter_context(opened(settings, PLUGINS))
        yield both


@pytest.mark.parametrize("seed", range(2))
def test_random_histories_end_the_same_whether_rows_are_read_or_not(sides: list[Side], seed: int) -> None:
    """The feeds dispute a few companies, whose keys are merged; most often nothing changes in a feed's own files."""
    chance, share, note = random.Random(seed), "0.4", ""
    disputed = [company(0), company(6)]
    texts: dict[str, Rows] = {"i1.csv": [*FEW, *disputed], "i2.csv": [company(5)], "j.csv": disputed}
    for step in range(20):
        kind = chance.choice([*["again"] * 5, "rows", "name", "other", "other", "merge", "share", "map"])
        kind = kind if step else "other"
        number, accept = chance.randrange(9), chance.random() < 0.2
        if kind == "rows":
            rows = [*FEW, *disputed, company(number, chance.choice("甲乙丙"))]
            texts["i1.csv"] = [each for each in rows if chance.random() < 0.8]
        elif kind == "name":
            texts = {{"i2.csv": "i3.csv", "i3.csv": "i2.csv"}.get(name, name): rows for name, rows in texts.items()}
        elif kind == "other":
            texts["j.csv"] = [company(number % 6, "丁"), *disputed][number % 3 :]
        elif kind == "share":
            share = f"0.{number + 1}"
        elif kind == "map":
            note = str(number)
        for side in sides:
            side.write(texts, share, note)
            if kind == "merge":
                side.merge(key(1 + number % 5), key(10 + number))
        if kind == "other":
            remembering, reading = (side.run("j", accept=True) for side in sides)
            assert remembering == reading
        remembering, reading = (side.run("i", accept=accept) for side in sides)
        assert remembering == reading
    assert len(same_as(sides[0].made)) >= 2
    assert same_as(sides[1].made) == {}


# ------------------------------------------------------------------------------------------------ one by one


def test_the_same_file_is_not_read_again_and_the_run_says_so(on_either: Deployment) -> None:
    made = on_either
    register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv"))
    [first], [second] = made.run("i"), made.run("i")
    assert (second.counts.read, second.counts.unchanged, second.counts.accepted) == (4, 2, 0)
    assert (second.counts.rejected, second.counts.held) == (first.counts.rejected, first.counts.held) == (1, 1)
    assert [notice.message for notice in second.notices] == [SAME_CONTENT]
    assert (second.notices[0].values["run"], second.status) == (first.run, "with_issues")
    assert same_as(made) == {2: 1}
    assert made.query("SELECT DISTINCT first_run, last_run, status FROM issues") == [(1, 2, "open")]
    [third] = made.run("i")
    assert same_as(made) == {2: 1, 3: 2}
    assert third.counts == second.counts
    assert [file.name for file in (made.directory / "spool" / "i").glob("[0-9]*")] == ["3"]


def test_what_was_read_stands_in_the_log_by_its_bytes(made: Deployment) -> None:
    file = register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv"))
    made.run("i")
    [(detail,)] = made.query("SELECT detail FROM event_log WHERE action = 'run.finished'")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.loads(detail)["contents"] == [{"digest": digest, "name": "r.csv"}]


def test_an_issue_that_was_closed_by_hand_is_open_again(made: Deployment) -> None:
    register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv"))
    made.run("i")
    database = Database(made.database_url)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE issues SET status = 'closed'"))
    database.close()
    made.run("i")
    assert same_as(made) == {2: 1}
    assert made.query("SELECT status, last_run FROM issues") == [("open", 2)] * 2


def test_what_another_machine_stored_in_between_counts(on_either: Deployment) -> None:
    """A deployment with a spool of its own at the same database: the content comes back as a third version."""
    made, spools = on_either, [on_either.directory / "spool", on_either.directory / "spool-of-the-other"]
    made.declare(i=made.inbound("r.csv"))
    for name in ("甲", "乙", "甲"):
        register(made.directory / "r.csv", company(1, name))
        [report] = made.run("i")
        assert report.counts.accepted == 1
        spools[0].rename(made.directory / "aside")
        if spools[1].exists():
            spools[1].rename(spools[0])
        (made.directory / "aside").rename(spools[1])
    assert made.query("SELECT name, change_number FROM inspection_targets") == [("甲", 3)]


@pytest.mark.parametrize("asked", [{"accept_withdrawals": True}, {"asked": Asked(limit=2)}])
def test_a_run_of_which_more_is_asked_reads(made: Deployment, asked: dict[str, Any]) -> None:
    register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv"))
    made.run("i")
    made.run("i", **asked)
    assert same_as(made) == {}
    made.run("i")
    assert same_as(made) == ({} if "asked" in asked else {3: 2})


def test_withdrawals_that_were_held_back_are_held_back_again(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv"))
    register(made.directory / "r.csv", *(company(number) for number in range(4)))
    made.run("i")
    register(made.directory / "r.csv", company(1))
    reports = [*made.run("i"), *made.run("i")]
    assert [(report.status, report.counts.withdrawn) for report in reports] == [("held", 0)] * 2
    assert same_as(made) == {}


def test_a_schema_beside_an_xml_file_is_held_against_it_each_time(made: Deployment) -> None:
    cells = {"代码": uscc(1), "名称": "甲", "类别": "企业", "省份": "山东", "版本": "1"}
    source = {"type": "xml", "path": "r.xml", "rows": "列表/企业", "xsd": "r.xsd", "columns": list(cells)}
    made.declare(i=made.inbound("", source=source, map=county_map(made.directory)))
    row = "".join(f"<{name}>{value}</{name}>" for name, value in cells.items())
    (made.directory / "r.xml").write_text(f"<列表><企业>{row}</企业></列表>", encoding="utf-8")
    schema = XSD.format(elements="".join(f'<xs:element name="{name}" type="xs:string"/>' for name in cells))
    (made.directory / "r.xsd").write_text(schema, encoding="utf-8")
    [first] = made.run("i")
    (made.directory / "r.xsd").write_text(schema.replace("xs:string", "xs:date"), encoding="utf-8")
    [second] = made.run("i")
    assert (first.counts.accepted, second.counts.rejected) == (1, 1)


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"run": 1}', '{"contents": [{}]}'])
def test_a_spoilt_memory_means_reading(made: Deployment, spoilt: str) -> None:
    register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv"))
    made.run("i")
    (made.directory / "spool" / "i" / "last-run.json").write_text(spoilt, encoding="utf-8")
    [second] = made.run("i")
    assert (second.error, second.counts.unchanged, same_as(made)) == (None, 2, {})


@pytest.mark.parametrize("point", [Point.RUN_STARTED, Point.STORING, Point.STORED])
def test_a_killed_run_ends_like_an_undisturbed_one(on_either: Deployment, point: Point) -> None:
    made = on_either
    register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv"))
    made.run("i")
    script = Path(__file__).with_name("killed_run.py")
    command = [sys.executable, str(script), str(made.directory), point.value, "i"]
    killed = subprocess.run(command, env={**os.environ, **made.environ}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    [last] = made.run("i")
    assert (last.counts.read, last.counts.unchanged, last.counts.rejected, last.counts.held) == (4, 2, 1, 1)
    assert made.query("SELECT status, last_run FROM issues") == [("open", last.run)] * 2
    assert made.query("SELECT count(*) FROM inspection_targets") == [(2,)]
    assert same_as(made) == ({2: 1} if point is Point.STORED else {last.run: 1})


def test_a_feed_of_changes_reads_the_same_file_again(made: Deployment) -> None:
    """Rows that it holds are looked at beside those of the file, and its issues stay open until they are settled."""
    register(made.directory / "r.csv", *FEW)
    made.declare(i=made.inbound("r.csv", reads="changes"))
    reports = [*made.run("i"), *made.run("i")]
    assert [report.counts.accepted for report in reports] == [2, 0]
    assert same_as(made) == {}
