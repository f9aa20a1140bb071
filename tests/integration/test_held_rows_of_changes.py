"""Rows of changes that were held: none is lost to another one, none comes back after a newer one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.datasets import DATASETS
from gateway.operations.merge import merge
from gateway.state.database import Database
from tests.companies import COUNTY, county_map, county_register, key, uscc
from tests.deployment import Deployment

# An unknown word in 类别 leaves the key unknown too, one in 电话 does not.
MAP = COUNTY.replace("  record_version: {from: 版本}\n", "  phone: {from: 版本, steps: [{lookup: {总机: '1'}}]}\n")
TAUGHT = MAP.replace("企业:", "商行: enterprise, 企业:").replace("总机:", "分机: '2', 总机:")


@pytest.fixture
def deployment(made: Deployment) -> Deployment:
    made.declare(r=made.inbound("r.csv", map=county_map(made.directory, MAP), reads="changes"))
    return made


def give(made: Deployment, *rows: tuple[int, str, str, str]) -> Any:
    cells = [{"代码": uscc(each), "名称": name, "类别": kind, "版本": phone} for each, name, kind, phone in rows]
    county_register(made.directory / "r.csv", *cells)
    (report,) = made.run("r")
    return report.counts


def names(made: Deployment) -> dict[str, str]:
    return dict(made.query("SELECT identifier, name FROM inspection_targets"))


def test_a_newer_row_that_is_right_closes_what_was_said_of_the_held_one(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "分机"))
    give(deployment, (1, "新名", "企业", "总机"))
    assert deployment.query("SELECT status FROM issues") == [("closed",)]
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).read, names(deployment)) == (0, {uscc(1): "新名"})


def test_a_newer_row_that_is_held_for_the_same_is_the_one_that_is_let_through(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "分机"))
    give(deployment, (1, "新名", "企业", "分机"))
    county_map(deployment.directory, TAUGHT)
    give(deployment)
    assert names(deployment) == {uscc(1): "新名"}


def test_rows_of_two_runs_without_a_key_are_both_let_through_though_they_stood_in_one_place(
    deployment: Deployment,
) -> None:
    give(deployment, (1, "一", "商行", "总机"))
    give(deployment, (2, "二", "商行", "总机"))
    assert give(deployment).held == 2
    county_map(deployment.directory, TAUGHT)
    give(deployment)
    assert names(deployment) == {uscc(1): "一", uscc(2): "二"}


def test_a_row_whose_key_is_taught_later_does_not_come_back_after_a_newer_one(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "商行", "总机"))
    give(deployment, (1, "新名", "企业", "总机"))
    county_map(deployment.directory, TAUGHT)
    counts = give(deployment)
    assert (counts.read, counts.unchanged, names(deployment)) == (1, 1, {uscc(1): "新名"})
    assert deployment.query("SELECT DISTINCT status FROM issues") == [("closed",)]


def test_nor_after_a_newer_one_that_said_what_was_stored_already(deployment: Deployment) -> None:
    for name, kind in (("新名", "企业"), ("旧名", "商行"), ("新名", "企业")):
        give(deployment, (1, name, kind, "总机"))
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).unchanged, names(deployment)) == (1, {uscc(1): "新名"})


def test_a_row_whose_key_is_taught_is_newer_than_what_was_stored_before_it_was_read(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "总机"))
    give(deployment, (1, "新名", "商行", "总机"))
    give(deployment, (2, "二", "企业", "总机"))
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).accepted, names(deployment)) == (1, {uscc(1): "新名", uscc(2): "二"})


def test_a_newer_row_that_was_rejected_is_the_newer_word_too(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "总机"))
    give(deployment, (1, "新名", "商行", "总机"))
    give(deployment, (1, "", "企业", "总机"))
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).unchanged, names(deployment)) == (1, {uscc(1): "旧名"})


def test_of_two_rows_whose_key_is_taught_the_one_read_later_is_let_through(deployment: Deployment) -> None:
    give(deployment, (1, "新名", "商行", "总机"), (2, "二", "企业", "总机"))
    give(deployment, (2, "二", "企业", "总机"), (1, "旧名", "商行", "总机"))
    give(deployment, (1, "新名", "商行", "总机"), (2, "二", "企业", "总机"))
    county_map(deployment.directory, TAUGHT)
    counts = give(deployment)
    assert (counts.read, counts.accepted, counts.unchanged) == (2, 1, 1)
    assert names(deployment) == {uscc(1): "新名", uscc(2): "二"}


def test_a_row_let_through_is_no_newer_word_than_when_it_was_read(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "分机"))
    give(deployment, (1, "新名", "商行", "总机"))
    county_map(deployment.directory, MAP.replace("总机:", "分机: '2', 总机:"))
    assert (give(deployment).accepted, names(deployment)) == (1, {uscc(1): "旧名"})
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).accepted, names(deployment)) == (1, {uscc(1): "新名"})


def test_rows_of_one_run_of_which_neither_is_newer_wait_for_the_source(deployment: Deployment) -> None:
    give(deployment, (1, "一名", "企业", "总机"), (1, "又名", "商行", "总机"))
    county_map(deployment.directory, TAUGHT)
    for _ in range(2):
        counts = give(deployment)
        assert (counts.read, counts.held, names(deployment)) == (1, 1, {uscc(1): "一名"})
    (issue,) = deployment.query("SELECT code, record_key FROM issues WHERE status = 'open'")
    assert issue == ("key.undecided", key(1))
    assert (give(deployment, (1, "再名", "企业", "总机")).accepted, names(deployment)) == (1, {uscc(1): "再名"})
    assert deployment.query("SELECT DISTINCT status FROM issues") == [("closed",)]


def test_two_rows_of_one_run_that_say_the_same_are_no_trouble(deployment: Deployment) -> None:
    give(deployment, (1, "一名", "企业", "总机"), (1, "一名", "商行", "总机"))
    county_map(deployment.directory, TAUGHT)
    assert give(deployment).unchanged == 1


def test_a_row_held_before_this_was_known_is_let_through_where_no_record_is_there(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "商行", "总机"))
    forget(deployment)
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).accepted, names(deployment)) == (1, {uscc(1): "旧名"})


@pytest.mark.parametrize(("name", "expected"), [("新名", (0, 1)), ("旧名", (1, 0))])
def test_a_row_held_before_this_was_known_waits_where_a_record_says_otherwise(
    deployment: Deployment, name: str, expected: tuple[int, int]
) -> None:
    give(deployment, (1, "旧名", "企业", "总机"), (2, "二", "企业", "总机"))
    give(deployment, (1, name, "商行", "总机"))
    forget(deployment)
    give(deployment, (2, "二", "企业", "总机"))
    county_map(deployment.directory, TAUGHT)
    counts = give(deployment)
    assert (counts.unchanged, counts.held) == expected
    assert names(deployment) == {uscc(1): "旧名", uscc(2): "二"}


def test_a_row_held_before_this_was_known_is_older_than_one_that_was_read_since(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "商行", "总机"))
    forget(deployment)
    give(deployment, (1, "新名", "企业", "总机"))
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).unchanged, names(deployment)) == (1, {uscc(1): "新名"})


def forget(made: Deployment) -> None:
    """Leave what a database holds that comes from an earlier release."""
    database = Database(made.database_url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE issues SET read_run = 0")
        connection.exec_driver_sql("DELETE FROM keys_read")
    database.close()


def test_the_record_of_another_feed_waits_for_a_person_as_ever(deployment: Deployment) -> None:
    deployment.declare(s=deployment.inbound("s.csv", map=county_map(deployment.directory, MAP)))
    county_register(deployment.directory / "s.csv", {"代码": uscc(1), "名称": "别家", "类别": "企业", "版本": "总机"})
    give(deployment, (1, "旧名", "商行", "总机"))
    deployment.run("s")
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).held, names(deployment)) == (1, {uscc(1): "别家"})
    assert deployment.query("SELECT code FROM issues WHERE status = 'open'") == [("key.foreign",)]


def test_under_a_precedence_a_feed_does_not_go_back_to_what_it_said_before(deployment: Deployment) -> None:
    deployment.declare(s=deployment.inbound("s.csv", map=county_map(deployment.directory, MAP)))
    (deployment.directory / "config" / "precedence.yml").write_text("inspection_targets: {feeds: [r, s]}")
    county_register(deployment.directory / "s.csv", {"代码": uscc(1), "名称": "别家", "类别": "企业", "版本": "总机"})
    give(deployment, (1, "旧名", "商行", "总机"), (2, "二旧", "企业", "总机"))
    give(deployment, (1, "新名", "企业", "总机"), (2, "二", "商行", "总机"))
    deployment.run("s")
    county_map(deployment.directory, TAUGHT)
    counts = give(deployment)
    assert (counts.unchanged, counts.accepted, names(deployment)) == (1, 1, {uscc(1): "新名", uscc(2): "二"})


@pytest.mark.parametrize(
    ("held", "stored", "expected"), [("7", "8", "存名"), ("8", "7", "挂名"), ("8", "8", "存名"), ("", "8", "存名")]
)
def test_of_two_rows_with_versions_the_version_decides_whichever_was_read_later(
    made: Deployment, held: str, stored: str, expected: str
) -> None:
    made.declare(r=made.inbound("r.csv", map=county_map(made.directory, COUNTY), reads="changes"))
    give(made, (1, "挂名", "商行", held))
    give(made, (1, "存名", "企业", stored))
    county_map(made.directory, COUNTY.replace("企业:", "商行: enterprise, 企业:"))
    counts = give(made)
    assert (counts.accepted, names(made)) == (int(expected == "挂名"), {uscc(1): expected})


def test_an_older_version_read_later_does_not_take_the_place_of_a_held_one(made: Deployment) -> None:
    given = COUNTY.replace("省份}", "省份, steps: [{lookup: {鲁: 山东}}]}")
    made.declare(r=made.inbound("r.csv", map=county_map(made.directory, given), reads="changes"))
    give(made, (1, "新名", "企业", "8"))
    assert (give(made, (1, "旧名", "企业", "7")).unchanged, names(made)) == (1, {})
    county_map(made.directory, given.replace("鲁:", "山东: 山东, 鲁:"))
    assert (give(made).accepted, names(made)) == (1, {uscc(1): "新名"})


def merged(made: Deployment, old: int, new: int) -> None:
    database = Database(made.database_url)
    merge(database, DATASETS["inspection_targets"], {key(old): key(new)}, by="张三", reason="换号")
    database.close()


def test_of_rows_held_under_both_keys_of_a_merge_for_one_word_the_later_one_is_kept(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "分机"))
    give(deployment, (6, "新名", "企业", "分机"))
    merged(deployment, 1, 6)
    counts = give(deployment)
    assert (counts.read, counts.unchanged, counts.held) == (2, 1, 1)
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).accepted, names(deployment)) == (1, {uscc(6): "新名"})


def test_where_it_is_not_known_which_was_read_later_none_is_lost(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "分机"))
    give(deployment, (6, "新名", "企业", "分机"))
    forget(deployment)
    merged(deployment, 1, 6)
    for _ in range(3):
        give(deployment, (2, "二", "企业", "总机"))
        waiting = deployment.query("SELECT DISTINCT original FROM issues WHERE status = 'open' AND outcome = 'held'")
        assert len(waiting) == 2


def test_a_row_held_under_the_old_key_of_a_merge_is_older_than_one_stored_under_the_new(deployment: Deployment) -> None:
    give(deployment, (1, "旧名", "企业", "分机"))
    give(deployment, (6, "新名", "企业", "总机"))
    merged(deployment, 1, 6)
    county_map(deployment.directory, TAUGHT)
    assert (give(deployment).unchanged, names(deployment)) == (1, {uscc(6): "新名"})


def test_a_held_row_that_was_older_once_is_judged_again_where_it_comes_again_among_many(made: Deployment) -> None:
    made.declare(r=made.inbound("r.csv", map=county_map(made.directory, MAP), reads="changes", doubled="latest"))
    give(made, (1, "旧名", "企业", "分机"))
    county_map(made.directory, TAUGHT)
    many = [(number, "某", "企业", "总机") for number in range(2, 20_102)]  # so many that known rows are kept
    give(made, (1, "新名", "企业", "总机"), *many)
    counts = give(made, (1, "旧名", "企业", "分机"), *many)
    assert (counts.accepted, counts.unchanged, names(made)[uscc(1)]) == (1, 20_100, "旧名")
