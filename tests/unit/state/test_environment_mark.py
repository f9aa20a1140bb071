"""A database belongs to the deployment that worked in it first: rehearsal or production, for good."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import StartError
from gateway.state import environment_mark
from gateway.state.database import Database
from gateway.state.migrating import migrate
from gateway.state.reading import opened_for_reading
from gateway.state.tables import environment_mark as mark_table
from gateway.state.tables import event_log


def _marks(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(sa.select(mark_table.c.environment)).scalars())


def test_the_first_deployment_marks_the_database_once(database: Database) -> None:
    for _ in range(2):
        environment_mark.claim(database, "production")
    with database.read() as connection:
        logged = connection.execute(sa.select(event_log.c.action, event_log.c.detail)).fetchall()
    assert _marks(database) == ["production"]
    assert [tuple(entry) for entry in logged] == [("environment.marked", '{"environment":"production"}')]


@pytest.mark.parametrize(("theirs", "ours"), [("rehearsal", "production"), ("production", "rehearsal")])
def test_the_other_environment_is_refused_and_the_mark_stays(database: Database, theirs: str, ours: str) -> None:
    environment_mark.claim(database, theirs)  # type: ignore[arg-type]
    with pytest.raises(StartError, match=f"belongs to a {theirs} deployment, and this one is set to {ours}"):
        environment_mark.claim(database, ours)  # type: ignore[arg-type]
    assert _marks(database) == [theirs]


def test_looking_never_marks(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    database.upgrade()
    with opened_for_reading(str(database.url), "production"):
        pass
    assert _marks(database) == []


def test_looking_under_the_other_environment_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    database.upgrade()
    environment_mark.claim(database, "rehearsal")
    with (
        pytest.raises(StartError, match="set environment back to rehearsal"),
        opened_for_reading(str(database.url), "production"),
    ):
        pass


@pytest.mark.parametrize(("runs", "marks"), [(0, []), (1, ["rehearsal"])])
def test_a_database_that_worked_before_there_were_marks_is_rehearsal(
    tmp_path: Path, runs: int, marks: list[str]
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}")
    with database.engine.connect() as connection:
        migrate(connection, "0003")
        for run in range(runs):
            connection.exec_driver_sql(
                "INSERT INTO runs (id, feed, direction, dataset, status, stage, started_at, counts, places) "
                f"VALUES ({run}, 'f', 'inbound', 'd', 'succeeded', 'done', '2026-01-01T00:00:00.000000+00:00', '', '')"
            )
        connection.commit()
    database.upgrade()
    assert _marks(database) == marks
