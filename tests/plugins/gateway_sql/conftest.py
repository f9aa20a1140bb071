"""A source is opened as a feed opens it: through the plugin's offer, its options checked by their model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import gateway_sql
from gateway.interfaces import ROW, Batch, Source, Surroundings

OpenSource = Callable[..., Source]
Rows = list[dict[str, str | None]]
RowsOf = Callable[[Iterable[Batch]], Rows]

PASSWORD = "correct horse battery"


@pytest.fixture
def open_source(tmp_path: Path) -> OpenSource:
    offer = gateway_sql.gateway_sources()[0]
    secrets = {"department-password": PASSWORD}
    surroundings = Surroundings(tmp_path, secrets.__getitem__)

    def opened(*, url: str, **options: Any) -> Source:
        address = sa.make_url(url)
        if address.password is not None:  # the test server's own, which a feed keeps as a secret
            secrets["server"] = str(address.password)
            url = address.set(password=None).render_as_string()
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
