"""The workbook source keeps every promise of a source, for both kinds of workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.interfaces import Source
from gateway.testing.source_contract import ExpectedRows, SourceContract
from tests.plugins.gateway_files.conftest import workbook_source, write_xls, write_xlsx

TITLE: list[list[Any]] = [["检查对象名录"], ["编号", "名称", "备注"], ["必填，文本格式", "必填，不超过 100 字", "选填"]]


class TestXlsx(SourceContract):
    """A form with a title, hints, a blank row, an error, a number that lost digits, and 合计, over several batches."""

    COUNT = 61_000

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        rows = [*TITLE, *([f"{at:06}", f"甲,{at}", None] for at in range(self.COUNT))]
        rows += [["1", ("=1/0", "#DIV/0!"), "x"], [None], ["2", 370102198001011234, ""], ["合计", self.COUNT]]
        write_xlsx(tmp_path / "a.xlsx", {"名单": rows})
        return workbook_source(tmp_path)

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        rows: dict[int, tuple[str, ...] | None] = {at + 4: (f"{at:06}", f"甲,{at}", "") for at in range(self.COUNT)}
        return rows | {self.COUNT + 4: None, self.COUNT + 6: None}

    @pytest.fixture
    def empty_source(self, tmp_path: Path) -> Source:
        write_xlsx(tmp_path / "empty.xlsx", {"名单": [["编号", "名称"]]})
        return workbook_source(tmp_path, "empty.xlsx")


class TestXls(SourceContract):
    """The same form as an .xls."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        rows = [*TITLE, ["0010", "甲", ""], [], ["1", (42,), ""], ["370102198001011234", "乙", 5], ["2", 1e17, None]]
        write_xls(tmp_path / "a.xls", {"名单": rows})
        return workbook_source(tmp_path, "a.xls")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {4: ("0010", "甲", ""), 6: None, 7: ("370102198001011234", "乙", "5"), 8: None}

    @pytest.fixture
    def empty_source(self, tmp_path: Path) -> Source:
        write_xls(tmp_path / "empty.xls", {"名单": [["编号", "名称"]]})
        return workbook_source(tmp_path, "empty.xls")
