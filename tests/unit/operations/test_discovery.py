"""Options as a person types them for a source that is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StartError, UnknownName
from gateway.hookspecs import offers
from gateway.interfaces import Found, Options, SourceOffer, Surroundings
from gateway.operations.discovery import discover, feed_options, typed_options
from gateway.pipeline.feeds import InboundFeed
from gateway.plugin_loader import Plugin, Plugins, load_plugins


class ShelfOptions(Options):
    row: str


class Shelves:
    """A plugin with a source that lists what there is, and one that cannot."""

    @offers
    def gateway_sources(self) -> list[SourceOffer]:
        def look(options: Any, surroundings: Surroundings) -> list[Found]:
            return [Found({"type": "shelf", **options}, (), title=str(surroundings.directory))]

        return [
            SourceOffer("shelf", "书架", ShelfOptions, lambda *_: None, discover=look),
            SourceOffer("paper", "纸质台账", Options, lambda *_: None),
        ]


@pytest.fixture
def plugins() -> Plugins:
    return Plugins([Plugin("shelves", "1.0", Shelves())])


def _secret(name: str) -> str:
    raise AssertionError(name)


def test_options_are_texts_lists_and_mappings() -> None:
    typed = ["path=收件/*.csv", "url=sqlite:///a.db?x=1", "header=[姓名, 执法证编号]", "auth={type: token}", "sheet="]
    assert typed_options(typed) == {
        "path": "收件/*.csv",
        "url": "sqlite:///a.db?x=1",
        "header": ["姓名", "执法证编号"],
        "auth": {"type": "token"},
        "sheet": "",
    }


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (["path"], "discover.no_option"),
        (["=a"], "discover.no_option"),
        (["path=a", "path=b"], "discover.option_twice"),
        (["header=[a"], "yaml.syntax"),
    ],
)
def test_what_is_no_option_is_refused(typed: list[str], code: str) -> None:
    with pytest.raises(StartError) as refused:
        typed_options(typed)
    assert refused.value.message.code == code


def test_a_source_is_asked_with_the_options_and_the_deployment(plugins: Plugins, tmp_path: Path) -> None:
    (found,) = discover(plugins, Surroundings(tmp_path, _secret), "shelf", {"row": "3"})
    assert (found.source, found.title) == ({"type": "shelf", "row": "3"}, str(tmp_path))


def test_a_source_that_cannot_list_is_said_with_those_that_can(plugins: Plugins, tmp_path: Path) -> None:
    with pytest.raises(StartError) as refused:
        discover(plugins, Surroundings(tmp_path, _secret), "paper", {})
    assert refused.value.values == {"type": "paper", "allowed": "shelf"}


def test_an_option_that_the_source_does_not_have_is_named_with_the_nearest(plugins: Plugins, tmp_path: Path) -> None:
    with pytest.raises(UnknownName) as refused:
        discover(plugins, Surroundings(tmp_path, _secret), "shelf", {"rwo": "3"})
    assert refused.value.text("zh") == "没有名为“rwo”的选项（来源类型 shelf）；最接近的是：row"


def test_every_option_of_the_shipped_sources_is_known_by_the_name_that_a_feed_says(tmp_path: Path) -> None:
    shipped = load_plugins()
    for kind in (name for name, offer in shipped.sources().items() if offer.discover):
        names = shipped.source(kind).options.model_json_schema(by_alias=True)["properties"]
        with pytest.raises(UnknownName) as refused:
            discover(shipped, Surroundings(tmp_path, _secret), kind, {**dict.fromkeys(names, ""), "no such": ""})
        assert refused.value.values["name"] == "no such", kind


def test_an_unknown_kind_is_answered_with_the_nearest(plugins: Plugins, tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        discover(plugins, Surroundings(tmp_path, _secret), "shelv", {})


def test_a_feed_gives_the_options_of_its_source() -> None:
    feed = InboundFeed.model_validate(
        {
            "direction": "inbound",
            "dataset": "inspectors",
            "department": "A",
            "source": {"type": "csv", "name": "甲", "path": "a.csv"},
            "map": "m",
        }
    )
    assert feed_options(feed) == {"path": "a.csv"}
