"""The real registrations of two provinces, from their files to the receipts of the simulated platform of 山东."""

from __future__ import annotations

import csv
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from tests.deployment import REQUESTER, SECRET, Deployment

FILES = {"山东_1997": 3489, "山东_1998": 5537, "河北_1998": 2622, "河北_1999": 3340}
FEEDS = {"山东_1997": "sd97", "山东_1998": "sd98", "河北_1998": "hb98", "河北_1999": "hb99"}
LOWER_CASE = {704, 2411}  # lines of 山东_1997 whose code is written with a small x


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[str]:
    offer = load_plugins().sandbox("shandong")
    with serve(offer.open(tmp_path / "platform", {REQUESTER: SECRET})) as served:
        yield served.url


@pytest.fixture(params=["sqlite", "postgresql"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path, registry_folder: Path, platform: str) -> Deployment:
    url = f"sqlite:///{tmp_path / 'g.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    made = Deployment(tmp_path, url)
    made.declare(**{FEEDS[name]: made.inbound(registry_folder / f"{name}.csv") for name in FILES})
    made.declare(out=made.outbound(platform, where={"province": "山东"}))
    return made


def test_every_row_of_the_four_files_is_accepted_and_shandong_gets_its_receipts(
    deployment: Deployment, platform: str
) -> None:
    *inbound, outbound = deployment.run(*FEEDS.values(), "out")
    for (name, rows), report in zip(FILES.items(), inbound, strict=True):
        counts = report.counts
        assert (counts.read, counts.accepted, counts.rejected, counts.held) == (rows, rows, 0, 0), name
    sent = FILES["山东_1997"] + FILES["山东_1998"]
    assert (outbound.counts.selected, outbound.counts.delivered) == (sent, sent)
    receipts = deployment.query(
        "SELECT t.record_key, count(d.receipt) FROM inspection_targets t LEFT JOIN deliveries d"
        " ON d.record_key = t.record_key AND d.status = 'delivered' WHERE t.province = '山东' GROUP BY t.record_key"
    )
    assert len(receipts) == sent
    assert {count for _, count in receipts} == {1}
    with urllib.request.urlopen(f"{platform}/_sandbox/effects") as answer:
        effects = [key for key, _, _ in json.load(answer)["effects"]]
    assert sorted(effects) == sorted(key for key, _ in receipts)


def test_the_two_lower_case_codes_are_accepted_with_a_note(deployment: Deployment) -> None:
    deployment.run("sd97")
    notes = deployment.query("SELECT code, outcome, row FROM issues ORDER BY row")
    assert notes == [("map.upper", "note", row) for row in sorted(LOWER_CASE)]
    keys = deployment.query("SELECT identifier FROM inspection_targets WHERE source_row IN (704, 2411)")
    assert all(identifier == identifier.upper() for (identifier,) in keys)
    assert len(keys) == len(LOWER_CASE)


def test_a_second_run_makes_no_version_document_or_issue_and_sends_nothing(deployment: Deployment) -> None:
    deployment.run(*FEEDS.values(), "out")
    before = _made(deployment)
    *inbound, outbound = deployment.run(*FEEDS.values(), "out")
    assert [report.counts.unchanged for report in inbound] == list(FILES.values())
    assert sum(report.counts.accepted for report in inbound) == 0
    assert outbound.counts.selected == 0
    assert _made(deployment) == before


def _made(deployment: Deployment) -> dict[str, object]:
    tables = ("inspection_targets", "inspection_targets_history", "documents", "deliveries", "receipts", "issues")
    counts = {table: deployment.query(f"SELECT count(*) FROM {table}") for table in tables}
    return {**counts, "versions": deployment.query("SELECT last FROM change_numbers")}


# --------------------------------------------------------------------------------------------- planted faults


def _wrong_check(cells: list[str]) -> list[str]:
    last = "0" if cells[1][-1] != "0" else "1"
    return [cells[0], cells[1][:-1] + last, *cells[2:]]


def _with(column: int, value: str) -> Callable[[list[str]], list[str]]:
    return lambda cells: [*cells[:column], value, *cells[column + 1 :]]


# kind → how a row's cells are spoilt, the code of the reason, and where the row ends
KINDS: dict[str, tuple[Callable[[list[str]], list[str]], str, str]] = {
    "failing check character": (_wrong_check, "identifier.uscc", "rejected"),
    "missing name": (_with(0, ""), "field.required", "rejected"),
    "impossible date": (_with(2, "1998-02-30"), "map.date", "rejected"),
    "unknown type": (_with(3, "外星企业"), "field.code", "held"),
    "doubled key": (lambda cells: cells, "key.doubled", "held"),  # the code of the clean row before it
    "extra cell": (lambda cells: [*cells, "多出的一格"], "csv.too_many_cells", "rejected"),
    "missing cell": (lambda cells: cells[:-1], "csv.too_few_cells", "rejected"),
    "over-long value": (_with(9, "长" * 301), "field.length", "rejected"),
    "control character": (_with(9, "光明路\x071号"), "field.control", "rejected"),
    "unclosed quote": (_with(9, '"光明路1号'), "csv.unclosed_quote", "rejected"),
}
EACH = 20


def _spoil(source: Path, target: Path) -> dict[int, tuple[str, str]]:
    """Plant 20 faults of each kind; return for each line that must not pass its reason and outcome."""
    lines = source.read_text(encoding="utf-8").splitlines()
    plain = [n for n in range(1, len(lines)) if '"' not in lines[n] and lines[n].count(",") == 9 and n % 3 == 0]
    places = iter(plain)
    expected: dict[int, tuple[str, str]] = {}
    for kind, (spoilt, code, outcome) in KINDS.items():
        for _ in range(EACH):
            place = next(places)
            cells = lines[place].split(",")
            if kind == "doubled key":
                before = next(n for n in range(place - 1, 0, -1) if '"' not in lines[n] and n + 1 not in expected)
                cells = [cells[0], lines[before].split(",")[1], *cells[2:]]
                expected[before + 1] = (code, outcome)
            lines[place] = ",".join(spoilt(cells))
            expected[place + 1] = (code, outcome)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return expected


def test_of_200_planted_faults_exactly_those_rows_stop_each_with_its_line_and_reason(
    deployment: Deployment, registry_folder: Path, tmp_path: Path
) -> None:
    source, copy = registry_folder / "山东_1998.csv", tmp_path / "copy.csv"
    expected = _spoil(source, copy)
    deployment.declare(copy_in=deployment.inbound("copy.csv"))
    (report,) = deployment.run("copy-in")
    found = deployment.query("SELECT row, code, outcome, place FROM issues WHERE outcome <> 'note'")
    assert {row: (code, outcome) for row, code, outcome, _ in found} == expected
    assert {place for *_, place in found} == {"copy.csv"}
    stopped = report.counts.rejected + report.counts.held
    assert stopped == len(expected) == len(KINDS) * EACH + EACH
    assert report.counts.read == FILES["山东_1998"]
    assert report.counts.accepted == FILES["山东_1998"] - len(expected)
    _assert_the_good_rows_are_untouched(deployment, source, expected)


def _assert_the_good_rows_are_untouched(
    deployment: Deployment, source: Path, expected: dict[int, tuple[str, str]]
) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        codes = {cells[1].upper() for cells in reader if reader.line_num not in expected}
    stored = {identifier for (identifier,) in deployment.query("SELECT identifier FROM inspection_targets")}
    assert stored == codes
