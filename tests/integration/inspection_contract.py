"""What holds of an inspection in every province; a class of tests inherits it and brings its department."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.deployment import Deployment
from tests.integration.inspecting_department import Department, Province
from tests.simulated_platform import SimulatedPlatform


class InspectionContract:
    """`department` and `simulated` are fixtures of the province, which its class names.

    `unlisted` is how its platform refuses an item that is not listed, by code and sentence; `not_told` are origins for
    fields that must be there and that the platform is not told, by dataset.
    """

    province: ClassVar[Province]
    unlisted: ClassVar[tuple[str, str]]
    not_told: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def test_nothing_comes_down_before_the_list_is_dispatched(self, department: Department) -> None:
        department.registries_up(5)
        task = department.task("lock")
        assert {counts.read for counts in department.pull_down().values()} == {0}
        department.staff("dispatch", task_number=task)
        assert [counts.accepted for counts in department.pull_down().values()] == [1, 1, 0]

    def test_pulling_again_changes_nothing(self, department: Department) -> None:
        department.registries_up(10)
        department.task("lock", "dispatch", "match")
        department.pull_down()
        again = department.pull_down()
        assert {feed: (counts.accepted, counts.unchanged) for feed, counts in again.items()} == {
            "pull_inspection_tasks": (0, 1),
            "pull_drawn_targets": (0, 2),
            "pull_inspector_assignments": (0, 4),
        }

    def test_what_comes_down_is_what_the_platform_holds(self, made: Deployment, simulated: SimulatedPlatform) -> None:
        department = Department(made, simulated, self.province)
        department.registries_up(5)
        department.task("lock", "dispatch", "match", plan_number="P1", plan_name="年度", item_codes=["A1", "B1"])
        department.task("lock", "dispatch", "match", count=5, rate=None, draw_type="1", task_source="2")
        department.pull_down()
        for name, rows in department.held_there().items():
            assert department.rows(name) == rows, name

    def test_an_unlisted_item_is_held_here_and_refused_there_until_it_is_listed(self, department: Department) -> None:
        department.registries_up(5)
        department.task("lock", "dispatch", "match")
        department.pull_down()
        department.inspect("A1", "A9")
        held = department.run("in_inspection_results", "out_inspection_results", "in_inspection_result_items")
        counts = held["in_inspection_result_items"]
        assert (counts.accepted, counts.held) == (1, 1)

        # Listed here, but the platform has not been told yet.
        department.write("inspection_items", *department.items("A1", "A2", "A9"))
        done = department.run("in_inspection_items", "in_inspection_result_items", "out_inspection_result_items")
        assert done["in_inspection_result_items"].held == 0
        assert (done["out_inspection_result_items"].delivered, done["out_inspection_result_items"].refused) == (1, 1)
        (arguments,) = department.made.query("SELECT arguments FROM issues WHERE outcome = 'refused'")[0]
        said = json.loads(arguments)
        assert (said["reason_code"], said["reason"]) == self.unlisted

    @pytest.mark.parametrize("kind", ["html", "429"])
    def test_a_platform_that_is_busy_while_lists_are_pulled_is_waited_for(
        self, department: Department, kind: str
    ) -> None:
        department.registries_up(5)
        department.task("lock", "dispatch")
        department.platform.fail(kind, request="pull", seconds=0)
        assert department.run("pull_inspection_tasks")["pull_inspection_tasks"].accepted == 1

    def test_a_page_that_lacks_rows_fails_the_pull_and_stores_nothing(self, department: Department) -> None:
        department.registries_up(20)
        department.task("lock", "dispatch")
        department.run("pull_inspection_tasks")
        department.platform.fail("half_answer", request="pull")
        (report,) = department.made.run("pull-drawn-targets")
        assert (report.status, report.error and report.error.message.code) == ("failed", "rest.changed_while_pulled")
        assert department.rows("drawn_targets") == []

    def test_every_dataset_comes_back_from_the_platform_as_it_was_sent(
        self, made: Deployment, simulated: SimulatedPlatform, tmp_path: Path
    ) -> None:
        department = Department(made, simulated, self.province)
        department.registries_up()
        first = department.task("lock", "dispatch", "match", count=4, rate=None)
        year = {"draw_type": "1", "task_source": "2", "plan_name": "年度"}
        department.task("lock", "dispatch", "match", count=18, rate=None, **year)
        department.pull_down()
        department.inspect("A1", "A2")
        department.both_ways(self.province.results)

        (tmp_path / "other").mkdir()
        other = Deployment(tmp_path / "other", f"sqlite:///{tmp_path / 'other.db'}")
        back = department.came_back(other, **self.not_told)
        for name in (*self.province.sent, *self.province.pulled):
            assert len(department.rows(name)) > 0, name
            assert back.rows(name) == department.rows(name), name
        assert first in {row["merged_tasks"] for row in back.rows("drawn_targets")}
