from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.domain.datasets import DATASETS
from gateway.errors import StartError
from gateway.state.database import Database
from gateway.state.exchange_tables import OWN_COLUMNS, history_of, table_of
from gateway.state.migrating import alembic_config
from gateway.state.revision import HEAD, KNOWN, revision_of
from gateway.state.tables import change_numbers, metadata


def test_migrations_make_exactly_the_tables_that_the_datasets_declare(database: Database) -> None:
    for dataset in DATASETS.values():
        table_of(dataset), history_of(dataset)
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_versions_known_by_their_files_are_those_that_alembic_finds() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert list(KNOWN) == sorted(revision.revision for revision in script.walk_revisions())
    assert script.get_current_head() == HEAD


def test_an_upgraded_database_has_the_version_that_alembic_reads(database: Database) -> None:
    with database.read() as connection:
        assert revision_of(connection) == MigrationContext.configure(connection).get_current_revision() == HEAD


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.insert(change_numbers).values(dataset="departments", last=7))
    database.upgrade()
    with database.read() as connection:
        assert connection.execute(sa.select(change_numbers.c.last)).scalars().all() == [7]


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        connection.execute(sa.insert(change_numbers).values(dataset="departments", last=7))
        raise RuntimeError
    with database.read() as connection:
        assert connection.execute(sa.select(change_numbers)).fetchall() == []


def test_a_database_of_a_newer_gateway_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StartError, match="9999, newer than this program"):
        database.upgrade()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all/gateway.db", "unable to open database file"),
        ("postgresql://root:geheim@127.0.0.1:9/test", "Connection refused"),
    ],
)
def test_an_unreachable_database_is_said_in_one_sentence_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StartError) as caught:
        Database(url).upgrade()
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(StartError, match="SQLite or PostgreSQL, not 'mysql'"):
        Database("mysql://root@127.0.0.1/test")


def test_a_read_only_database_is_never_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    Database(url).upgrade()
    with (
        Database(url, read_only=True).engine.connect() as connection,
        pytest.raises(sa.exc.OperationalError, match="readonly"),
    ):
        connection.execute(sa.insert(change_numbers).values(dataset="departments", last=7))


def test_no_field_of_a_dataset_has_the_name_of_a_column_that_every_row_carries() -> None:
    taken = {(name, field) for name, dataset in DATASETS.items() for field in dataset.schema if field in OWN_COLUMNS}
    assert taken == set()
