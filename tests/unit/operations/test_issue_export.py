"""The workbook holds every issue with its reason and its original cells, and nothing in it is a formula."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from gateway.app import Gateway
from gateway.operations.issue_export import Reader, export_issues
from gateway.state import issues
from gateway.state.issue_list import IssueFilter

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ACTED_ON = IssueFilter(outcomes=("rejected", "held"))


def _rows(file: Path, number: int = 1) -> list[dict[str, str]]:
    """The cells of a sheet as a reader of Excel sees them, by the column's letters."""
    with zipfile.ZipFile(file) as workbook:
        sheet = ET.fromstring(workbook.read(f"xl/worksheets/sheet{number}.xml"))
    return [
        {re.sub(r"\d", "", cell.attrib["r"]): "".join(cell.itertext()) for cell in row}
        for row in sheet.iter(f"{_SHEET}row")
    ]


def _by_heading(file: Path, number: int = 1) -> list[dict[str, str]]:
    heading, *rows = _rows(file, number)
    return [{heading[letters]: text for letters, text in row.items()} for row in rows]


def _sheet_names(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as workbook:
        return [each.attrib["name"] for each in ET.fromstring(workbook.read("xl/workbook.xml")).iter(f"{_SHEET}sheet")]


def _reader(gateway: Gateway, language: str = "zh") -> Reader:
    return Reader(gateway.messages, gateway.datasets, language)  # type: ignore[arg-type]


def _keep(gateway: Gateway, feed: str, originals: Sequence[str | None], value: str = "v") -> None:
    found = [
        {
            "outcome": "rejected",
            "code": "test.unknown_code",
            "place": "a.csv",
            "row": row,
            "field": "name",
            "column": "名称",
            "value": value,
            "arguments": "{}",
            "original": original,
        }
        for row, original in enumerate(originals, 2)
    ]
    with gateway.database.write() as connection:
        issues.keep(connection, 1, feed, "departments", pl.DataFrame(found, schema=issues.ISSUES))


@pytest.fixture
def workbook(gateway: Gateway, tmp_path: Path) -> Path:
    export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "issues.xlsx")
    return tmp_path / "issues.xlsx"


def test_every_feed_has_its_sheet(workbook: Path) -> None:
    assert _sheet_names(workbook) == ["departments", "emergency-management", "market-regulation"]


def test_an_issue_stands_there_with_place_reason_and_every_original_cell(workbook: Path) -> None:
    row = next(each for each in _by_heading(workbook, 3) if each["行"] == "63")
    assert (row["结果"], row["位置"], row["字段"], row["值"]) == (
        "退回",
        "departments/market_regulation.csv",
        "成立日期",
        "2023-02-30",
    )
    assert row["原因"].startswith("“成立日期”的值“2023-02-30”不是存在的日期")
    assert (row["统一社会信用代码"], row["注册资本（万元）"], row["经办人"]) != ("", "", "")


def test_a_row_without_cells_is_there_as_its_raw_line(workbook: Path) -> None:
    row = next(each for each in _by_heading(workbook, 3) if each["行"] == "189")
    assert (row["原始行"].count(","), "企业名称" in row) == (14, False)


def test_it_counts_what_it_wrote(gateway: Gateway, tmp_path: Path) -> None:
    assert export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "issues.xlsx") == 21


def test_english_readers_get_english(gateway: Gateway, tmp_path: Path) -> None:
    export_issues(gateway.database, ACTED_ON, _reader(gateway, "en"), tmp_path / "issues.xlsx")
    row = next(each for each in _by_heading(tmp_path / "issues.xlsx", 3) if each["row"] == "63")
    assert (row["outcome"], row["field"], "is no date" in row["reason"]) == ("rejected", "established_on", True)


def test_no_cell_is_a_formula_a_link_or_a_number(gateway: Gateway, tmp_path: Path) -> None:
    cells = {"=1+1": "=cmd|' /C calc'!A0", "网址": "https://example.org", "代码": "0012345678901234567890"}
    _keep(gateway, "departments", [json.dumps(cells, ensure_ascii=False)], value="=2+2")
    export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "issues.xlsx")
    row = next(each for each in _by_heading(tmp_path / "issues.xlsx") if each["行"] == "2")
    assert {name: row[name] for name in cells} == cells
    with zipfile.ZipFile(tmp_path / "issues.xlsx") as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert [tag for tag in ("<f>", "<hyperlink", 't="n"') if tag in sheet] == []


def test_control_characters_and_endless_texts_do_not_break_the_file(gateway: Gateway, tmp_path: Path) -> None:
    _keep(gateway, "departments", [json.dumps({"长": "云" * 40_000, "控": "a\x07b"}, ensure_ascii=False)])
    export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "issues.xlsx")
    row = next(each for each in _by_heading(tmp_path / "issues.xlsx") if each["行"] == "2")
    assert (len(row["长"]), row["控"]) == (32_767, "a_x0007_b")


def test_sheet_names_are_what_excel_takes(gateway: Gateway, tmp_path: Path) -> None:
    feeds = ["history", "a/b:c", "A_B_C", "x" * 40, "x" * 41]
    for feed in feeds:
        _keep(gateway, feed, [None])
    export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "issues.xlsx")
    names = [name.lower() for name in _sheet_names(tmp_path / "issues.xlsx")]
    assert (len(set(names)), max(map(len, names)) <= 31, "history" in names) == (3 + len(feeds), True, False)


def test_a_place_that_cannot_be_written_leaves_nothing_behind(gateway: Gateway, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "missing" / "issues.xlsx")
    (tmp_path / "issues.xlsx").mkdir()
    with pytest.raises(IsADirectoryError):
        export_issues(gateway.database, ACTED_ON, _reader(gateway), tmp_path / "issues.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "issues.xlsx"]


def test_no_issue_gives_an_empty_sheet(gateway: Gateway, tmp_path: Path) -> None:
    assert export_issues(gateway.database, IssueFilter(feed="none"), _reader(gateway), tmp_path / "issues.xlsx") == 0
    assert len(_rows(tmp_path / "issues.xlsx")) == 1
