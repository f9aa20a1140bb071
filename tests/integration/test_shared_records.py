"""Records that several feeds share, when feeds fall silent, lists are edited and merges are taken back."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.datasets import DATASETS
from gateway.operations.merge import merge, revoke
from gateway.state.database import Database
from tests.deployment import Deployment
from tests.integration.test_precedence import KEY, ORDER, declared, give, held, inspectors, order, write


@pytest.fixture
def deployment(on_either: Deployment) -> Deployment:
    return declared(on_either)


@pytest.fixture
def quick(made: Deployment) -> Deployment:
    return declared(made)


def feeds(*names: str) -> dict[str, Any]:
    return {"inspection_targets": {"feeds": names}}


def owners(made: Deployment) -> list[tuple[Any, ...]]:
    return made.query("SELECT identifier, feed, owner_department FROM inspection_targets WHERE withdrawn = 0")


def test_a_record_of_which_both_feeds_said_the_same_goes_when_both_are_silent(deployment: Deployment) -> None:
    (deployment.directory / "config" / "precedence.yml").unlink()
    give(deployment, "a", "P1,甲名,1,,")
    order(deployment, ORDER)
    give(deployment, "b", "P1,甲名,1,,")
    give(deployment, "a")
    assert owners(deployment) == [("P1", "b", "D-b")]
    assert give(deployment, "b").counts.withdrawn == 1
    assert held(deployment) == {}


def test_a_feed_taken_out_of_the_list_does_not_stop_the_others(deployment: Deployment) -> None:
    order(deployment, feeds("c", "a"))
    give(deployment, "c", "P1,丙名,1,,", "P2,丙二,,,")
    give(deployment, "a", "P1,甲名,1,,")
    order(deployment, feeds("a", "b"))
    report = give(deployment, "a", "P1,甲新名,1,,")
    assert (report.error, report.counts.accepted) == (None, 1)
    assert sorted(owners(deployment)) == [("P1", "a", "D-a"), ("P2", "c", "D-c")]
    assert {name: row[0] for name, row in held(deployment).items()} == {"P1": "甲新名", "P2": "丙二"}


def test_what_a_feed_stores_by_itself_is_not_undone_by_another_order_of_the_listed_ones(quick: Deployment) -> None:
    order(quick, feeds("c", "a"))
    give(quick, "c", "P2,丙二,,,")
    order(quick, feeds("a", "b"))
    give(quick, "c", "P2,丙二新,,,")
    give(quick, "a", "P1,甲名,,,")
    assert held(quick)["P2"][0] == "丙二新"


def test_what_was_stored_while_no_precedence_was_declared_counts_afterwards(deployment: Deployment) -> None:
    give(deployment, "a", "P1,甲名,1,,")
    give(deployment, "b", "P1,乙名,2,,", "P2,乙二,,,")
    (deployment.directory / "config" / "precedence.yml").unlink()
    give(deployment, "a", "P1,甲新名,1,,")
    order(deployment, ORDER)
    give(deployment, "b", "P1,乙名,2,,", "P2,乙二,,,")
    assert held(deployment)["P1"][:2] == ("甲新名", "2")


def test_a_record_is_in_force_again_after_its_merge_was_taken_back(deployment: Deployment) -> None:
    give(deployment, "a", "P1,甲名,1,,")
    database, dataset, pair = Database(deployment.database_url), DATASETS["inspection_targets"], {KEY("P1"): KEY("Q1")}
    try:
        merge(database, dataset, pair, by="张三", reason="换号")
        give(deployment, "a", "P1,甲名,1,,")
        assert list(held(deployment)) == ["Q1"]
        revoke(database, dataset, pair, by="张三", reason="有误")
    finally:
        database.close()
    give(deployment, "a", "P1,甲名,1,,")
    assert list(held(deployment)) == ["P1"]


def test_an_issue_of_two_feeds_together_is_closed_by_a_run_that_reads_another_row(quick: Deployment) -> None:
    inspectors(quick)
    quick.declare(
        inspectors_a=quick.inbound("inspectors-a.csv", map="tests/inspectors", dataset="inspectors", reads="changes")
    )
    for feed, row in (("a", "1,,certificate"), ("b", "1,civil,certificate"), ("a", "1,,staff"), ("b", "1,daily,staff")):
        write(quick, f"inspectors-{feed}", "证号,类别,证件", row)
        quick.run(f"inspectors-{feed}")
    assert quick.query("SELECT code, status FROM issues") == [("precedence.broken_together", "open")]
    write(quick, "inspectors-a", "证号,类别,证件", "2,,certificate")
    (report,) = quick.run("inspectors-a")
    assert (report.status, quick.query("SELECT status FROM issues")) == ("succeeded", [("closed",)])


# ------------------------------------------------------------------------------------ merges of what feeds said


def changing(made: Deployment, *feeds: str) -> None:
    for feed in feeds:
        declared = made.inbound(f"{feed}.csv", map="tests/targets", department=f"D-{feed}", reads="changes")
        made.declare(**{feed: declared})


def merged(made: Deployment, old: str, new: str) -> None:
    database = Database(made.database_url)
    merge(database, DATASETS["inspection_targets"], {KEY(old): KEY(new)}, by="张三", reason="换号")
    database.close()


def test_what_another_feed_said_under_the_old_key_of_a_merge_is_said_under_the_new(deployment: Deployment) -> None:
    changing(deployment, "a", "b")
    give(deployment, "a", "P1,甲名,1,,")
    give(deployment, "b", "P1,乙名,2,2001-01-01,")
    merged(deployment, "P1", "Q1")
    give(deployment, "a", "Q1,甲名,1,,")
    assert held(deployment) == {"Q1": ("甲名", "2", "2001-01-01", None)}
    assert deployment.query("SELECT feed, record_key FROM contributions ORDER BY feed") == [
        ("a", KEY("Q1")),
        ("b", KEY("Q1")),
    ]
    same = give(deployment, "b", "P1,乙名,2,2001-01-01,")
    assert (same.counts.unchanged, held(deployment)["Q1"][2]) == (1, "2001-01-01")


def test_what_was_said_stays_where_it_is_until_someone_speaks_of_the_new_key(quick: Deployment) -> None:
    changing(quick, "a", "b")
    give(quick, "b", "P1,乙名,2,,")
    merged(quick, "P1", "Q1")
    give(quick, "a", "P9,甲九,1,,")
    assert list(held(quick)) == ["P1", "P9"]


@pytest.mark.parametrize("first", ["P1", "Q1"])
def test_of_what_one_feed_said_under_both_keys_the_later_stands(quick: Deployment, first: str) -> None:
    changing(quick, "a", "b")
    second = {"P1": "Q1", "Q1": "P1"}[first]
    give(quick, "b", f"{first},先名,1,2001-01-01,")
    give(quick, "b", f"{second},后名,2,,")
    merged(quick, "P1", "Q1")
    give(quick, "a", "Q1,甲名,,,9")
    assert held(quick) == {"Q1": ("甲名", "2", None, 900)}
