"""What was dispatched is answered to those who take part, in pages of a fixed order that cover every row once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox_host.inspection.dispatched import assignments, drawn_lists, page_of, rows_for, tasks
from gateway.sandbox_host.inspection.records import Assignment, Drawn, Inspector, Target, Task
from gateway.sandbox_host.inspection.tables import SCHEMA, InspectionTables

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def tables() -> Iterator[InspectionTables]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        made = InspectionTables(connection)
        for number, state in enumerate(("created", "drawn", "locked", "dispatched", "finished")):
            made.keep_task(task(str(number), state=state, departments=("b",) if number % 2 else ("c",)))
            made.replace_drawn(str(number), [drawn(str(number), target) for target in ("2", "1")])
            made.add_assignments([assignment(str(number))])
        yield made


def task(number: str, **said: Any) -> Task:
    usual = {"name": "x", "lead_department": "a", "starts_on": date(2026, 3, 1), "ends_on": date(2026, 3, 2)}
    return Task.model_validate({**usual, "number": number, **said})


def drawn(number: str, target: str) -> Drawn:
    return Drawn(task_number=number, target=_target(target), drawn_at=NOW)


def assignment(number: str) -> Assignment:
    inspector = Inspector(number="9", department="a", name="某", certificate_kind="police")
    return Assignment(task_number=number, target=_target("1"), inspector=inspector, role="leader", matched_at=NOW)


def _target(number: str) -> Target:
    return Target(identifier=number, scheme="local", kind="enterprise", name=number)


@pytest.mark.parametrize(
    ("departments", "numbers"), [(["a"], ["3", "4"]), (["b"], ["3"]), (["c", "z"], ["4"]), (["z"], []), ([], [])]
)
def test_only_what_was_dispatched_is_answered_and_only_to_those_who_take_part(
    tables: InspectionTables, departments: list[str], numbers: list[str]
) -> None:
    rows = rows_for(departments, tasks(lambda task, count: {"number": task.number, "count": count}), tables)
    assert rows == [{"number": number, "count": 2} for number in numbers]


def test_lists_and_assignments_come_with_their_tasks(tables: InspectionTables) -> None:
    lists = rows_for(["b"], drawn_lists(lambda each, task: {task.number: each.target.identifier}), tables)
    teams = rows_for(["b"], assignments(lambda each: {each.task_number: each.inspector.number}), tables)
    assert (lists, teams) == ([{"3": "1"}, {"3": "2"}], [{"3": "9"}])


@given(count=st.integers(0, 40), size=st.integers(1, 12))
def test_the_pages_together_are_every_row_once(count: int, size: int) -> None:
    rows = [{"n": number} for number in range(count)]
    pages = [page_of(rows, number, size) for number in range(1, count // size + 2)]
    assert [row for page in pages for row in page.rows] == rows
    assert {page.total for page in pages} == {count}
    assert page_of(rows, count // size + 2, size).rows == []
