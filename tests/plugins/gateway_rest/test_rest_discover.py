"""What there is to read at an address is listed from its first page, without a feed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import SourceError, StartError
from gateway.interfaces import Found, FoundColumn, Surroundings
from gateway_rest import gateway_sources
from gateway_rest.source import open_rest
from tests.plugins.gateway_rest.vendor import ROWS, SECRETS, Said, Vendor, rows_of, served


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor(lambda _: {"code": "0", "data": {"列表": ROWS, "n": 5}})) as vendor:
        yield vendor


def found(vendor: Vendor, **options: Any) -> list[Found]:
    (offer,) = gateway_sources()
    assert offer.discover
    known = {"type": "rest", "url": vendor.url, "path": "/api/list", "method": "get", "auth": "none"}
    declared = {name: value for name, value in {**known, **options}.items() if value is not None}
    return list(offer.discover(declared, Surroundings(Path(), SECRETS.__getitem__)))


def test_every_list_of_records_is_found_with_its_columns_and_values(vendor: Vendor) -> None:
    (list_,) = found(vendor)
    assert list_.title == 'data."列表"'
    assert list_.columns == [
        FoundColumn("code", "text", ["000", "001", "002", "003", "004"]),
        FoundColumn("name", "text", [f"企业{number}" for number in range(5)]),
    ]


def test_what_is_found_is_what_a_feed_has_to_say(vendor: Vendor) -> None:
    (list_,) = found(vendor)
    (offer,) = gateway_sources()
    declared = {name: value for name, value in list_.source.items() if name != "type"} | {"pagination": "none"}
    source = open_rest(offer.options.model_validate(declared), Surroundings(Path(), SECRETS.__getitem__))
    assert (list_.source["type"], rows_of(source)) == ("rest", ROWS)


def test_the_kinds_of_values_are_told(vendor: Vendor) -> None:
    vendor.answer = lambda _: [
        {"a": 1, "b": True, "c": None, "d": [1], "e": {"x": 1}},
        {"a": "x", "b": False, "c": "", "d": [], "e": {}},
    ]
    (list_,) = found(vendor)
    kinds = {column.name: column.type for column in list_.columns}
    assert (list_.title, kinds) == ("@", {"a": "number or text", "b": "boolean", "c": "", "d": "list", "e": "object"})


def test_several_lists_are_several_things_and_empty_ones_none(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"a": ROWS, "b": [{"x": 1}], "c": [], "d": ["text"]}
    assert [each.title for each in found(vendor)] == ["a", "b"]


def test_a_list_that_is_named_is_the_one(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"a": ROWS, "b": [{"x": 1}]}
    assert [each.source["columns"] for each in found(vendor, rows="b", columns=["x", "y"])] == [["x"]]


def test_an_answer_in_xml_is_looked_through_too(vendor: Vendor) -> None:
    vendor.answer = lambda _: Said(b"<a><r><n>1</n></r><r><n>2</n></r></a>", content_type="text/xml")
    (list_,) = found(vendor, format="xml")
    assert (list_.source["rows"], list_.columns) == ("r", [FoundColumn("n", "text", ["1", "2"])])


def test_a_feed_with_pages_and_a_cursor_is_looked_at_as_it_stands(vendor: Vendor) -> None:
    page = {"type": "page", "page": "p", "page_size_name": "n", "page_size": "5"}
    cursor = {"field": "at", "ask": "since", "look_back": "1 day"}
    (list_,) = found(vendor, pagination=page, cursor=cursor)
    assert (vendor.asked[0].query, list_.source["cursor"]) == ({"p": "1", "n": "5"}, cursor)


@pytest.mark.parametrize("options", [{"auth": None}, {"path": None}, {"unknown": "1"}])
def test_options_that_do_not_say_what_to_look_at_are_refused(vendor: Vendor, options: dict[str, Any]) -> None:
    with pytest.raises(StartError) as caught:
        found(vendor, **options)
    assert caught.value.message.code == "rest.not_discovered"
    assert re.search(r"[a-z] [a-z]|{reason", caught.value.text("zh")) is None


@pytest.mark.parametrize("content", [{"code": "500"}, [], "text", [[1]]])
def test_an_answer_without_records_says_so(vendor: Vendor, content: Any) -> None:
    vendor.answer = lambda _: content
    with pytest.raises(SourceError) as caught:
        found(vendor)
    assert caught.value.message.code == "rest.no_list"
