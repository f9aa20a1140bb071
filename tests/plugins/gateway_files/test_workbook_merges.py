"""Merged cells: a value that is seen in every row is never empty in one of them without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import xlwt

from tests.plugins.gateway_files.conftest import ReadBack, workbook_source, write_xlsx

Read = Callable[..., ReadBack]
HEADER = ["部门", "事项"]
FAULT = "workbook.merged_cell"


def test_merged_cells_are_filled_down_and_empty_ones_are_not(read_rows: Read) -> None:
    rows = [HEADER, ["甲局", "一"], [None, "二"], ["小计", 2], [None, "三"], ["乙局", "四"], [None, "五"]]
    assert read_rows(rows, merged=["A2:A3", "A6:A7"], fill_down=["部门"]).rows == {
        2: ("甲局", "一"),
        3: ("甲局", "二"),
        5: ("", "三"),
        6: ("乙局", "四"),
        7: ("乙局", "五"),
    }


def test_a_merge_reaches_over_a_row_that_is_left_out(read_rows: Read) -> None:
    rows = [HEADER, ["甲局", "一"], [], [None, "二"]]
    read = read_rows(rows, merged=["A2:A4"], fill_down=["部门"])
    assert (read.rows, read.left_out) == ({2: ("甲局", "一"), 4: ("甲局", "二")}, [(3, "workbook.blank_row")])


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_a_covered_row_is_faulty_where_nothing_is_filled_down(tmp_path: Path, kind: str) -> None:
    rows = [["标题"], HEADER, ["甲局", "一"], [None, "二"], [None, "三"], ["乙局", "四"]]
    if kind == "xlsx":
        write_xlsx(tmp_path / "a.xlsx", {"名单": rows}, merged=["A1:B1", "A3:A5"])
    else:
        workbook = xlwt.Workbook(encoding="utf-8")
        sheet = workbook.add_sheet("名单")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(at, column, cell)
        sheet.merge(0, 0, 0, 1)
        sheet.merge(2, 4, 0, 0)
        workbook.save(str(tmp_path / "a.xls"))
    read = ReadBack(list(workbook_source(tmp_path, f"a.{kind}").read()))
    assert (list(read.rows), read.faults) == ([3, 6], [(4, FAULT), (5, FAULT)])
    assert read.sentences[0].startswith("the cell A4 ('部门') lies within the merged cells A3:A5,")
    filled = ReadBack(list(workbook_source(tmp_path, f"a.{kind}", fill_down=["部门"]).read()))
    assert [cells[0] for cells in filled.rows.values()] == ["甲局", "甲局", "甲局", "乙局"]


def test_cells_that_are_merged_across_columns_are_a_fault_even_where_filled_down(read_rows: Read) -> None:
    read = read_rows([HEADER, ["甲局"], ["乙局", "二"]], merged=["A2:B2"], fill_down=["部门", "事项"])
    assert (list(read.rows), read.faults) == ([3], [(2, FAULT)])


def test_merged_cells_without_a_value_are_empty(read_rows: Read) -> None:
    read = read_rows([HEADER, [None, "一"], [None, "二"]], merged=["A2:A3"])
    assert read.rows == {2: ("", "一"), 3: ("", "二")}


def test_what_lies_hidden_beneath_a_merge_is_a_fault(read_rows: Read) -> None:
    read = read_rows([HEADER, ["甲局", "一"], ["乙局", "二"], ["甲局", "三"]], merged=["A2:A4"], fill_down=["部门"])
    assert (list(read.rows), read.faults) == ([2, 4], [(3, FAULT)])


def test_a_heading_that_reaches_down_is_no_value(read_rows: Read) -> None:
    read = read_rows([HEADER, [None, "一"], ["甲局", "二"]], merged=["A1:A2"], fill_down=["部门"])
    assert (list(read.rows), read.faults) == ([3], [(2, FAULT)])


def test_nothing_is_filled_down_from_a_cell_that_cannot_be_taken(read_rows: Read) -> None:
    rows = [HEADER, ["甲局", "一"], [("=#REF!", "#REF!"), "二"], [None, "三"], ["乙局", "四"]]
    read = read_rows(rows, merged=["A3:A4"], fill_down=["部门"])
    assert (list(read.rows), read.faults) == ([2, 5], [(3, "workbook.error_cell"), (4, "workbook.error_cell")])
    assert read.sentences[1].startswith("the cell A3")


def test_a_column_without_a_heading_may_be_covered(read_rows: Read) -> None:
    read = read_rows([HEADER, ["甲局", "一", None]], merged=["B2:D2"])
    assert read.rows == {2: ("甲局", "一")}
