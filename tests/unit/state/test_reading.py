"""Whoever only looks leaves nothing behind: no file, no table, no change."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import RunError, StartError
from gateway.state.database import Database
from gateway.state.reading import opened_for_reading
from gateway.state.run_list import list_runs


def test_a_database_that_is_not_there_reads_as_empty_and_is_not_made(tmp_path: Path) -> None:
    with opened_for_reading(f"sqlite:///{tmp_path / 'gateway.db'}") as database, database.read() as connection:
        assert list_runs(connection) == []
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_reads_as_empty_and_stays_so(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    file.touch()
    with opened_for_reading(f"sqlite:///{file}") as database, database.read() as connection:
        assert list_runs(connection) == []
    assert (file.stat().st_size, list(tmp_path.iterdir())) == (0, [file])


def test_an_empty_postgresql_reads_as_empty_and_gets_no_table(postgresql_url: str) -> None:
    with opened_for_reading(postgresql_url) as database, database.read() as connection:
        assert list_runs(connection) == []
    engine = sa.create_engine(postgresql_url.replace("postgresql:", "postgresql+psycopg:"))
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_nothing_can_be_written(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    refused = pytest.raises((sa.exc.DBAPIError, RunError))
    with opened_for_reading(url) as reading, refused, reading.write() as connection:
        connection.exec_driver_sql("DELETE FROM runs")


def test_no_file_of_the_write_ahead_log_stays_behind(tmp_path: Path) -> None:
    file = tmp_path / "gate way.db"
    written = Database(f"sqlite:///{file}")
    written.upgrade()
    written.close()
    before = file.read_bytes()
    with opened_for_reading(f"sqlite:///{file}") as database, database.read() as connection:
        list_runs(connection)
    assert (list(tmp_path.iterdir()), file.read_bytes()) == ([file], before)


def test_it_reads_while_another_writes(database: Database) -> None:
    with database.write() as writing:
        writing.exec_driver_sql("INSERT INTO leases VALUES ('a', 'b', '2026-01-01T00:00:00.000000+00:00')")
        url = database.url.render_as_string(hide_password=False)
        with opened_for_reading(url) as reading, reading.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM leases").scalar_one() == 0


def test_a_database_of_another_program_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    url = database.url.render_as_string(hide_password=False)
    with pytest.raises(StartError, match="newer than this program"), opened_for_reading(url):
        pass


def test_an_older_database_is_left_as_it_is(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    url = database.url.render_as_string(hide_password=False)
    with pytest.raises(StartError, match="still at revision 0001"), opened_for_reading(url):
        pass


def test_a_file_that_is_no_database_is_said_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    file.write_text("not a database at all" * 100)
    with pytest.raises(StartError, match="file is not a database"), opened_for_reading(f"sqlite:///{file}"):
        pass


def test_an_unreachable_server_is_said_in_one_sentence() -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(StartError, match="cannot be opened"), opened_for_reading(url):
        pass
