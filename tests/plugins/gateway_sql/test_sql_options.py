"""How a feed declares a database, and what is said where it is declared wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import gateway_sql
from gateway.errors import StartError, UnknownName
from gateway.messages import Catalogue
from gateway_sql.options import SqlOptions

URL = "sqlite:///registry.db"


def message_of(error: ValidationError) -> str:
    [wrong] = error.errors()
    found = wrong["ctx"]["error"]
    assert isinstance(found, StartError)
    return found.message.code


def test_the_offer_is_named_sql_and_words_every_code_once() -> None:
    [offer] = gateway_sql.gateway_sources()
    assert (offer.name, offer.title, offer.options) == ("sql", "数据库", SqlOptions)
    assert len(Catalogue(offer.messages)) == len(offer.messages)


@pytest.mark.parametrize("given", [{}, {"table": "a", "query": "SELECT 1"}])
def test_a_table_or_a_query_is_named_and_not_both(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as error:
        SqlOptions.model_validate({"url": URL, **given})
    assert message_of(error.value) == "sql.table_or_query"


def test_a_schema_goes_with_a_table_only() -> None:
    with pytest.raises(ValidationError) as error:
        SqlOptions.model_validate({"url": URL, "query": "SELECT 1", "schema": "public"})
    assert message_of(error.value) == "sql.schema_of_query"


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(ValidationError, match="tabel"):
        SqlOptions.model_validate({"url": URL, "tabel": "a", "query": "SELECT 1"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:hunter2@10.1.2.3/registry",
        "postgresql://reader:@10.1.2.3/registry?password=hunter2",
        "postgresql://10.1.2.3/registry?password=hunter2",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError) as error:
        SqlOptions.model_validate({"url": url, "table": "a"})
    assert message_of(error.value) == "sql.password_in_url"
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("url", ["registry.db", "", "postgresql://host:port/db", "://"])
def test_a_url_that_cannot_be_read_is_refused_with_the_forms_allowed(url: str) -> None:
    with pytest.raises(ValidationError) as error:
        SqlOptions.model_validate({"url": url, "table": "a"})
    assert message_of(error.value) == "sql.wrong_url"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///registry.db?mode=rwc"])
def test_a_sqlite_database_is_a_file_without_parameters(open_source: Any, url: str) -> None:
    with pytest.raises(StartError) as error:
        open_source(url=url, table="a")
    assert error.value.message.code == "sql.wrong_url"


def test_an_unknown_kind_of_database_offers_the_known_ones(open_source: Any) -> None:
    with pytest.raises(UnknownName) as error:
        open_source(url="postgres://10.1.2.3/registry", table="a")
    assert (error.value.values["name"], error.value.values["nearest"]) == ("postgres", "postgresql, sqlite")


def test_the_password_is_a_secrets_name(open_source: Any) -> None:
    with pytest.raises(KeyError, match="no-such-secret"):
        open_source(url="postgresql://reader@10.1.2.3/registry", table="a", password="no-such-secret")


def test_without_the_driver_it_is_said_how_to_install_it(open_source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    source = open_source(url="postgresql://reader@127.0.0.1:1/registry", table="a")
    with pytest.raises(Exception, match=r"pip install 'double-random-gateway\[postgres\]'"):
        source.check()


def test_offering_the_source_loads_neither_sqlalchemy_nor_a_driver() -> None:
    code = "import sys, gateway_sql; print(sorted({'sqlalchemy', 'psycopg', 'sqlite3'} & sys.modules.keys()))"
    plugins = Path(gateway_sql.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=plugins.parent, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
