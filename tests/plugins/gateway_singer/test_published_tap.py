"""A tap from the package index, as it is published: pipelinewise-tap-mysql against MariaDB, one run and the next.

Taps pin old libraries, so it lives in a virtual environment of its own, which GATEWAY_TEST_TAP_MYSQL names.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa

from gateway.interfaces import Batch, Memory, Surroundings
from gateway_singer.options import SingerOptions
from gateway_singer.source import SingerSource, discover

PASSWORD = "correct horse"
LOCAL = "mysql://root@127.0.0.1:3306/"


@pytest.fixture(scope="module")
def tap() -> str:
    """The program, by its whole path."""
    named = os.environ.get("GATEWAY_TEST_TAP_MYSQL") or shutil.which("tap-mysql")
    if not named:
        pytest.skip(
            "no published tap: pip install pipelinewise-tap-mysql into a virtual environment of its own and name its "
            "bin/tap-mysql by GATEWAY_TEST_TAP_MYSQL"
        )
    return named


@pytest.fixture
def database(tap: str) -> Iterator[tuple[pymysql.connections.Connection, sa.URL]]:
    """A database of the test's own, and how a user that may only read reaches it."""
    server = sa.make_url(os.environ.get("GATEWAY_TEST_MARIADB_URL", LOCAL))
    name = f"gateway_tap_{uuid.uuid4().hex[:12]}"
    try:
        owner = pymysql.connect(
            host=server.host or "127.0.0.1",
            port=server.port or 3306,
            user=server.username,
            password=str(server.password or ""),
            charset="utf8mb4",
            autocommit=True,
        )
    except pymysql.err.OperationalError:
        pytest.skip(f"{tap} needs a MariaDB to read, and none lets us in; name one by GATEWAY_TEST_MARIADB_URL")
    with owner, owner.cursor() as cursor:
        for statement in (
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
            f"CREATE USER '{name}'@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT ON {name}.* TO '{name}'@'%'",
            f"USE {name}",
            "CREATE TABLE companies (code char(18) PRIMARY KEY, name varchar(50), capital decimal(18,6), at datetime)",
            "INSERT INTO companies VALUES ('01', '甲公司', 100.5, '2024-02-29 08:30:00')",
            "INSERT INTO companies VALUES ('02', '乙公司', NULL, '2024-03-01 08:30:00')",
        ):
            cursor.execute(statement)
        yield owner, server.set(database=name, username=name)
        cursor.execute(f"DROP USER '{name}'@'%'")
        cursor.execute(f"DROP DATABASE {name}")


def test_a_published_tap_is_discovered_read_and_resumed(
    tap: str, database: tuple[pymysql.connections.Connection, sa.URL], tmp_path: Path
) -> None:
    owner, url = database
    reading = {"host": url.host or "127.0.0.1", "port": str(url.port or 3306), "user": url.username}
    declared = {
        "command": [tap],
        "config": {**reading, "database": url.database},
        "secrets": {"password": "registry"},
    }
    surroundings = Surroundings(tmp_path, {"registry": PASSWORD}.__getitem__)
    [found] = [each for each in discover(declared, surroundings) if "companies" in each.title]
    assert {column.name for column in found.columns} == {"code", "name", "capital", "at"}

    more = {"metadata": {"replication-method": "INCREMENTAL", "replication-key": "at"}}
    stream = {"stream": found.source["stream"]}
    source = SingerSource(SingerOptions.model_validate({**declared, **stream, **more}), surroundings)
    first = list(source.resume(Memory()))
    assert cells(first, "code", "name", "capital") == [("01", "甲公司", "100.500000"), ("02", "乙公司", None)]
    with owner.cursor() as cursor:
        cursor.execute("INSERT INTO companies VALUES ('03', '丙公司', 1, '2024-03-02 08:30:00')")
    later = list(source.resume(Memory(cursor=first[-1].cursor)))
    assert cells(later, "code") == [("02",), ("03",)]  # the row of the bookmark comes again, and is unchanged


def cells(batches: list[Batch], *columns: str) -> list[tuple[str | None, ...]]:
    return [row for batch in batches for row in batch.rows.select(columns).rows()]
