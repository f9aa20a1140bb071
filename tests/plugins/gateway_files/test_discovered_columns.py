"""What each kind of file shows of itself: every list, sheet or path of rows in it, its columns, a few of its values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import SourceError, StartError
from gateway.interfaces import Found, Surroundings
from gateway_files import gateway_sources
from tests.plugins.gateway_files.conftest import write_xlsx

Discover = Callable[..., list[Found]]


@pytest.fixture
def discover(tmp_path: Path) -> Discover:
    """What the offer of a kind finds in a folder of these files."""

    def discovered(kind: str, files: Mapping[str, bytes | str], **given: Any) -> list[Found]:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (offer,) = (each for each in gateway_sources() if each.name == kind)
        assert offer.discover
        found = list(offer.discover(given, Surroundings(tmp_path, str)))
        for each in found:
            said = {name: value for name, value in each.source.items() if name != "type"}
            offer.open(offer.options.model_validate(said), Surroundings(tmp_path, str)).check()
        return found

    return discovered


def shown(found: Found) -> dict[str, list[str]]:
    return {column.name: list(column.values) for column in found.columns}


def test_a_csv_file_shows_its_columns_and_values(discover: Discover) -> None:
    content = "名称,代码,备注\n甲,001,\n乙,002,\n甲,003,\n丙,,\n丁,,\n".encode("gb18030")
    (found,) = discover("csv", {"a.csv": content}, path="a.csv")
    assert shown(found) == {"名称": ["甲", "乙", "丙"], "代码": ["001", "002", "003"], "备注": []}
    assert (found.source, found.title) == ({"type": "csv", "path": "a.csv"}, "a.csv")


def test_a_folder_shows_its_files_of_that_kind(discover: Discover) -> None:
    files = {"in/a.csv": "n\n1\n", "in/b.csv": "m\n2\n", "in/broken.csv": "a,,\n", "in/c.json": "[]", "d.csv": "x\n"}
    found = discover("csv", files, path="in")
    assert [(each.source["path"], list(shown(each))) for each in found] == [("in/a.csv", ["n"]), ("in/b.csv", ["m"])]


def test_a_file_that_is_named_must_open(discover: Discover) -> None:
    with pytest.raises(SourceError, match="has no name"):
        discover("csv", {"a.csv": "a,,\n1,2,3\n"}, path="a.csv")


def test_a_wrong_option_is_said(discover: Discover) -> None:
    with pytest.raises(StartError, match="separator"):
        discover("csv", {"a.csv": "a\n"}, path="a.csv", separator="x")


def test_every_sheet_with_a_header_is_shown(discover: Discover, tmp_path: Path) -> None:
    sheets = {"一月": [["名称", "值"], ["甲", 1]], "封面": [[]], "二月": [["标题"], ["代码", "值"], ["1", 2]]}
    write_xlsx(tmp_path / "a.xlsx", sheets)
    first, second = discover("workbook", {}, path="a.xlsx")
    assert (first.source["sheet"], shown(first)) == ("一月", {"名称": ["甲"], "值": ["1"]})
    assert (second.source["sheet"], shown(second)) == ("二月", {"代码": ["1"], "值": ["2"]})


def test_a_sheet_alone_need_not_be_named(discover: Discover, tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"一月": [["名称", "值"], ["甲", 1]], "参数表": [["名称", "值"]]})
    (found,) = discover("workbook", {}, path="a.xlsx")
    assert found.source == {"type": "workbook", "path": "a.xlsx"}


@pytest.mark.parametrize("content", ['[{"a":1,"b":"x"}]', '{"a":1,"b":"x"}\n{"a":null}\n'])
def test_a_list_or_lines_of_json_show_their_members(discover: Discover, content: str) -> None:
    (found,) = discover("json", {"a.json": content}, path="a.json")
    assert (found.source, shown(found)) == ({"type": "json", "path": "a.json"}, {"a": ["1"], "b": ["x"]})


def test_every_list_in_a_json_document_is_shown(discover: Discover) -> None:
    document = {"data": {"list": [{"a": 1}], "ids": [1]}, "other": [{"b": 2}]}
    found = discover("json", {"a.json": json.dumps(document, indent=1)}, path="a.json")
    assert [(each.source["rows"], list(shown(each))) for each in found] == [("data.list", ["a"]), ("other", ["b"])]


def test_every_path_at_which_elements_repeat_is_shown(discover: Discover) -> None:
    text = '<d xmlns="urn:n"><r k="1"><a>1</a></r><r k="2"><a>2</a></r><r k="3"><b/></r><o><p/></o><o/></d>'
    first, second = discover("xml", {"a.xml": text}, path="a.xml", columns=["@k", "a", "b", "p"])
    assert (first.source["rows"], first.source["namespaces"]) == ("n1:d/n1:r", {"n1": "urn:n"})
    assert shown(first)["@k"] == ["1", "2", "3"]
    assert second.source["rows"] == "n1:d/n1:o"


def test_an_element_that_does_not_repeat_may_be_a_row(discover: Discover) -> None:
    (found,) = discover("xml", {"a.xml": "<list><row><a>1</a></row></list>"}, path="a.xml")
    assert (found.source["rows"], shown(found)) == ("list/row", {"a": ["1"]})


def test_xml_that_is_cut_off_is_refused(discover: Discover) -> None:
    with pytest.raises(SourceError, match=r"(?s)no whole and well-formed XML"):
        discover("xml", {"a.xml": "<list><row><a>1</a></row>"}, path="a.xml")
