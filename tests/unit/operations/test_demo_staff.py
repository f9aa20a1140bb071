"""The demo's staff take up a task where it was left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.errors import StartError
from gateway.operations.demo_authorities import PROVINCE
from gateway.operations.demo_staff import Staff
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve

ORDER = PROVINCE.order(date(2026, 3, 2))


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    with serve(load_plugins().sandbox("shandong").open(tmp_path, {})) as served:
        yield Staff(served.url)


def test_a_step_that_the_platform_does_not_take_is_told_in_its_words(staff: Staff) -> None:
    with pytest.raises(StartError, match="名录库中没有符合条件的检查对象"):
        list(staff.inspect(ORDER))


def test_a_task_that_is_there_is_not_set_up_again(staff: Staff) -> None:
    steps = staff.inspect(ORDER)
    created = next(steps)
    with pytest.raises(StartError):
        list(staff.inspect(ORDER))
    assert (created.step, staff.task_number(PROVINCE.task)) == ("tasks", created.task_number)


def test_where_there_is_no_task_there_is_no_number(staff: Staff) -> None:
    assert staff.task_number(PROVINCE.task) == ""
