"""The platform's staff keep to the order of the steps; a locked list does not change; every target has its leader."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox_host.inspection.office import Limits, Office
from gateway.sandbox_host.inspection.records import Inspector, NotAllowed, Target, TaskOrder
from gateway.sandbox_host.inspection.results import Hindrance, Said, hindrance, take_place
from gateway.sandbox_host.inspection.tables import SCHEMA, InspectionTables

NOW = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)  # the second of March in Shanghai
LEAD, OTHER = "370400-scjg", "370400-yjj"


@dataclass
class Registries:
    held_targets: list[Target] = field(default_factory=list)
    held_inspectors: list[Inspector] = field(default_factory=list)
    items: set[tuple[str, str]] = field(default_factory=set)

    def targets(self) -> list[Target]:
        return self.held_targets

    def inspectors(self) -> list[Inspector]:
        return self.held_inspectors

    def lists_item(self, item_code: str, department: str) -> bool:
        return (item_code, department) in self.items


def target(number: int) -> Target:
    return Target(identifier=str(number), scheme="local", kind="enterprise", name=f"企业{number}", region="370402")


def inspector(number: int, department: str = LEAD, **said: Any) -> Inspector:
    usual = {"number": str(number), "department": department, "name": "某", "certificate_kind": "certificate"}
    return Inspector.model_validate({**usual, **said})


def order(**said: Any) -> TaskOrder:
    usual = {
        "name": "联合抽查",
        "lead_department": LEAD,
        "departments": [OTHER],
        "starts_on": date(2026, 3, 2),
        "ends_on": date(2026, 3, 31),
        "rate": 10_000,
    }
    return TaskOrder.model_validate({**usual, **said})


@pytest.fixture
def office() -> Iterator[Office]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield make_office(connection)


def make_office(connection: sqlite3.Connection) -> Office:
    connection.executescript(SCHEMA)
    registries = Registries(
        [target(number) for number in range(6)],
        [inspector(1), inspector(2), inspector(3, OTHER), inspector(4, OTHER)],
        {("A1", LEAD)},
    )
    return Office(InspectionTables(connection), registries, Limits(2, 2), "370000", NOW)


def dispatched(office: Office, **said: Any) -> str:
    number = office.set_up(order(**said)).task.number
    for step in (office.draw, office.lock, office.dispatch):
        step(number)
    return number


def test_a_task_number_is_code_day_one_and_a_running_number(office: Office) -> None:
    numbers = [office.set_up(order()).task.number for _ in range(2)]
    assert numbers == ["370000202603021001", "370000202603021002"]


def test_the_thousandth_task_of_a_day_is_refused(office: Office) -> None:
    task = office.set_up(order()).task
    office.tables.keep_task(task.model_copy(update={"number": "370000202603021999"}))
    with pytest.raises(NotAllowed, match="已用完"):
        office.set_up(order())


@pytest.mark.parametrize("steps", [["lock"], ["dispatch"], ["match"], ["draw", "dispatch"], ["draw", "lock", "match"]])
def test_a_step_out_of_its_order_is_refused(office: Office, steps: list[str]) -> None:
    number = office.set_up(order()).task.number
    for step in steps[:-1]:
        getattr(office, step)(number)
    with pytest.raises(NotAllowed, match="此步骤要求"):
        getattr(office, steps[-1])(number)


@pytest.mark.parametrize("step", ["draw", "lock", "dispatch", "match"])
def test_a_task_that_is_not_there_is_named(office: Office, step: str) -> None:
    with pytest.raises(NotAllowed, match="没有任务 nowhere"):
        getattr(office, step)("nowhere")


def test_nothing_to_draw_leaves_the_task_undrawn(office: Office) -> None:
    number = office.set_up(order(region="130000")).task.number
    with pytest.raises(NotAllowed, match="没有符合条件的检查对象"):
        office.draw(number)
    assert office.tables.task(number) == office.set_up(order(region="130000")).task.model_copy(
        update={"number": number}
    )


STEPS = st.lists(st.tuples(st.sampled_from(["draw", "lock", "dispatch", "match"]), st.integers(0, 2)), max_size=20)


@given(STEPS)
def test_whatever_is_tried_a_locked_list_keeps_its_targets_and_merges(steps: list[tuple[str, int]]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        office = make_office(connection)
        numbers = [office.set_up(order(rate=5_000, seed=str(each))).task.number for each in range(3)]
        locked: dict[str, list[tuple[Target, tuple[str, ...]]]] = {}
        for step, which in steps:
            try:
                getattr(office, step)(numbers[which])
            except NotAllowed:
                continue
            if step == "lock":
                locked[numbers[which]] = _list(office, numbers[which])
        assert {number: _list(office, number) for number in locked} == locked


def _list(office: Office, number: str) -> list[tuple[Target, tuple[str, ...]]]:
    return [(each.target, each.merged_tasks) for each in office.tables.drawn(number)]


def test_a_list_that_is_not_locked_may_be_drawn_again(office: Office) -> None:
    number = office.set_up(order(count=2, rate=None)).task.number
    office.draw(number)
    registries = Registries([target(9)])
    assert replace(office, registries=registries).draw(number).records == 1


def test_the_later_task_of_a_period_names_the_earlier_one_and_not_the_other_way_round(office: Office) -> None:
    first = dispatched(office)
    second = dispatched(office, starts_on=date(2026, 3, 31), ends_on=date(2026, 4, 30))
    assert {each.merged_tasks for each in office.tables.drawn(first)} == {()}
    assert {each.merged_tasks for each in office.tables.drawn(second)} == {(first,)}


def test_tasks_of_different_periods_are_not_merged(office: Office) -> None:
    dispatched(office)
    second = dispatched(office, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30))
    assert {each.merged_tasks for each in office.tables.drawn(second)} == {()}


def test_the_third_draw_of_a_year_warns_and_the_first_of_the_next_year_does_not(office: Office) -> None:
    dispatched(office)
    dispatched(office)
    third = office.draw(office.set_up(order()).task.number)
    assert (third.records, len(third.warnings)) == (6, 6)
    next_year = replace(office, now=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    assert next_year.draw(next_year.set_up(order()).task.number).warnings == []


def test_every_target_has_one_leader_of_the_lead_department_and_somebody_of_each_other(office: Office) -> None:
    number = dispatched(office)
    office.match(number)
    for each in office.tables.drawn(number):
        team = [one for one in office.tables.assignments(number) if one.target == each.target]
        assert [one.inspector.department for one in team if one.role == "leader"] == [LEAD]
        assert {one.inspector.department for one in team} == {LEAD, OTHER}


@given(st.integers(2, 6), st.integers(1, 6), st.integers(2, 4))
def test_a_target_has_as_many_inspectors_as_demanded(own: int, others: int, at_least: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        office = make_office(connection)
        people = [inspector(n) for n in range(own)] + [inspector(n + 100, OTHER) for n in range(others)]
        office = replace(office, registries=Registries([target(1)], people), limits=Limits(2, at_least))
        number = dispatched(office)
        if own + others < at_least:
            with pytest.raises(NotAllowed):
                office.match(number)
            return
        office.match(number)
        team = office.tables.assignments(number)
        assert len(team) == len({one.inspector.number for one in team}) == at_least
        assert sum(one.role == "leader" for one in team) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"valid_until": date(2026, 3, 30)},
        {"state": "0"},
        {"certificate_kind": "staff"},
    ],
    ids=str,
)
def test_an_inspector_without_a_valid_certificate_is_not_matched(office: Office, said: dict[str, Any]) -> None:
    people = [inspector(1, **said), inspector(3, OTHER), inspector(4, OTHER)]
    number = dispatched(replace(office, registries=Registries([target(1)], people)))
    with pytest.raises(NotAllowed, match=f"部门 {LEAD} 没有证件有效的检查人员"):
        replace(office, registries=Registries([target(1)], people)).match(number)


def test_inspectors_are_matched_once(office: Office) -> None:
    number = dispatched(office)
    office.match(number)
    with pytest.raises(NotAllowed, match="不得重新匹配"):
        office.match(number)


# ------------------------------------------------------------------------------------------------------ results


def test_results_are_refused_in_the_documented_order(office: Office) -> None:
    undrawn = office.set_up(order()).task.number
    number = dispatched(office, departments=[])
    said = Said("k1", number, target(1).key, LEAD, ("1", "2"), "A9")

    def found(**change: Any) -> Hindrance | None:
        return hindrance(replace(said, **change), office.tables, office.registries)

    assert found(task_number="nowhere", target_key="nobody") == Hindrance.UNKNOWN_TASK
    assert found(task_number=undrawn, target_key="nobody") == Hindrance.NOT_DRAWN_YET
    assert found(target_key="nobody") == Hindrance.TARGET_NOT_DRAWN
    assert found() == Hindrance.NOT_MATCHED
    office.match(number)
    assert found(department=OTHER) == Hindrance.NOT_MATCHED
    assert found(inspectors=("1", "3")) == Hindrance.NOT_MATCHED
    take_place(said, office.tables)
    assert found(record_key="k2") == Hindrance.RESULT_THERE
    assert found() == Hindrance.ITEM_NOT_LISTED
    assert found(item_code="A1") is None
    assert found(department="", item_code="") is None
