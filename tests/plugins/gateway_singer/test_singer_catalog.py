"""Catalogs of taps of different ages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import SourceError
from gateway_singer.catalog import Catalog


def catalog(*streams: dict[str, Any]) -> Catalog:
    return Catalog("tap-x", json.dumps({"streams": list(streams)}))


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": ["null", "string"], "format": "date-time"}, "string date-time"),
        ({"type": "integer"}, "integer"),
        ({"anyOf": [{"type": "string"}]}, '{"anyOf":[{"type":"string"}]}'),
        ({"inclusion": "unsupported", "description": "blob"}, "unsupported"),
        (True, "true"),
    ],
)
def test_the_type_of_a_member_is_shown(schema: Any, shown: str) -> None:
    stream = catalog({"stream": "a", "schema": {"properties": {"x": schema}}}).stream("a")
    assert [(column.name, column.type) for column in stream.columns] == [("x", shown)]


def test_what_the_tap_cannot_give_is_not_selected() -> None:
    metadata = [{"breadcrumb": ["properties", "x"], "metadata": {"inclusion": "unsupported"}}]
    found = catalog({"stream": "a", "schema": {"properties": {"x": {}, "y": {}}}, "metadata": metadata})
    (selected,) = json.loads(found.selecting(found.stream("a"), {}))["streams"]
    assert {tuple(each["breadcrumb"]): each["metadata"].get("selected") for each in selected["metadata"]} == {
        ("properties", "x"): None,
        ("properties", "y"): True,
        (): True,
    }


def test_two_streams_of_one_name_are_told_apart_by_their_ids() -> None:
    found = catalog(
        {"tap_stream_id": "a-t", "stream": "t", "schema": {}}, {"tap_stream_id": "b-t", "stream": "t", "schema": {}}
    )
    assert found.stream("b-t").entry["tap_stream_id"] == "b-t"
    with pytest.raises(SourceError, match="a-t, b-t"):
        found.stream("t")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"streams": [{}]}', '{"streams": 5}', '{"streams": ["a"]}'])
def test_what_is_no_catalog_is_said(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        Catalog("tap-x", text)
    assert caught.value.message.code == "singer.no_catalog"
