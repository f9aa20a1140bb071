"""A check finds everything that is wrong at once, as one sentence each, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.app import Gateway
from gateway.operations.check import Findings, check_feed
from gateway.pipeline.feeds import read_feeds

FEEDS = "config/feeds/1_departments.yml"


def _found(gateway: Gateway, directory: Path, name: str) -> Findings:
    feeds, _ = read_feeds(directory / "config" / "feeds")
    return check_feed(gateway, name, feeds[name])


def _codes(findings: Findings) -> list[str]:
    return [problem.message.code for problem in findings.problems]


def _edit(directory: Path, before: str, after: str, file: str = FEEDS) -> None:
    text = (directory / file).read_text(encoding="utf-8")
    assert before in text
    (directory / file).write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize("name", ["departments", "market-regulation", "emergency-management"])
def test_a_sound_feed_has_no_problem(gateway: Gateway, directory: Path, name: str) -> None:
    findings = _found(gateway, directory, name)
    assert (findings.problems, findings.remarks) == ([], [])


def test_a_wrong_map_and_a_wrong_source_are_both_found(gateway: Gateway, directory: Path) -> None:
    _edit(directory, "demo/market_regulation/inspection_targets", "demo/market_regulations")
    _edit(directory, "path: departments/market_regulation.csv", "path: departments/gone.csv")
    assert sorted(_codes(_found(gateway, directory, "market-regulation"))) == ["file.missing", "start.unknown_name"]


def test_a_renamed_column_is_found_before_any_run(gateway: Gateway, directory: Path) -> None:
    file = directory / "departments" / "market_regulation.csv"
    file.write_bytes(file.read_bytes().replace("成立日期".encode("gb18030"), "设立日期".encode("gb18030"), 1))
    assert _codes(_found(gateway, directory, "market-regulation")) == ["map.missing_column"]


def test_a_column_that_nobody_mapped_is_a_remark(gateway: Gateway, directory: Path) -> None:
    file = directory / "departments" / "market_regulation.csv"
    file.write_bytes(file.read_bytes().replace("经办人".encode("gb18030"), "承办人".encode("gb18030"), 1))
    findings = _found(gateway, directory, "market-regulation")
    assert (findings.problems, [each.text("zh") for each in findings.remarks]) == (
        [],
        [findings.remarks[0].message.text("zh", {"columns": "承办人"})],
    )


def test_a_platform_that_cannot_be_reached_is_found(gateway: Gateway, directory: Path) -> None:
    assert len(_codes(_found(gateway, directory, "shandong-targets"))) == 1


def test_a_missing_secret_is_found(gateway: Gateway, directory: Path) -> None:
    (directory / "secrets" / "shandong-platform").unlink()
    assert _codes(_found(gateway, directory, "shandong-targets")) == ["settings.no_secret"]


def test_a_condition_on_a_field_that_is_not_there_is_found(gateway: Gateway, directory: Path) -> None:
    _edit(directory, "where: {province: 山东}", "where: {provinz: 山东}", "config/feeds/3_shandong.yml")
    assert "start.unknown_name" in _codes(_found(gateway, directory, "shandong-targets"))


def test_a_plugin_that_breaks_is_a_problem_like_any_other(gateway: Gateway, directory: Path) -> None:
    feeds, _ = read_feeds(directory / "config" / "feeds")

    class Broken:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(f"no {name} today")

    findings = check_feed(Broken(), "departments", feeds["departments"])  # type: ignore[arg-type]
    assert set(_codes(findings)) == {"check.broken"}


def test_every_wrong_declaration_of_a_file_is_found(directory: Path) -> None:
    _edit(directory, "direction: inbound\n  dataset: departments", "direction: sideways\n  dataset: departments")
    _edit(directory, "department: CX-SCJG", "departement: CX-SCJG")
    (directory / "config" / "feeds" / "9_list.yml").write_text("- a\n- b\n", encoding="utf-8")
    (directory / "config" / "feeds" / "9_again.yml").write_text("departments: {}\n", encoding="utf-8")
    feeds, wrong = read_feeds(directory / "config" / "feeds")
    assert list(feeds) == ["emergency-management", "shandong-departments", "shandong-targets"]
    assert [error.message.code for error in wrong] == ["feed.invalid", "feed.invalid", "feed.doubled", "feed.no_names"]
