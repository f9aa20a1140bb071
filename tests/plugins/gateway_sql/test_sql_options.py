"""How a feed declares a database, and what is said where it is declared wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from pydantic import ValidationError

import gateway_sql
from gateway.errors import StartError, UnknownName
from gateway.interfaces import Surroundings
from gateway.messages import Catalogue
from gateway_sql.options import CursorOptions, SqlOptions

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
        "mysql://reader@10.1.2.3/registry?passwd=hunter2",
        "dm://reader@10.1.2.3/registry?ssl_pwd=hunter2",
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
    assert error.value.values["name"] == "postgres"
    assert error.value.values["nearest"] == "postgresql"


def test_a_kind_that_is_only_read_is_no_destination() -> None:
    [offer] = gateway_sql.gateway_destinations()
    options = offer.options.model_validate({"url": "mysql://writer@10.1.2.3/own", "table": "a", "keys": ["b"]})
    wire = SimpleNamespace(options={"format": "table"})
    with pytest.raises(UnknownName) as error:
        offer.open(options, cast("Any", wire), Surroundings(Path(), str))
    assert error.value.values["nearest"] == "sqlite"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"cursor": {"column": "t"}, "order_by": ["a"]}, "sql.order_is_given"),
        ({"partitions": {"column": "t"}, "order_by": ["a"]}, "sql.order_is_given"),
        ({"cursor": {"column": "t"}, "columns": ["a"]}, "sql.cursor_not_read"),
        ({"cursor": {"column": "t", "look_back": "soon"}}, "sql.wrong_span"),
        ({"cursor": {"column": "t", "look_back": "-3"}}, "sql.wrong_span"),
        ({"cursor": {"column": "t", "safety": "30"}}, "sql.wrong_span"),
    ],
)
def test_a_cursor_that_cannot_be_right_is_refused(given: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as error:
        SqlOptions.model_validate({"url": URL, "table": "a", **given})
    assert message_of(error.value) == code


@pytest.mark.parametrize(
    ("look_back", "by"),
    [
        ("1000", 1000),
        (0, 0),
        ("1 second", timedelta(seconds=1)),
        ("10 minutes", timedelta(minutes=10)),
        ("2 hours", timedelta(hours=2)),
        ("1 week", timedelta(weeks=1)),
        (None, None),
    ],
)
def test_a_look_back_is_a_number_or_a_span_of_time(look_back: Any, by: int | timedelta | None) -> None:
    options = CursorOptions.model_validate({"column": "t", "look_back": look_back, "safety": "30 seconds"})
    assert (options.look_back, options.cursor.safety) == (by, 30)


@pytest.mark.parametrize("parts", ["1", "17", "many"])
def test_partitions_are_two_to_sixteen(parts: str) -> None:
    with pytest.raises(ValidationError):
        SqlOptions.model_validate({"url": URL, "table": "a", "partitions": {"column": "id", "parts": parts}})


def test_the_feed_of_the_reference_page_can_be_declared() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "databases.md").read_text(encoding="utf-8")
    [feed] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    source = yaml.safe_load(feed)["registry"]["source"]
    options = SqlOptions.model_validate({name: value for name, value in source.items() if name not in {"name", "type"}})
    assert options.cursor == CursorOptions(column="xgsj", look_back=timedelta(hours=2))


def test_the_reference_page_lists_every_option() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "databases.md").read_text(encoding="utf-8")
    names = {field.alias or name for name, field in SqlOptions.model_fields.items()} | set(CursorOptions.model_fields)
    assert {name for name in names if f"`{name}" not in page} == set()


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
