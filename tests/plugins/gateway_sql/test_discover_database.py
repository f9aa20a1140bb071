"""From a url alone: what tables there are, what columns they have, and a few of their values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import gateway_sql
from gateway.errors import SourceError, StartError
from gateway.interfaces import Found, Surroundings
from tests.plugins.gateway_sql.conftest import PASSWORD


def discover(url: str, folder: Path, **options: Any) -> Mapping[str, Found]:
    [offer] = gateway_sql.gateway_sources()
    assert offer.discover is not None
    address = sa.make_url(url)
    if address.password is not None:
        url, options = address._replace(password=None).render_as_string(), {**options, "password": "server"}
    found = offer.discover(
        {"type": "sql", "url": url, **options}, Surroundings(folder, {"server": PASSWORD}.__getitem__)
    )
    return {each.title: each for each in found}


def columns(found: Found) -> list[tuple[str, str, list[str]]]:
    return [(column.name, column.type.lower(), list(column.values)) for column in found.columns]


TEXT = {"name": ["甲公司", "乙公司", "丙公司"], "remark": ["在业"]}


@pytest.mark.parametrize("kind", ["db", "pg", "mariadb"])
def test_tables_and_views_are_listed_with_types_and_a_few_values(
    request: pytest.FixtureRequest, tmp_path: Path, open_source: Any, kind: str
) -> None:
    company = request.getfixturevalue(f"company_{kind}")
    url = f"sqlite:///{company.name}" if kind == "db" else company
    found = discover(url, tmp_path)
    prefix = "public." if kind == "pg" else ""
    assert list(found) == [f"{prefix}active", f"{prefix}companies"]
    uscc, name, capital, remark = columns(found[f"{prefix}companies"])
    assert (uscc[0], len(uscc[2])) == ("uscc", 3)
    assert (name[0], sorted(name[2])) == ("name", sorted(TEXT["name"]))
    assert capital[1] in {"integer", "numeric(18,6)", "decimal(18,6)"}
    assert remark[2] == ["在业"]
    # What is found is what a feed says.
    source = {**found[f"{prefix}companies"].source}
    assert source.pop("type") == "sql"
    if source.pop("password", None):
        source["url"] = url
    [batch] = open_source(**source).read()
    assert batch.rows.height == 3


def test_a_table_that_is_named_is_found_alone_and_others_options_stay(tmp_path: Path, company_pg: str) -> None:
    found = discover(company_pg, tmp_path, table="companies", cursor={"column": "uscc"})
    assert list(found) == ["public.companies"]
    assert found["public.companies"].source["cursor"] == {"column": "uscc"}
    assert list(discover(company_pg, tmp_path, schema="pg_catalog", table="pg_class")) == ["pg_catalog.pg_class"]


def test_a_query_is_looked_into(tmp_path: Path, company_mariadb: str) -> None:
    query = "SELECT uscc, capital * 2 AS twice FROM companies ORDER BY uscc"
    [found] = discover(company_mariadb, tmp_path, query=query).values()
    assert found.source["query"] == query
    assert [(name, values) for name, _, values in columns(found)][1] == (
        "twice",
        ["200.000000", "400.000000", "600.000000"],
    )


def test_bytes_are_listed_without_values_and_left_out_of_the_columns(
    tmp_path: Path, mariadb: Any, mariadb_url: str
) -> None:
    mariadb("CREATE TABLE scans (id integer PRIMARY KEY, photo longblob, note varchar(200))")
    mariadb("INSERT INTO scans VALUES (1, x'ff', REPEAT('长', 200)), (2, NULL, '')")
    [found] = discover(mariadb_url, tmp_path).values()
    assert columns(found) == [
        ("id", "int(11)", ["1", "2"]),
        ("photo", "longblob", []),
        ("note", "varchar(200)", ["长" * 60]),
    ]
    assert found.source["columns"] == ["id", "note"]


def test_a_table_that_may_not_be_read_is_listed_without_values(
    tmp_path: Path, postgresql: psycopg.Connection[Any], company_pg: str
) -> None:
    role = f"gateway_reader_{company_pg.rsplit('_', 1)[1]}"
    postgresql.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".encode())
    try:
        url = sa.make_url(company_pg).set(username=role, password=PASSWORD)
        found = discover(url.render_as_string(hide_password=False), tmp_path)
        assert [(name, values) for name, _, values in columns(found["public.companies"])] == [
            ("uscc", []),
            ("name", []),
            ("capital", []),
            ("remark", []),
        ]
    finally:
        postgresql.execute(f"DROP ROLE {role}".encode())


def test_a_table_without_columns_or_with_bytes_alone_is_listed(
    tmp_path: Path, postgresql: psycopg.Connection[Any], postgresql_url: str
) -> None:
    postgresql.execute("CREATE TABLE empty (); CREATE TABLE bytes (b bytea)")
    found = discover(postgresql_url, tmp_path)
    assert [(title, columns(each)) for title, each in found.items()] == [
        ("public.bytes", [("b", "bytea", [])]),
        ("public.empty", []),
    ]


def test_options_that_cannot_be_used_are_told_in_one_sentence(tmp_path: Path) -> None:
    [offer] = gateway_sql.gateway_sources()
    assert offer.discover is not None
    for wrong, why in (
        ({"url": "registry.db"}, "查看数据库：url：数据库地址 url 的写法有误；"),
        ({"url": "sqlite:///r.db", "tabel": "a"}, "查看数据库：tabel：没有这一项；"),
        ({"table": "a"}, "查看数据库：url：必须写明；"),
    ):
        with pytest.raises(StartError) as error:
            offer.discover(wrong, Surroundings(tmp_path, str))
        assert error.value.message.code == "sql.wrong_options"
        assert why in error.value.text("zh")


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as error:
        discover("sqlite:///registry.db", tmp_path)
    assert error.value.message.code == "sql.missing_file"
