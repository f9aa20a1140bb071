"""Workbooks as departments make them: titles, hints, samples, totals, signatures, merged cells, several sheets."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import SourceError
from gateway_files.workbook_source import WorkbookOptions
from tests.plugins.gateway_files.conftest import ReadBack, workbook_source, write_xls, write_xlsx

Read = Callable[..., ReadBack]
HEADER = ["单位工号", "姓名", "性别", "身份证号"]
HINTS = ["必填，文本格式", "必填", "必填，从下拉列表选择", "必填，18 位"]
FORM: list[list[Any]] = [
    ["执法检查人员名录库"],
    ["填报单位：某某市市场监督管理局", None, None, "填报日期：2026-01-31"],
    HEADER,
    HINTS,
    ["案例（请删除）", "张三", "男", "370102198001011234"],
    ["0010", "李四", "女", "370102198001011235"],
    [None, " ", "", None],
    ["0011", "王五", "男", "370102198001011236"],
    ["合  计", None, None, "2 人"],
    [],
    ["填表人：赵六", None, "审核人：", None],
    ["备注：身份证号须与公安机关登记一致"],
]
LEFT_OUT = [
    (1, "workbook.above_header"),
    (2, "workbook.above_header"),
    (4, "workbook.hint_row"),
    (5, "workbook.sample_row"),
    (7, "workbook.blank_row"),
    (9, "workbook.total_row"),
    (10, "workbook.blank_row"),
    (11, "workbook.signature_row"),
    (12, "workbook.signature_row"),
]


def test_a_form_is_read_without_what_is_no_record(read_rows: Read) -> None:
    read = read_rows(FORM)
    assert read.columns == HEADER
    assert read.rows == {
        6: ("0010", "李四", "女", "370102198001011235"),
        8: ("0011", "王五", "男", "370102198001011236"),
    }
    assert (read.left_out, read.faults) == (LEFT_OUT, [])


def test_a_row_left_out_says_what_stood_there(read_rows: Read) -> None:
    texts = [line.text for batch in read_rows(FORM).batches for line in batch.left_out]
    assert (texts[3], texts[5]) == ("案例（请删除） | 张三 | 男 | 370102198001011234", "合  计 | 2 人")


def test_the_same_form_as_xls_is_read_alike(tmp_path: Path) -> None:
    write_xls(tmp_path / "a.xls", {"名单": FORM})
    read = ReadBack(list(workbook_source(tmp_path, "a.xls").read()))
    assert (list(read.rows), read.left_out) == ([6, 8], LEFT_OUT)


@pytest.mark.parametrize(
    "cells",
    [
        ["合计财务咨询有限公司", "甲"],
        ["1", "合计"],
        ["负责人办公室", "甲"],
        ["总计划编号01", "甲"],
        ["注册号123", "甲"],
        ["日期酒店", "案例中心"],
        ["格式不符公司", "1"],
        ["合计（北京）科技有限公司", "1"],
        ["总计：某", "1"],
        ["小计1", "鲁01"],
        ["总计", "913704030000000107"],
        ["合计", "0012"],
        ["北京格式塔咨询有限公司", "格式条款备案1号"],
        ["某格式公司", "8字桥路1号"],
        ["鲁0101字第001号", "0053字第7号"],
        ["负责人", "张三"],
        ["审核人", "张三"],
        ["负责人：张三", "0040"],
        ["联系人", "经办人"],
        ["日期", "2026-01-31"],
        ["注：某", "1"],
        ["甲公司案例（请删除）", "1"],
    ],
)
def test_a_record_that_only_resembles_a_total_a_signature_or_a_hint_is_read(read_rows: Read, cells: list[str]) -> None:
    assert read_rows([["名称", "值"], cells]).rows == {2: tuple(cells)}


def test_a_row_of_the_list_is_read_whatever_one_of_its_cells_says(read_rows: Read) -> None:
    header = ["职务", "执法证号", "姓名"]
    words = ["负责人", "联系人", "经办人", "审核人", "签字", "日期", "合计", "必填", "案例（请删除）", "备注：见下"]
    rows = [["科员", "000", "人"], *([word, f"{at:03}", f"人{at}"] for at, word in enumerate(words, 1))]
    read = read_rows([header, *rows])
    assert (list(read.rows.values()), read.left_out) == ([tuple(row) for row in rows], [])


@pytest.mark.parametrize(
    "signature",
    [
        ["填表人：赵六", None, None, "审核人：王五"],
        ["填表人", "赵六", "审核人", "王五"],
        ["填表人", "赵六"],
        ["负责人：", "赵六", "日期：", "2026-01-31"],
        ["单位负责人（签字）", None, None, "联系电话"],
        ["填表人：赵六  审核人：王五  填表日期：2026-01-31"],
        [None, None, "单位盖章"],
        ["备注：身份证号须与公安机关登记一致"],
    ],
)
def test_signatures_are_left_out_below_the_list_and_read_within_it(read_rows: Read, signature: list[Any]) -> None:
    record = ["0010", "李四", "女", "1"]
    below = read_rows([HEADER, record, signature, ["合计", 1], ["1．见附件"]])
    assert below.left_out[0] == (3, "workbook.signature_row")
    within = read_rows([HEADER, record, signature, record])
    assert (list(within.rows), within.left_out) == ([2, 3, 4], [])


def test_hints_and_samples_are_left_out_above_the_list_and_read_within_it(read_rows: Read) -> None:
    record, sample = ["0010", "李四", "女", "1"], ["案例（请删除）", "张三", "男", "2"]
    above = read_rows([HEADER, [], sample, HINTS, sample, record])
    codes = ["workbook.blank_row", "workbook.sample_row", "workbook.hint_row", "workbook.sample_row"]
    assert above.left_out == list(enumerate(codes, 2))
    assert list(read_rows([HEADER, record, HINTS, sample]).rows) == [2, 3, 4]


@pytest.mark.parametrize("cell", ["合计", "总计：", "小计", "合　计", "共计（户）", "合计25", "累计：30户"])
def test_totals_are_left_out_however_they_are_written(read_rows: Read, cell: str) -> None:
    assert read_rows([["名称", "值"], [cell, "3"], ["甲", "1"]]).left_out == [(2, "workbook.total_row")]


def test_declared_hint_rows_are_left_out_whatever_they_say(read_rows: Read) -> None:
    read = read_rows([["名称", "值"], ["甲", "1"], ["乙", "2"]], hint_rows=1)
    assert (read.left_out, list(read.rows)) == ([(2, "workbook.hint_row")], [3])


def test_no_hint_rows_can_be_declared(read_rows: Read) -> None:
    assert list(read_rows([["名称", "值"], ["必填", "必填"]], hint_rows=0).rows) == [2]


def test_a_rule_that_is_not_wanted_leaves_nothing_out(read_rows: Read) -> None:
    read = read_rows(FORM, left_out=["hint"])
    assert list(read.rows) == [5, 6, 8, 9, 11, 12]


def test_two_header_rows_are_read_by_the_lower_one(read_rows: Read) -> None:
    rows = [["基本信息", None, None, "联系方式"], ["名称", "代码", "地址", "电话"], ["甲", "1", "路", "2"]]
    assert read_rows(rows).columns == ["名称", "代码", "地址", "电话"]


def test_line_breaks_and_spaces_around_a_heading_are_no_part_of_it(read_rows: Read) -> None:
    assert read_rows([["统一社会\n信用代码", " 名称　"], ["1", "甲"]]).columns == ["统一社会信用代码", "名称"]


def test_fill_down_of_an_unknown_column_is_refused(read_rows: Read) -> None:
    with pytest.raises(SourceError, match=r"no column '部们'.*nearest are: 部门"):
        read_rows([["部门", "事项"], ["甲", "一"]], fill_down=["部们"])


def test_two_columns_of_one_name_are_refused(read_rows: Read) -> None:
    with pytest.raises(SourceError, match=r"one name: '名称' at A2、C2"):
        read_rows([["标题"], ["名称", "值", "名称"], ["甲", "1", "乙"]])


def test_the_header_is_found_by_the_columns_it_must_name(read_rows: Read) -> None:
    rows = [["说明", "一", "二"], ["代码", "名称", "地址"], ["1", "甲", "路"]]
    assert read_rows(rows, header=["名称", "代码"]).columns == ["代码", "名称", "地址"]


@pytest.mark.parametrize("row", [2, "2"])
def test_the_header_is_in_the_row_that_is_stated(read_rows: Read, row: Any) -> None:
    read = read_rows([["甲", "乙"], ["代码", "名称"], ["1", "丙"]], header=row)
    assert (read.columns, read.left_out) == (["代码", "名称"], [(1, "workbook.above_header")])


@pytest.mark.parametrize("row", [3, 9])
def test_a_stated_row_that_holds_nothing_is_refused(read_rows: Read, row: int) -> None:
    with pytest.raises(SourceError, match=r"hold no header"):
        read_rows([["代码", "名称"], ["1", "甲"], []], header=row)


def test_a_header_that_is_not_there_is_refused_with_what_is_missing(read_rows: Read) -> None:
    with pytest.raises(SourceError, match=r"nearest row lacks: 代码;"):
        read_rows([["标题"], ["名称", "地址"]], header=["名称", "代码"])


def test_a_header_below_row_twenty_is_not_found(read_rows: Read) -> None:
    with pytest.raises(SourceError, match=r"hold no header"):
        read_rows([*([["说明"]] * 20), ["名称", "代码"]], header=["名称"])


def test_the_sheet_with_the_header_is_taken_and_hidden_ones_are_not(tmp_path: Path) -> None:
    sheets = {
        "封面": [["封面"]],
        "旧": [HEADER],
        "人员": [HEADER, ["1", "甲", "男", "2"]],
        "参数表": [["性别"], ["男"]],
    }
    write_xlsx(tmp_path / "a.xlsx", sheets, hidden=["旧"])
    batches = list(workbook_source(tmp_path, header=HEADER).read())
    assert [(batch.place, batch.rows.height) for batch in batches] == [("a.xlsx›人员", 1)]


def test_hidden_sheets_of_an_xls_are_not_taken_either(tmp_path: Path) -> None:
    write_xls(tmp_path / "a.xls", {"旧": [HEADER, ["9"]], "人员": [HEADER, ["1", "甲"]]}, hidden=["旧"])
    assert [batch.place for batch in workbook_source(tmp_path, "a.xls").read()] == ["a.xls›人员"]


def test_sheets_of_parameters_are_no_lists(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"参数表": [["性别", "学历"]], "填表说明": [["一", "二"]], "人员": [HEADER]})
    assert [batch.place for batch in workbook_source(tmp_path).read()] == ["a.xlsx›人员"]


def test_two_sheets_with_the_header_are_refused(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"一月": [HEADER, ["1"]], "二月": [HEADER, ["2"]]})
    with pytest.raises(SourceError, match=r"several sheets of 'a.xlsx' have a header: 一月、二月"):
        workbook_source(tmp_path, header=HEADER).check()


@pytest.mark.parametrize("sheet", ["二月", "2"])
def test_a_sheet_is_taken_by_name_or_number(tmp_path: Path, sheet: str) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"一月": [HEADER], "旧": [HEADER], "二月": [HEADER]}, hidden=["旧"])
    assert [batch.place for batch in workbook_source(tmp_path, sheet=sheet).read()] == ["a.xlsx›二月"]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"一月": [HEADER], "二月": [HEADER]})
    with pytest.raises(
        SourceError, match=r"no sheet '三月'; there are: 一月、二月|no sheet '三月'; there are: 二月、一月"
    ):
        workbook_source(tmp_path, sheet="三月").check()


def test_workbooks_of_one_pattern_may_order_their_columns_otherwise(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "1.xlsx", {"a": [["名称", "值"], ["甲", "1"]]})
    write_xlsx(tmp_path / "2.xlsx", {"a": [["值", "名称"], ["2", "乙"]]})
    write_xlsx(tmp_path / "~$2.xlsx", {"a": [["锁", "文件"]]})
    batches = list(workbook_source(tmp_path, "*.xlsx").read())
    assert [batch.rows.rows() for batch in batches] == [[(2, "甲", "1")], [(2, "乙", "2")]]


def test_workbooks_of_other_columns_are_refused(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "1.xlsx", {"a": [["名称", "值"]]})
    write_xlsx(tmp_path / "2.xlsx", {"a": [["名称", "数"]]})
    with pytest.raises(SourceError, match=r"2.xlsx›a.*missing 值; extra 数"):
        workbook_source(tmp_path, "*.xlsx").check()


def test_the_feeds_of_the_guide_are_valid() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "workbooks.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL)
    sources = [feed["source"] for block in blocks for feed in read_yaml_text(block, "guide").values()]
    kinds = [source.pop("type") for source in sources]
    options = [WorkbookOptions(**source) for source in sources]
    assert (kinds, options[1].hint_rows) == (["workbook", "workbook"], 1)
