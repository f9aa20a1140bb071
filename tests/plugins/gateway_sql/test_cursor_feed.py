"""Whole feeds over a cursor, from a department's database to the exchange: nothing skipped, nothing twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.pipeline.run_report import RunReport
from tests.companies import COUNTY, county_map, uscc
from tests.deployment import Deployment
from tests.plugins.gateway_sql.conftest import PASSWORD

T = "2024-02-29 08:30:0"


class County(Deployment):
    """A deployment that knows the password of the department's database."""

    @property
    def environ(self) -> dict[str, str]:
        return {**super().environ, "GATEWAY_SECRET_DEPARTMENT_DATABASE": PASSWORD}

    def read(self) -> RunReport:
        (report,) = self.run("register")
        return report

    def names(self) -> dict[str, str]:
        return dict(self.query("SELECT identifier, name FROM inspection_targets ORDER BY identifier"))


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Callable[[str], object]]]:
    """Where the department's database is, and how it is written to."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "outside.db", isolation_level=None)) as connection:
            yield "sqlite:///outside.db", connection.execute
    elif request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        connection = request.getfixturevalue("postgresql")
        yield url, lambda statement: connection.execute(statement.encode())
    else:
        yield request.getfixturevalue("mariadb_url"), request.getfixturevalue("mariadb")


@pytest.fixture
def county(tmp_path: Path, write: tuple[str, Callable[[str], object]]) -> County:
    url, do = write
    time = "text" if url.startswith("sqlite") else "timestamp" if url.startswith("postgresql") else "datetime"
    do(f"CREATE TABLE register (代码 varchar(18) PRIMARY KEY, 名称 text, 类别 text, 省份 text, 更新 {time})")
    made = County(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    county_map(tmp_path, COUNTY.replace("  record_version: {from: 版本}\n", "") + "ignore: {更新: 只用来判断新旧}\n")
    address = sa.make_url(url)
    source: dict[str, Any] = {
        "type": "sql",
        "url": address._replace(password=None).render_as_string(),
        "table": "register",
        "cursor": {"column": "更新", "look_back": "5 minutes"},
    }
    if address.password is not None:
        source["password"] = "department-database"
    made.declare(register=made.inbound("", source=source, map="county/targets", reads="changes"))
    return made


def add(do: Callable[[str], object], number: int, name: str, changed: str) -> None:
    do(f"INSERT INTO register VALUES ('{uscc(number)}', '{name}', '企业', '山东', '{changed}')")


def test_new_changed_and_late_rows_are_stored_and_the_others_recognised(
    county: County, write: tuple[str, Callable[[str], object]]
) -> None:
    _, do = write
    add(do, 1, "甲", "2024-02-29 08:00:00")
    add(do, 2, "乙", T + "0")
    first = county.read()
    add(do, 3, "丙", T + "0")
    add(do, 4, "丁", "2024-02-29 08:26:00")
    do(f"UPDATE register SET 名称 = '乙二', 更新 = '{T}1' WHERE 代码 = '{uscc(2)}'")
    second, third = county.read(), county.read()
    counts = [(run.counts.read, run.counts.accepted, run.counts.unchanged) for run in (first, second, third)]
    assert [run.error for run in (first, second, third)] == [None, None, None]
    assert counts == [(2, 2, 0), (3, 3, 0), (3, 0, 3)]
    assert county.names() == {uscc(1): "甲", uscc(2): "乙二", uscc(3): "丙", uscc(4): "丁"}
    assert county.query("SELECT count(*) FROM inspection_targets_history") == [(1,)]
