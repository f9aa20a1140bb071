"""Rows of changes that were held: none is lost to another one, none comes back after a newer one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.companies import COUNTY, county_map, county_register, uscc
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
