"""A source is opened as a feed opens it: through the plugin's offer, its options checked by their model."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

import gateway_sql
from gateway.interfaces import ROW, Batch, Source, Surroundings
from tests.conftest import absent

OpenSource = Callable[..., Source]
Rows = list[dict[str, str | None]]
RowsOf = Callable[[Iterable[Batch]], Rows]

PASSWORD = "correct horse battery"
LOCAL_MARIADB = "mysql://root@127.0.0.1:3306/"


@pytest.fixture
def open_source(tmp_path: Path) -> OpenSource:
    offer = gateway_sql.gateway_sources()[0]
    secrets = {"department-password": PASSWORD}
    surroundings = Surroundings(tmp_path, secrets.__getitem__)

    def opened(*, url: str, **options: Any) -> Source:
        address = sa.make_url(url)
        if address.password is not None:  # the test server's own, which a feed keeps as a secret
            secrets["server"] = str(address.password)
            url = address._replace(password=None).render_as_string()
            options = {"password": "server", **options}
        return offer.open(offer.options.model_validate({"url": url, **options}), surroundings)

    return opened


@pytest.fixture
def rows_of() -> RowsOf:
    def rows(batches: Iterable[Batch]) -> Rows:
        return [row for batch in batches for row in batch.rows.drop(ROW).to_dicts()]

    return rows


@pytest.fixture
def company_db(tmp_path: Path) -> Path:
    """Three companies, in a file that nobody has open."""
    path = tmp_path / "registry.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE companies (uscc TEXT PRIMARY KEY, name TEXT, capital INTEGER, remark TEXT);
        INSERT INTO companies VALUES ('91370102MA3C000003', '丙公司', 300, NULL);
        INSERT INTO companies VALUES ('91370102MA3C000001', '甲公司', 100, '');
        INSERT INTO companies VALUES ('91370102MA3C000002', '乙公司', 200, '在业');
        CREATE VIEW active AS SELECT uscc FROM companies WHERE remark = '在业';
        """
    )
    connection.close()
    return path


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that writes as the department does."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def company_pg(postgresql: psycopg.Connection[Any], postgresql_url: str) -> str:
    postgresql.execute(
        """
        CREATE TABLE companies (uscc char(18) PRIMARY KEY, name text, capital numeric(18,6), remark text);
        INSERT INTO companies VALUES ('91370102MA3C000003', '丙公司', 300, NULL);
        INSERT INTO companies VALUES ('91370102MA3C000001', '甲公司', 100, '');
        INSERT INTO companies VALUES ('91370102MA3C000002', '乙公司', 200, '在业');
        CREATE VIEW active AS SELECT uscc FROM companies WHERE remark = '在业';
        """
    )
    return postgresql_url


def mariadb_connection(url: sa.URL, database: str | None = None) -> Any:
    return pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=str(url.password or ""),
        database=database,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=3,
        max_allowed_packet=64 << 20,
    )


@pytest.fixture(scope="session")
def _mariadb_database() -> Iterator[tuple[sa.URL, sa.URL]]:
    """A database of this process's own: how its owner reaches it, and a user that may only read it."""
    server = sa.make_url(os.environ.get("GATEWAY_TEST_MARIADB_URL", LOCAL_MARIADB))
    name = f"gateway_test_{uuid.uuid4().hex[:12]}"
    try:
        connection = mariadb_connection(server)
    except pymysql.err.OperationalError:
        absent(
            "mariadb",
            f"no MariaDB lets us in at {server._replace(password=None)}; name one by GATEWAY_TEST_MARIADB_URL, "
            "with a user that may create databases and users",
        )
    reader = f"'{name}'@'%'"
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE USER {reader} IDENTIFIED BY '{PASSWORD}'")
        cursor.execute(f"GRANT SELECT ON {name}.* TO {reader}")
        url = sa.URL.create("mysql", name, PASSWORD, server.host, server.port, name)
        yield server.set(database=name), url
        cursor.execute(f"DROP USER {reader}")
        cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture
def mariadb_url(_mariadb_database: tuple[sa.URL, sa.URL]) -> Iterator[str]:
    """The URL of an empty database for a user that may only read it; a test's tables are gone before the next one."""
    owner, reader = _mariadb_database
    yield reader.render_as_string(hide_password=False)
    with mariadb_connection(owner, owner.database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (reader.username,))
        for (left,) in cursor.fetchall():
            with suppress(pymysql.err.MySQLError):  # it may have ended by itself meanwhile
                cursor.execute(f"KILL {left}")
        cursor.execute("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE()")
        for table, kind in cursor.fetchall():
            kept = "VIEW" if kind == "VIEW" else "SEQUENCE" if kind == "SEQUENCE" else "TABLE"
            cursor.execute(f"DROP {kept} `{table.replace('`', '``')}`")


@pytest.fixture
def mariadb(_mariadb_database: tuple[sa.URL, sa.URL], mariadb_url: str) -> Iterator[Callable[..., Any]]:
    """Runs a statement as the department does."""
    owner, _ = _mariadb_database
    with mariadb_connection(owner, owner.database) as connection:

        def run(statement: str, rows: Sequence[Any] | None = None) -> Any:
            with connection.cursor() as cursor:
                if rows is None:
                    cursor.execute(statement)
                else:
                    cursor.executemany(statement, rows)
                return cursor.fetchall()

        run("SET sql_mode = ''")
        yield run


@pytest.fixture
def company_mariadb(mariadb: Callable[..., Any], mariadb_url: str) -> str:
    mariadb("CREATE TABLE companies (uscc char(18) PRIMARY KEY, name text, capital decimal(18,6), remark text)")
    mariadb(
        "INSERT INTO companies VALUES ('91370102MA3C000003', '丙公司', 300, NULL),"
        " ('91370102MA3C000001', '甲公司', 100, ''), ('91370102MA3C000002', '乙公司', 200, '在业')"
    )
    mariadb("CREATE VIEW active AS SELECT uscc FROM companies WHERE remark = '在业'")
    return mariadb_url


@pytest.fixture
def hostile_texts() -> Sequence[str]:
    """Every text of up to three of the signs that a text format could trip over, and every sign of the basic plane."""
    signs = [
        "\\",
        "N",
        "n",
        "t",
        "\t",
        "\n",
        "\r",
        "\b",
        "\v",
        "\f",
        '"',
        ",",
        " ",
        ".",
        "\ufeff",
        "x",
        "\x01",
        "'",
        "%",
    ]
    texts = [""]
    for _ in range(3):
        texts += [text + sign for text in dict.fromkeys(texts) for sign in signs]
    plane = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code <= 0xDFFF]
    return [*dict.fromkeys(texts), *plane, "👩‍🌾\\N", "\\.", "𠮷野家", "null", "NULL", "\\N" * 50]
