"""GBK in a column or a database that is declared latin1: the rows are set aside, since no text of theirs is meant."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from gateway.transport.sql.mislabelled import meant

WESTERN = ["Müller", "Société Créée", "Ärzte", "Ü", "a", ""]


@pytest.fixture
def latin1_url(postgresql_url: str) -> Iterator[str]:
    """A database of PostgreSQL whose texts are declared latin1."""
    name = f"gateway_latin1_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_url, autocommit=True) as server:
        server.execute(
            f"CREATE DATABASE {name} ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0".encode()
        )
        yield sa.make_url(postgresql_url).set(database=name, query={}).render_as_string(hide_password=False)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def read(source: Any) -> tuple[list[str], list[tuple[int, str, str]]]:
    batches = list(source.read())
    faults = [fault for batch in batches for fault in batch.faults]
    assert {fault.message.code for fault in faults} <= {"sql.cell_mislabelled"}
    told = [(fault.row, fault.values["value"], fault.values["meant"]) for fault in faults]
    return [row for batch in batches for row in batch.rows["name"]], told


def test_gbk_in_a_latin1_column_of_mariadb_is_set_aside(open_source: Any, mariadb: Any, mariadb_url: str) -> None:
    mariadb("CREATE TABLE t (id integer PRIMARY KEY, name varchar(20) CHARACTER SET latin1)")
    for number, name in enumerate(WESTERN):
        mariadb(f"INSERT INTO t VALUES ({number}, _utf8mb4 0x{name.encode().hex() or '20'})")
    mariadb(f"INSERT INTO t VALUES (90, 0x{'张三'.encode('gbk').hex()}), (91, 0x{'女'.encode('gbk').hex()})")
    names, faults = read(open_source(url=mariadb_url, table="t"))
    assert names[:5] == WESTERN[:5]
    assert faults == [(7, "ÕÅÈý", "张三"), (8, "Å®", "女")]
    told = "SELECT id, CONVERT(CAST(name AS BINARY) USING gbk) AS name FROM t WHERE id >= 90"
    assert read(open_source(url=mariadb_url, query=told)) == (["张三", "女"], [])


def test_gbk_in_a_latin1_database_of_postgresql_is_set_aside(open_source: Any, latin1_url: str) -> None:
    with psycopg.connect(latin1_url, autocommit=True, client_encoding="latin1") as server:
        server.execute("CREATE TABLE t (id integer PRIMARY KEY, name text)")
        for number, name in enumerate([*WESTERN, "张三".encode("gbk").decode("latin1")]):
            server.execute("INSERT INTO t VALUES (%s, %s)", (number, name))
    assert read(open_source(url=latin1_url, table="t")) == (WESTERN, [(7, "ÕÅÈý", "张三")])


def test_words_of_the_same_letters_in_a_column_of_utf_8_are_what_they_are(
    open_source: Any, mariadb: Any, mariadb_url: str
) -> None:
    mariadb("CREATE TABLE t (id integer PRIMARY KEY, name varchar(20) CHARACTER SET utf8mb4)")
    mariadb("INSERT INTO t VALUES (1, 'ÕÅÈý')")
    assert read(open_source(url=mariadb_url, table="t")) == (["ÕÅÈý"], [])


@pytest.mark.parametrize("name", [*WESTERN, "张三", "ÅÅÅ", "Ïîïîï"])
def test_a_western_word_means_itself(name: str) -> None:
    assert meant(name) is None
