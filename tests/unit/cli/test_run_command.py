"""`run` reports on every feed, keeps stdout for the report, and tells by its exit code how it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.run import chosen, exit_code
from gateway.pipeline.feeds import load_feeds
from gateway.pipeline.run_report import Counts, RunReport

FIELDS = [
    *("feed", "run", "status", "read", "left_out", "accepted", "unchanged", "rejected", "held", "withdrawn"),
    *("records", "selected", "delivered", "refused", "waiting", "unknown", "seconds"),
]


def _report(status: str = "succeeded", **counts: int) -> RunReport:
    return RunReport(feed="a", run=1, status=status, counts=Counts(**counts), seconds=0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reports", "code"),
    [
        ([], 0),
        ([_report(read=2, accepted=2)], 0),
        ([_report("with_issues", selected=1, waiting=1)], 0),
        ([_report("with_issues")], 0),
        ([_report("with_issues", rejected=1)], 3),
        ([_report("with_issues", held=1)], 3),
        ([_report("with_issues", refused=1)], 3),
        ([_report("with_issues", unknown=1)], 3),
        ([_report("held")], 3),
        ([_report("failed")], 1),
        ([_report("with_issues", rejected=1), _report("failed"), _report()], 1),
    ],
)
def test_the_exit_code_tells_how_it_went(reports: list[RunReport], code: int) -> None:
    assert exit_code(reports) == code


def test_all_runs_inbound_feeds_before_outbound_ones_in_declared_order(tmp_path: Path) -> None:
    out = "{direction: outbound, dataset: departments, profile: p, destination: {name: n, type: t}}"
    into = "{direction: inbound, dataset: departments, department: d, map: m, source: {type: t}}"
    (tmp_path / "1.yml").write_text(f"z-out: {out}\ny-in: {into}\n", encoding="utf-8")
    (tmp_path / "2.yml").write_text(f"x-in: {into}\na-out: {out}\n", encoding="utf-8")
    assert chosen(load_feeds(tmp_path), [], every=True) == ["y-in", "x-in", "z-out", "a-out"]


def test_named_feeds_run_in_the_order_they_are_named_each_once(call: Any, deployment: Path) -> None:
    said = call("run", "market-regulation", "departments", "market-regulation", "--json", "--dir", deployment)
    assert [row["feed"] for row in json.loads(said.out)] == ["market-regulation", "departments"]


def test_json_is_one_object_a_feed_with_exactly_these_fields_and_nothing_else(call: Any, deployment: Path) -> None:
    said = call("run", "market-regulation", "--json", "--dir", deployment)
    (row,) = json.loads(said.out)
    assert (list(row), said.err) == (FIELDS, "")
    told = {name: value for name, value in row.items() if value and name not in {"run", "seconds"}}
    assert (told, said.code) == (
        {
            "feed": "market-regulation",
            "status": "with_issues",
            "read": 300,
            "unchanged": 286,
            "rejected": 9,
            "held": 5,
        },
        3,
    )


def test_one_failing_feed_does_not_stop_the_others(call: Any, deployment: Path) -> None:
    (deployment / "departments" / "market_regulation.csv").unlink()
    said = call("run", "market-regulation", "departments", "--json", "--dir", deployment)
    assert [row["status"] for row in json.loads(said.out)] == ["failed", "with_issues"]
    assert said.code == 1


def test_why_a_feed_failed_stands_under_the_table(call: Any, deployment: Path) -> None:
    (deployment / "departments" / "market_regulation.csv").unlink()
    said = call("run", "market-regulation", "--dir", deployment)
    assert "market-regulation：" in said.out
    assert "market_regulation.csv" in said.out.replace("\n", "")


def test_a_wrong_feed_is_known_before_any_feed_runs(call: Any, deployment: Path) -> None:
    feeds = deployment / "config" / "feeds" / "3_shandong.yml"
    feeds.write_text(feeds.read_text(encoding="utf-8").replace("type: rest", "type: rests"), encoding="utf-8")
    runs = call("runs", "--json", "--dir", deployment).out
    said = call("run", "--all", "--dir", deployment)
    assert (said.code, said.out, "rest" in said.err) == (2, "", True)
    assert call("runs", "--json", "--dir", deployment).out == runs


def test_withdrawals_that_wait_for_a_person_are_accepted_by_the_option(call: Any, deployment: Path) -> None:
    file = deployment / "departments" / "market_regulation.csv"
    file.write_bytes(b"\r\n".join(file.read_bytes().split(b"\r\n")[:-30]) + b"\r\n")
    held = call("run", "market-regulation", "--dir", deployment)
    assert (held.code, "--accept-withdrawals" in held.out.replace("\n", "")) == (3, True)
    accepted = call("run", "market-regulation", "--accept-withdrawals", "--json", "--dir", deployment)
    (row,) = json.loads(accepted.out)
    assert (row["withdrawn"] > 0, row["status"]) == (True, "with_issues")


def test_a_limited_run_says_so_and_withdraws_nothing(call: Any, deployment: Path) -> None:
    said = call("run", "market-regulation", "--limit", "20", "--dir", deployment)
    assert "守恒：读入 20 = " in said.out
    assert "最多读取20行" in said.out.replace("\n", "").replace(" ", "")
    assert "撤回0" not in said.out.replace(" ", "")
    again = call("run", "market-regulation", "--json", "--dir", deployment)
    (row,) = json.loads(again.out)
    assert (row["unchanged"], row["withdrawn"]) == (286, 0)


def test_the_table_shows_the_law_with_its_numbers(call: Any, deployment: Path) -> None:
    said = call("run", "market-regulation", "--dir", deployment)
    assert "守恒：读入 300 = 接受 0 + 未变 286 + 退回 9 + 挂起 5\n" in said.out
    assert said.out.endswith(f"查看退回、挂起和被拒的原因：gateway issues --run {_last_run(call, deployment)}\n")


def test_the_table_reads_in_english_too(call: Any, deployment: Path) -> None:
    said = call("run", "market-regulation", "--dir", deployment, language="en")
    assert "adds up: read 300 = accepted 0 + same 286 + rejected 9 + held 5\n" in said.out


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_wider_than_the_terminal(call: Any, deployment: Path, language: str) -> None:
    from rich.cells import cell_len

    said = call("run", "--all", "--dir", deployment, language=language)
    assert [line for line in said.out.splitlines() if cell_len(line) > 80] == []


def _last_run(call: Any, deployment: Path) -> int:
    return max(row["run"] for row in json.loads(call("runs", "--json", "--dir", deployment).out))
