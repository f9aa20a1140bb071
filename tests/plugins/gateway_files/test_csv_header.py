"""Where the header of a CSV file stands: stated by its line or its names, or found below titles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import SourceError

Read = Callable[..., Any]

TITLED = "检查对象名录\n填报单位：某局,,填报日期：2026-01-31,\n\n编号,名称,地址,电话\n1,甲,路,2\n2,乙,街,3\n"
ABOVE = [(1, "csv.above_header"), (2, "csv.above_header"), (3, "csv.blank_line")]


@pytest.mark.parametrize("stated", [{}, {"header": 4}, {"header": "4"}, {"header": ["名称", "编号"]}])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le"])
def test_titles_above_the_header_are_left_out_and_reported(read_csv: Read, stated: Any, encoding: str) -> None:
    read = read_csv(TITLED.encode(encoding), **stated)
    assert read.columns == ["编号", "名称", "地址", "电话"]
    assert read.rows == {5: ("1", "甲", "路", "2"), 6: ("2", "乙", "街", "3")}
    assert (read.left_out, read.faults) == (ABOVE, [])


def test_what_is_left_out_is_shown(read_csv: Read) -> None:
    (batch,) = read_csv(TITLED).batches
    assert [line.text for line in batch.left_out] == ["检查对象名录", "填报单位：某局,,填报日期：2026-01-31,", ""]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_below_titles(read_csv: Read, separator: str) -> None:
    read = read_csv(TITLED.replace(",", separator))
    assert (read.columns, list(read.rows)) == (["编号", "名称", "地址", "电话"], [5, 6])


def test_of_two_header_rows_the_one_that_names_every_column_is_taken(read_csv: Read) -> None:
    read = read_csv("基本信息,,,联系方式\n编号,名称,地址,电话\n1,甲,路,2\n")
    assert (read.columns, read.left_out) == (["编号", "名称", "地址", "电话"], [(1, "csv.above_header")])


@pytest.mark.parametrize(
    "content",
    ["名称\n甲,乙\n", '"名称\n甲","编号"\n1,2\n3,4\n', "名称\n甲\n乙\n"],
    ids=["rows too long", "over two lines", "a column alone"],
)
def test_a_first_line_that_may_be_the_header_is_no_title(read_csv: Read, content: str) -> None:
    assert read_csv(content).left_out == []


@pytest.mark.parametrize("content", ["名称,,编号\n甲,乙,丙\n甲,乙,丁\n", "名称,,\n甲,2,3\n乙,5,6\n"])
def test_a_header_that_lacks_a_name_is_no_title(read_csv: Read, content: str) -> None:
    with pytest.raises(SourceError, match=r"column 2(, 3)? of the file 'a\.csv' has no name"):
        read_csv(content)


def test_a_stated_line_is_the_header_whatever_it_looks_like(read_csv: Read) -> None:
    read = read_csv("a,b,c\nd,e,f\n1,2,3\n", header=2)
    assert (read.columns, read.left_out, read.rows) == (
        ["d", "e", "f"],
        [(1, "csv.above_header")],
        {3: ("1", "2", "3")},
    )


def test_the_names_that_are_wanted_decide_between_separators(read_csv: Read) -> None:
    assert read_csv("a,b;c\n1,2;3\n", header=["b;c"]).columns == ["a", "b;c"]


def test_a_stated_line_that_holds_nothing_is_refused(read_csv: Read) -> None:
    with pytest.raises(SourceError, match=r"line 3 of the file 'a.csv' holds nothing"):
        read_csv("a,b\n1,2\n\n", header=3)


def test_a_stated_line_that_is_not_there_is_refused(read_csv: Read) -> None:
    with pytest.raises(SourceError, match=r"'a.csv' has 3 lines, none of them is line 9"):
        read_csv("a,b\n1,2\n\n", header=9)


@pytest.mark.parametrize("line", [200, 201, 350])
def test_a_stated_line_may_stand_far_below(read_csv: Read, line: int) -> None:
    read = read_csv("说明\n" * (line - 1) + "a,b\n1,2\n", header=line)
    assert (read.columns, read.rows, len(read.left_out)) == (["a", "b"], {line + 1: ("1", "2")}, line - 1)


def test_a_header_that_is_not_there_is_refused_with_what_is_missing(read_csv: Read) -> None:
    with pytest.raises(SourceError, match=r"hold no header that names 名称、代码; the nearest lacks: 代码;"):
        read_csv("标题\n名称,地址\n", header=["名称", "代码"])


def test_a_bad_byte_in_a_title_does_not_spoil_the_header(read_csv: Read) -> None:
    read = read_csv(b"\xff\xe5\x90\x8d\n" + "编号,名称\n1,甲公司\n2,乙公司\n".encode(), header=2)
    assert (read.columns, list(read.rows)) == (["编号", "名称"], [3, 4])
