"""Results with their items go from the exchange to the publicity system, once and for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.domain.datasets import DATASETS
from gateway.errors import StartError
from gateway.operations.merge import merge
from gateway.pipeline.run_report import Counts
from gateway.state.database import Database
from tests.companies import uscc
from tests.plugins.gateway_national.conftest import (
    PLAN,
    PROFILE,
    TASK,
    Inspections,
    PublicitySystem,
    item,
    made_inspections,
    result,
    result_key,
    target,
)

LATE, WAITS = "publication.children_changed", "publication.waits"


@pytest.fixture(params=["sqlite", "postgresql"])
def on_either(request: pytest.FixtureRequest, tmp_path: Path, system: PublicitySystem) -> Inspections:
    if request.param == "sqlite":
        return made_inspections(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}", system)
    return made_inspections(tmp_path, request.getfixturevalue("postgresql_url"), system)


def details(page: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    (published,) = page
    return [(each["seqno"], each["raninsItemName"], each["raninsCheckResName"]) for each in published["details"]]


def arrive(inspections: Inspections, results: list[dict[str, str]], items: list[dict[str, str]]) -> None:
    inspections.write("inspection_results", *results)
    inspections.write("inspection_result_items", *items)
    inspections.read("inspection_results", "inspection_result_items")


def test_a_result_is_published_word_for_word(on_either: Inspections, system: PublicitySystem) -> None:
    found = result(2, conclusions="3;5", finished_on="")
    arrive(on_either, [result(1), found], [item(1), item(2, "SX2"), item(2, "SX1", outcome="abnormal")])
    report = on_either.publish()
    assert (report.status, report.counts) == ("succeeded", Counts(selected=2, delivered=2))
    assert system.page(1) == [
        {
            "pripId": uscc(1),
            "raninsPlanId": PLAN,
            "raninsPlaneName": "2024 年度抽查计划",
            "raninsTaskId": TASK,
            "raninsTaskName": "年报公示信息抽查",
            "raninsTypeName": "不定向",
            "insAuth": "枣庄市市场监管局",
            "insDate": "2024-03-05",
            "details": [{"seqno": 1, "raninsItemName": "事项SX1", "raninsCheckResName": "未发现问题"}],
        }
    ]
    assert system.page(2)[0]["insDate"] == "2024-03-04"
    assert details(system.page(2)) == [
        (1, "事项SX1", "未按规定公示应当公示的信息；发现问题已责令改正"),
        (2, "事项SX2", "未发现问题"),
    ]
    assert on_either.publish().counts == Counts()


def test_a_result_waits_for_its_items_and_goes_once_they_are_there(
    on_either: Inspections, system: PublicitySystem
) -> None:
    arrive(on_either, [result(1), result(2)], [item(1)])
    first = on_either.publish()
    assert (first.status, first.counts) == ("with_issues", Counts(selected=2, delivered=1, waiting=1))
    assert on_either.issues() == [(WAITS, result_key(2))]
    assert on_either.publish().counts == Counts(selected=1, waiting=1)
    arrive(on_either, [result(1), result(2)], [item(1), item(2)])
    assert on_either.publish().counts == Counts(selected=1, delivered=1)
    assert on_either.issues() == []
    assert [key for key, _, _ in system.effects()] == [result_key(1), result_key(2)]
    assert on_either.publish().counts == Counts()


def test_a_result_under_another_key_goes_with_the_items_that_name_its_old_one(
    on_either: Inspections, system: PublicitySystem
) -> None:
    arrive(on_either, [result(1)], [item(1)])
    merged(on_either, 1, 3)
    arrive(on_either, [result(3)], [item(1), item(3, "SX2")])
    assert on_either.publish().counts.waiting == 0
    assert details(system.page(3)) == [(1, "事项SX1", "未发现问题"), (2, "事项SX2", "未发现问题")]
    arrive(on_either, [result(3)], [item(1, outcome="abnormal"), item(3, "SX2")])
    on_either.publish()
    assert on_either.issues() == [(LATE, result_key(3))]


def test_until_the_old_result_is_gone_its_items_go_with_it(inspections: Inspections, system: PublicitySystem) -> None:
    arrive(inspections, [result(1), result(3)], [item(1), item(3, "SX2")])
    merged(inspections, 1, 3)
    inspections.publish()
    assert [details(system.page(each)) for each in (1, 3)] == [
        [(1, "事项SX1", "未发现问题")],
        [(1, "事项SX2", "未发现问题")],
    ]


def merged(inspections: Inspections, old: int, new: int) -> None:
    database, pair = Database(inspections.made.database_url), {result_key(old): result_key(new)}
    merge(database, DATASETS["inspection_results"], pair, by="张三", reason="换号")
    database.close()


def test_an_item_that_arrives_after_publication_is_reported_and_changes_nothing_published(
    on_either: Inspections, system: PublicitySystem
) -> None:
    arrive(on_either, [result(1), result(2)], [item(1), item(2)])
    on_either.publish()
    before = system.effects()
    arrive(on_either, [result(1), result(2)], [item(1), item(1, "SX2"), item(2)])
    report = on_either.publish()
    assert (report.status, report.counts) == ("with_issues", Counts())
    assert on_either.issues() == [(LATE, result_key(1))]
    # It stays open when later runs send something else.
    arrive(on_either, [result(1), result(2), result(3)], [item(1), item(1, "SX2"), item(2), item(3), item(3, "SX3")])
    assert on_either.publish().counts == Counts(selected=1, delivered=1)
    assert on_either.issues() == [(LATE, result_key(1))]
    assert system.effects()[: len(before)] == before
    assert details(system.page(1)) == [(1, "事项SX1", "未发现问题")]


def test_a_published_result_that_changes_at_its_source_stays_as_it_was_published(
    inspections: Inspections, system: PublicitySystem
) -> None:
    arrive(inspections, [result(1)], [item(1)])
    inspections.publish()
    arrive(inspections, [result(1, conclusions="5")], [item(1)])
    assert inspections.publish().counts == Counts(selected=1, refused=1)
    assert inspections.made.query("SELECT code FROM deliveries WHERE status = 'refused'") == [("P301",)]
    assert details(system.page(1)) == [(1, "事项SX1", "未发现问题")]


def test_a_published_result_is_not_taken_back(inspections: Inspections, system: PublicitySystem) -> None:
    arrive(inspections, [result(1), result(2)], [item(1), item(2)])
    inspections.publish()
    arrive(inspections, [result(2)], [item(1), item(2)])
    assert inspections.publish().counts == Counts(selected=1, refused=1)
    assert inspections.made.query("SELECT code FROM deliveries WHERE status = 'refused'") == [("P302",)]
    assert len(system.page(1)) == 1


def test_only_the_version_in_force_is_published(inspections: Inspections, system: PublicitySystem) -> None:
    for conclusions in ("5", "7", "5"):
        arrive(inspections, [result(1, conclusions=conclusions)], [item(1, outcome="abnormal")])
    assert inspections.publish().counts == Counts(selected=1, delivered=1)
    assert details(system.page(1)) == [(1, "事项SX1", "发现问题已责令改正")]


def test_a_waiting_version_that_is_replaced_is_never_published(
    inspections: Inspections, system: PublicitySystem
) -> None:
    arrive(inspections, [result(1, conclusions="5")], [])
    assert inspections.publish().counts == Counts(selected=1, waiting=1)
    arrive(inspections, [result(1)], [item(1)])
    assert inspections.publish().counts == Counts(selected=1, delivered=1)
    assert details(system.page(1)) == [(1, "事项SX1", "未发现问题")]


def test_an_abnormal_item_under_a_result_that_found_nothing_is_not_published(
    inspections: Inspections, system: PublicitySystem
) -> None:
    arrive(inspections, [result(1), result(2)], [item(1, outcome="abnormal"), item(2)])
    assert inspections.publish().counts == Counts(selected=2, delivered=1, refused=1)
    assert system.page(1) == []
    ((reason,),) = inspections.made.query("SELECT reason FROM deliveries WHERE status = 'refused'")
    assert "无法得出raninsCheckResName；表中有：1, 2" in reason


def test_whoever_is_named_by_a_resident_number_is_not_published(
    inspections: Inspections, system: PublicitySystem
) -> None:
    person = {"target_identifier": "11010519491231002X", "target_scheme": "resident_id"}
    inspections.targets(target(1), target(2), target(3), target(1, **person))
    inspections.read("inspection_targets", "drawn_targets", "inspector_assignments")
    arrive(inspections, [result(1, **person), result(2)], [item(1, **person), item(2)])
    assert inspections.publish().counts == Counts(selected=2, delivered=1, refused=1)
    codes = inspections.made.query("SELECT code FROM deliveries WHERE status = 'refused'")
    assert codes == [("publication.personal_identifier",)]
    assert "11010519491231002X" not in str(system.ask("effects"))


@pytest.mark.parametrize("kind", ["500_after_commit", "timeout_after_commit", "half_answer", "broken_json"])
def test_an_unknown_outcome_publishes_nothing_twice(
    inspections: Inspections, system: PublicitySystem, kind: str
) -> None:
    arrive(inspections, [result(n) for n in (1, 2, 3)], [item(n) for n in (1, 2, 3)])
    system.fail(kind, seconds=3)
    assert inspections.publish().counts == Counts(selected=3, delivered=3)
    assert sorted(key for key, _, _ in system.effects()) == sorted(result_key(n) for n in (1, 2, 3))
    assert system.ask("state")["double_effects"] == 0


def test_numbers_that_are_not_composed_as_they_must_be_are_refused(
    inspections: Inspections, system: PublicitySystem
) -> None:
    plan = {"plan_number": "JH-2024-1", "plan_name": "计划", "lead_department": "370400-sjj"}
    inspections.write("inspection_tasks", {"task_number": TASK, "name": "抽查", "draw_type": "1", **plan})
    inspections.read("inspection_tasks")
    arrive(inspections, [result(1)], [item(1)])
    assert inspections.publish().counts == Counts(selected=1, refused=1)
    ((code, reason),) = inspections.made.query("SELECT code, reason FROM deliveries")
    assert (code, "抽查计划编号（raninsPlanId）" in reason) == ("R205", True)
    assert system.effects() == []


@pytest.mark.parametrize("via", [{}, {"via": "platform"}])
def test_what_the_platform_passes_on_is_not_sent_and_the_report_says_so(
    inspections: Inspections, system: PublicitySystem, via: dict[str, str]
) -> None:
    arrive(inspections, [result(1)], [item(1)])
    feed = inspections.made.outbound(system.url, dataset="inspection_results", profile=PROFILE, **via)
    inspections.made.declare(publication=feed)
    report = inspections.publish()
    assert (report.status, report.counts, system.effects()) == ("succeeded", Counts(), [])
    assert [notice.message.code for notice in report.notices] == ["feed.via_platform"]
    inspections.made.declare(publication={**feed, "via": "direct"})
    assert inspections.publish().counts == Counts(selected=1, delivered=1)


def test_via_is_for_public_profiles_only(inspections: Inspections, system: PublicitySystem) -> None:
    inspections.made.declare(publication=inspections.made.outbound(system.url, via="platform"))
    with pytest.raises(StartError) as caught:
        inspections.publish()
    assert caught.value.message.code == "feed.via_not_public"


def test_a_contradicting_result_is_sent_when_its_item_is_corrected(
    on_either: Inspections, system: PublicitySystem
) -> None:
    arrive(on_either, [result(1)], [item(1, outcome="abnormal")])
    assert on_either.publish().counts == Counts(selected=1, refused=1)
    arrive(on_either, [result(1)], [item(1)])
    assert on_either.publish().counts == Counts(selected=1, delivered=1)
    assert details(system.page(1)) == [(1, "事项SX1", "未发现问题")]
    assert (on_either.publish().counts, on_either.issues()) == (Counts(), [])


def test_a_result_that_the_system_refused_is_sent_again_when_its_task_is_corrected(
    on_either: Inspections, system: PublicitySystem
) -> None:
    task = {"task_number": TASK, "name": "抽查", "draw_type": "1", "plan_name": "计划", "lead_department": "370400-sjj"}
    on_either.write("inspection_tasks", {**task, "plan_number": "JH-2024-1"})
    on_either.read("inspection_tasks")
    arrive(on_either, [result(1), result(2)], [item(1), item(2)])
    assert on_either.publish().counts == Counts(selected=2, refused=2)
    assert on_either.publish().counts == Counts()
    on_either.write("inspection_tasks", {**task, "plan_number": PLAN})
    on_either.read("inspection_tasks")
    assert on_either.publish().counts == Counts(selected=2, delivered=2)
    assert [system.page(number)[0]["raninsPlanId"] for number in (1, 2)] == [PLAN, PLAN]
    assert (on_either.publish().counts, on_either.issues()) == (Counts(), [])
