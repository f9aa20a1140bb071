"""Every faulty input of the corpus: each row is stored right, or set aside with a true sentence; no silent error."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from gateway.app import opened
from gateway.domain.datasets import DATASETS
from gateway.messages import Catalogue
from gateway.operations.issue_sentences import issue_sentence
from gateway.pipeline.progress import Point
from gateway.pipeline.run_report import RunReport
from gateway.pipeline.spool import Spool
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from gateway.state.issue_list import ListedIssue
from tests.corpus.case import Case, Found
from tests.corpus.make import corpus, write
from tests.corpus.maps import write_maps
from tests.deployment import Deployment

CASES = {case.name: case for case in corpus()}
COLUMNS = {
    "inspection_targets": ("identifier", "name", "established_on", "registered_capital", "licence_label"),
    "inspectors": ("inspector_number", "name", "certificate_valid_until"),
}
ISSUE = 'outcome, code, place, "row", field, "column", value, arguments, original'


@dataclass(frozen=True)
class Ran:
    """The corpus, run through one deployment."""

    made: Deployment
    reports: Mapping[str, RunReport]
    messages: Catalogue

    def feed(self, case: Case) -> str:
        return f"case-{list(CASES).index(case.name)}"

    def report(self, case: Case) -> RunReport:
        return self.reports[self.feed(case)]

    def issues(self, case: Case) -> list[ListedIssue]:
        dataset = "inspectors" if case.map.endswith("inspectors") else "inspection_targets"
        rows = self.made.query(f'SELECT {ISSUE} FROM issues WHERE feed = :feed ORDER BY "row"', feed=self.feed(case))
        return [
            ListedIssue(0, self.feed(case), dataset, None, *row, status="open", first_run=1, last_run=1) for row in rows
        ]

    def stored(self, case: Case) -> dict[int, tuple[str, dict[str, Any]]]:
        """By row, the place and the canonical cells that are filled."""
        dataset = "inspectors" if case.map.endswith("inspectors") else "inspection_targets"
        columns = COLUMNS[dataset]
        rows = self.made.query(
            f"SELECT source_row, source, {', '.join(columns)} FROM {dataset} WHERE feed = :feed", feed=self.feed(case)
        )
        return {
            row: (place, {name: str(cell) for name, cell in zip(columns, cells, strict=True) if cell is not None})
            for row, place, *cells in rows
        }

    def left_out(self, case: Case) -> dict[int, str]:
        spool = Spool(self.made.directory / "spool" / self.feed(case) / str(self.report(case).run))
        batches = [spool.read(number, self.messages) for number in spool.numbers()]
        return {line.row: line.message.code for batch in batches for line in batch.left_out}


@pytest.fixture(scope="module")
def corpus_database(postgresql_server: str) -> Iterator[str]:
    """A database that stays as it is from case to case, unlike the one that tests share."""
    name = f"gateway_corpus_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode())
        yield sa.make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("corpus")
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("corpus_database") if on_postgresql else f"sqlite:///{folder / 'gateway.db'}"
    made = Deployment(folder / "deployment", url)
    write(made.directory)
    write_maps(made.directory)
    feeds = {f"case_{number}": _feed(case) for number, case in enumerate(CASES.values())}
    made.declare(**feeds)
    reports = made.run(*(name.replace("_", "-") for name in feeds))
    with opened(load_settings(made.directory, made.environ), load_plugins()) as gateway:
        yield Ran(made, {report.feed: report for report in reports}, gateway.messages)


def _feed(case: Case) -> dict[str, Any]:
    return {
        "direction": "inbound",
        "dataset": "inspectors" if case.map.endswith("inspectors") else "inspection_targets",
        "department": "370000-sjj",
        "source": case.declaration,
        "map": case.map,
    }


def _findings(case: Case, *outcomes: str) -> list[tuple[int, Found]]:
    found: list[tuple[int, Found]] = []
    for row, each in case.rows.items():
        found += [(row, one) for one in ([each] if isinstance(each, Found) else each) if one.outcome in outcomes]
    return found


def _is_blank(found: Found) -> bool:
    return "blank" in found.code


def _whole(sentence: str) -> bool:
    return not re.search(r"\{\w+\}", sentence) and "\n" not in sentence


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_every_row_ends_where_it_must(ran: Ran, name: str) -> None:
    case = CASES[name]
    report = ran.report(case)
    assert report.error is None
    stored = ran.stored(case)
    expected = {row: (case.place, _text(found.cells)) for row, found in _findings(case, "accepted")}
    assert stored == expected
    assert ran.left_out(case) == {row: found.code for row, found in _findings(case, "left_out")}
    issues = [(each.row, each.outcome, each.code, each.column) for each in ran.issues(case) if each.row is not None]
    wanted = [(row, f.outcome, f.code, f.column) for row, f in _findings(case, "rejected", "held", "note")]
    wanted += [(row, "note", "row.left_out", "") for row, found in _findings(case, "left_out") if not _is_blank(found)]
    assert sorted(issues) == sorted(wanted)
    assert [each.code for each in ran.issues(case) if each.row is None] == ([case.reported] if case.reported else [])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_the_rows_add_up(ran: Ran, name: str) -> None:
    case, counts = CASES[name], ran.report(CASES[name]).counts
    ends = {
        outcome: len({row for row, _ in _findings(case, outcome)})
        for outcome in ("accepted", "rejected", "held", "left_out")
    }
    assert {outcome: getattr(counts, outcome) for outcome in ends} == ends
    assert counts.read == counts.accepted + counts.rejected + counts.held


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_every_finding_is_a_true_sentence(ran: Ran, name: str) -> None:
    case = CASES[name]
    values = {(row, found.code): found.value for row, found in _findings(case, "rejected", "held", "note")}
    for issue in ran.issues(case):
        for language in ("zh", "en"):
            assert _whole(issue_sentence(issue, ran.messages, DATASETS, language))
        if issue.row is None:
            continue
        assert issue.place == case.place
        assert issue.original is not None
        expected = values.get((issue.row, issue.code))
        assert expected is None or issue.value == expected


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused])
def test_a_file_that_cannot_be_believed_is_refused_whole(ran: Ran, name: str) -> None:
    case = CASES[name]
    report = ran.report(case)
    assert report.error is not None
    assert (report.status, report.error.message.code) == ("failed", case.refused)
    for language in ("zh", "en"):
        assert _whole(report.error.text(language))
    assert [word for word in case.words if word not in report.error.text("zh")] == []
    assert (ran.stored(case), ran.issues(case)) == ({}, [])


@pytest.mark.parametrize("number", [0, 11])
def test_a_file_that_is_replaced_while_others_are_read_is_not_half_believed(tmp_path: Path, number: int) -> None:
    made = Deployment(tmp_path / "deployment", f"sqlite:///{tmp_path / 'gateway.db'}")
    files = [made.directory / f"part-{at:02}.csv" for at in range(12)]
    made.declare(replaced={**_feed(CASES["gb18030.csv"]), "source": {"type": "csv", "path": "part-*.csv"}})
    write_maps(made.directory)
    for file in files:
        CASES["gb18030.csv"].write(file)

    def replaced(point: Point) -> None:
        if point is Point.BATCH_SPOOLED:
            fresh = files[number].with_suffix(".new")
            fresh.write_bytes(files[number].read_bytes() + b"\n")
            fresh.replace(files[number])

    (report,) = made.run("replaced", reached=replaced)
    assert report.error is not None
    assert (report.status, report.error.message.code) == ("failed", "file.changed")
    assert made.query("SELECT count(*) FROM inspection_targets") == [(0,)]


def _text(cells: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(cell) for name, cell in cells.items()}
