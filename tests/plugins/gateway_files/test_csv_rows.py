"""Rows of every kind, good and faulty: their line, their cells, and that their neighbours stay whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from gateway.interfaces import ROW

Read = Callable[..., Any]

NEIGHBOURS = {2: ("1", "甲", "x"), 4: ("3", "丙", "z")}


def between(line: str | bytes, encoding: str = "utf-8", end: str = "\n") -> bytes:
    """A file whose third line is the one in question."""
    raw = line if isinstance(line, bytes) else line.encode(encoding)
    before, after = f"编号,名称,备注{end}1,甲,x{end}".encode(encoding), f"{end}3,丙,z{end}".encode(encoding)
    return before + raw + after


FAULTS = {
    "too few cells": ("2,乙", "csv.too_few_cells"),
    "one cell": ("2", "csv.too_few_cells"),
    "too many cells": ("2,乙,y,", "csv.too_many_cells"),
    "too few cells, one quoted": ('2,"乙,y"', "csv.too_few_cells"),
    "too many cells, one quoted": ('2,"乙",y,"w"', "csv.too_many_cells"),
    "a quote that is not closed": ('2,"乙,y', "csv.unclosed_quote"),
    "a quote that is not closed in the last cell": ('2,乙,"y', "csv.unclosed_quote"),
    "a doubled quote at the end of an open cell": ('2,乙,"y""', "csv.unclosed_quote"),
    "text after a closing quote": ('2,"乙"公司,y', "csv.text_after_quote"),
    "a space after a closing quote": ('2,"乙" ,y', "csv.text_after_quote"),
    "quotes inside a quoted cell that are not doubled": ('2,"乙"特"公司",y', "csv.text_after_quote"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(("line", "code"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_row_is_set_aside_and_its_neighbours_stay_whole(
    read_csv: Read, line: str, code: str, encoding: str, end: str
) -> None:
    before, after = f"编号,名称,备注{end}1,甲,x{end}", f"{end}3,丙,z{end}"
    read = read_csv((before + line + after).encode(encoding))
    assert read.rows == NEIGHBOURS
    assert read.faults == [(3, code)]
    assert read.texts == [line]


def test_a_byte_that_is_no_utf_8_makes_one_faulty_row(read_csv: Read) -> None:
    read = read_csv(between(b"2,\xe4\xb9\x99\xff,y"))
    assert read.rows == NEIGHBOURS
    assert read.faults == [(3, "file.undecodable")]
    assert read.texts == ["2,乙\\xff,y"]


def test_a_row_of_gb18030_in_a_file_of_utf_8_is_faulty(read_csv: Read) -> None:
    read = read_csv(between("2,乙公司,y".encode("gb18030")))
    assert read.rows == NEIGHBOURS
    assert read.faults == [(3, "file.undecodable")]


def test_half_a_character_makes_one_faulty_row_of_gb18030(read_csv: Read) -> None:
    read = read_csv(between(b"2,\xd2,y", "gb18030"))
    assert read.rows == NEIGHBOURS
    assert read.faults == [(3, "file.undecodable")]
    assert read.texts == ["2,\\xd2,y"]


def test_a_row_of_utf_8_in_a_file_of_gb18030_is_faulty_and_shown_as_meant(read_csv: Read) -> None:
    content = between(b"", "gb18030").replace(b"\n\n", "\n2,乙二公司,y\n".encode())
    read = read_csv(content, encoding="gb18030")
    assert read.rows == NEIGHBOURS
    assert read.faults == [(3, "file.foreign_encoding")]
    assert read.texts == ["2,乙二公司,y"]


def test_an_undecodable_line_inside_a_cell_makes_the_whole_row_faulty(read_csv: Read) -> None:
    read = read_csv(b'a,b,c\n1,"x\n\xff\ny",2\n3,4,5\n')
    assert read.rows == {5: ("3", "4", "5")}
    assert read.faults == [(2, "file.undecodable")]
    assert read.texts == ['1,"x\n\\xff\ny",2']
    assert read.sentences == [
        "line 3 holds bytes that are not utf-8 (shown as \\xNN); correct the row and send it again"
    ]


def test_a_fault_says_how_many_cells_there_are_and_should_be(read_csv: Read) -> None:
    assert "the row has 4 cells, the header 3" in read_csv("a,b,c\n1,2,3,4\n").sentences[0]


def test_the_text_of_a_fault_is_bounded(read_csv: Read) -> None:
    assert read_csv("a,b\n" + "x" * 5000).texts == ["x" * 4000]


def test_a_long_and_a_short_row_do_not_cancel_out(read_csv: Read) -> None:
    read = read_csv("a,b,c\n1,2,3\n1,2,3,4\n1,2\n4,5,6\n1,2\n1,2,3,4\n7,8,9\n")
    assert list(read.rows) == [2, 5, 8]
    assert [row for row, _ in read.faults] == [3, 4, 6, 7]


def test_a_blank_line_and_a_long_row_do_not_cancel_out(read_csv: Read) -> None:
    read = read_csv("a,b\n1,2\n\n1,2,3\n4,5\n")
    assert list(read.rows) == [2, 5]
    assert read.faults == [(4, "csv.too_many_cells")]
    assert read.left_out == [(3, "csv.blank_line")]


@pytest.mark.parametrize("value", ["3.70102E+17", "1E+15", "-1.5E+100", "1.00E+06", "9.1370400000000E+17"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_number_that_a_spreadsheet_shortened_makes_its_row_faulty(read_csv: Read, value: str, quoted: bool) -> None:
    read = read_csv(between(f'"2",乙,{value}' if quoted else f"2,乙,{value}"))
    assert read.rows == NEIGHBOURS
    assert (read.faults, read.texts) == ([(3, "csv.digits_lost")], [f"2,乙,{value}"])
    assert read.sentences[0].startswith(f"备注 holds {value}, a number that a spreadsheet shortened")


@pytest.mark.parametrize("value", ["3.7e17", "3.7E17", "3.7E+1", "A3.7E+17", "37E+17", "E+17", "3.E+17", "3.7E+17 "])
def test_what_no_spreadsheet_writes_is_kept(read_csv: Read, value: str) -> None:
    assert read_csv(between(f"2,乙,{value}")).rows[3] == ("2", "乙", value)


def test_shortened_numbers_and_other_faults_keep_their_order(read_csv: Read) -> None:
    read = read_csv("a,b\n1E+15,1\nx\n1,1E+15\n\n2,3\ny\n")
    assert read.rows == {6: ("2", "3")}
    assert [row for row, _ in read.faults] == [2, 3, 4, 7]


# ------------------------------------------------------------------------------------------------ what is no fault


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u3000 "])
def test_a_blank_line_is_left_out(read_csv: Read, blank: str) -> None:
    read = read_csv(between(blank))
    assert read.rows == NEIGHBOURS
    assert read.left_out == [(3, "csv.blank_line")]


def test_blank_lines_above_the_header_and_at_the_end_are_left_out(read_csv: Read) -> None:
    read = read_csv("\n \na,b\n1,2\n\n\n")
    assert read.rows == {4: ("1", "2")}
    assert [row for row, _ in read.left_out] == [1, 2, 5, 6]


def test_a_row_of_empty_cells_is_a_row(read_csv: Read) -> None:
    assert read_csv("a,b,c\n,,\n").rows == {2: ("", "", "")}


def test_a_trailing_empty_cell_is_a_cell(read_csv: Read) -> None:
    assert read_csv("a,b\n1,\n2,").rows == {2: ("1", ""), 3: ("2", "")}


@pytest.mark.parametrize(
    "value", ["\0", "a\0b", "\x01", "\x0b", "\x0c", "\x1a", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff"]
)
def test_a_control_character_is_kept_and_breaks_nothing(read_csv: Read, value: str) -> None:
    read = read_csv(f"a,b\n{value},1\n2,{value}\n3,4\n")
    assert read.rows == {2: (value, "1"), 3: ("2", value), 4: ("3", "4")}
    assert read.faults == []


@pytest.mark.parametrize("value", [" x ", "N/A", "null", "007", "1e5", "=1+1", "'", "\\", "\\n", "#", "x\ty", "ＡＢ"])
def test_a_value_is_kept_as_it_is_written(read_csv: Read, value: str) -> None:
    assert read_csv(f"a,b\n{value},{value}\n").rows == {2: (value, value)}


def test_a_row_that_begins_with_a_byte_order_mark_keeps_it(read_csv: Read) -> None:
    read = read_csv("a,b\n\ufeffx,1\n")
    assert read.rows == {2: ("\ufeffx", "1")}


def test_quoted_cells_hold_separators_quotes_and_line_breaks(read_csv: Read) -> None:
    read = read_csv('a,b\n"x,y","say ""hi"""\n"","""" \n"1\n2\r\n3\r4",5\n6,7\n')
    assert read.rows == {2: ("x,y", 'say "hi"'), 4: ("1\n2\r\n3\r4", "5"), 8: ("6", "7")}
    assert read.faults == [(3, "csv.text_after_quote")]


def test_a_quote_inside_an_unquoted_cell_is_part_of_the_value(read_csv: Read) -> None:
    read = read_csv('a,b\n5" pipe,x\nthe "best",y\n')
    assert read.rows == {2: ('5" pipe', "x"), 3: ('the "best"', "y")}


def test_a_lost_quote_costs_one_row_although_others_after_it_are_quoted(read_csv: Read) -> None:
    read = read_csv('a,b,c\n1,"x,2\n3,"y, ""z""",4\n5,",",6\n7,8,9\n')
    assert read.faults == [(2, "csv.unclosed_quote")]
    assert list(read.rows) == [3, 4, 5]


def test_a_cell_may_hold_a_line_that_would_be_a_row(read_csv: Read) -> None:
    read = read_csv('a,b,c,d,e\n1,2,"前\n1,2,3,4,5\n后",4,5\n6,7,8,9,10\n')
    assert (read.rows, read.faults) == (
        {2: ("1", "2", "前\n1,2,3,4,5\n后", "4", "5"), 5: ("6", "7", "8", "9", "10")},
        [],
    )


def test_a_lost_quote_does_not_swallow_whole_rows_up_to_a_stray_quote(read_csv: Read) -> None:
    read = read_csv('a,b,c,d,e\n1,"x,2,3,4\n5,6,7,8,9\n6,y",2,3,4\n')
    assert read.faults == [(2, "csv.unclosed_quote")]
    assert read.rows == {3: ("5", "6", "7", "8", "9"), 4: ("6", 'y"', "2", "3", "4")}


def test_a_lost_quote_is_not_closed_by_a_quote_that_makes_too_many_cells(read_csv: Read) -> None:
    read = read_csv('a,b,c\n1,2,"x\n3",y,z\n')
    assert read.faults == [(2, "csv.unclosed_quote")]
    assert read.rows == {3: ('3"', "y", "z")}


def test_rows_keep_their_order_around_one_that_is_read_with_care(read_csv: Read) -> None:
    read = read_csv('a,b\n1,x\n2,"y\nz"\n3,5" pipe\n4,w\n')
    assert read.batches[0].rows[ROW].to_list() == [2, 3, 5, 6]


def test_a_cell_of_ninety_nine_line_breaks_is_one_cell(read_csv: Read) -> None:
    cell = "\n" * 99
    assert read_csv(f'a,b\n"{cell}",1\n2,3\n').rows == {2: (cell, "1"), 102: ("2", "3")}


def test_a_quote_open_for_a_hundred_lines_was_never_closed(read_csv: Read) -> None:
    read = read_csv('a,b\n"' + "\n" * 100 + '",1\n2,3\n')
    assert read.faults == [(2, "csv.unclosed_quote"), (102, "csv.unclosed_quote")]
    assert read.rows == {103: ("2", "3")}


def test_a_quote_that_is_open_at_the_end_of_the_file_costs_one_row(read_csv: Read) -> None:
    read = read_csv('a,b\n1,"x\n2,3\n')
    assert read.faults == [(2, "csv.unclosed_quote")]
    assert read.rows == {3: ("2", "3")}


def test_lines_end_as_they_like(read_csv: Read) -> None:
    read = read_csv("a,b\r\n1,2\n3,4\r5,6\r\n7,8")
    assert read.rows == {2: ("1", "2"), 3: ("3", "4"), 4: ("5", "6"), 5: ("7", "8")}


def test_a_return_before_a_line_end_makes_a_blank_line(read_csv: Read) -> None:
    read = read_csv("a,b\r\r\n1,2\r\r\n")
    assert read.rows == {3: ("1", "2")}
    assert [row for row, _ in read.left_out] == [2, 4]


def test_one_column_needs_no_separator(read_csv: Read) -> None:
    read = read_csv('a\n1\n\n" x, "\n""\n  \n"y\nz"\n')
    assert read.rows == {2: ("1",), 4: (" x, ",), 5: ("",), 6: ("  ",), 7: ("y\nz",)}
    assert [row for row, _ in read.left_out] == [3]


# ------------------------------------------------------------------------------------------- separators and quotes


@pytest.mark.parametrize(("name", "separator"), [(",", ","), (";", ";"), ("tab", "\t"), ("|", "|")])
@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_separator_is_read_and_recognised(
    read_csv: Read, name: str, separator: str, stated: bool, encoding: str
) -> None:
    lines = [["名称", "地址"], ["甲公司", f'"乙{separator}路"'], ["丙"], ["1", "2"]]
    content = "\n".join(separator.join(line) for line in lines).encode(encoding)
    read = read_csv(content, separator=name if stated else "auto")
    assert read.columns == ["名称", "地址"]
    assert read.rows == {2: ("甲公司", f"乙{separator}路"), 4: ("1", "2")}
    assert read.faults == [(3, "csv.too_few_cells")]


def test_a_separator_that_is_part_of_a_name_gives_way_to_the_one_the_rows_agree_on(read_csv: Read) -> None:
    read = read_csv("名称;金额,万元\n甲;1\n乙;2\n")
    assert read.columns == ["名称", "金额,万元"]


def test_other_quotes_can_be_chosen(read_csv: Read) -> None:
    assert read_csv("a,b\n'x,''y',\"z\n", quote="'").rows == {2: ("x,'y", '"z')}


def test_quotes_can_be_switched_off(read_csv: Read) -> None:
    assert read_csv('a,b\n"x,y"\n"""",\n', quote="none").rows == {2: ('"x', 'y"'), 3: ('""""', "")}


def test_the_header_may_be_quoted_over_several_lines(read_csv: Read) -> None:
    read = read_csv('"a\nb","c,d"\r\n1,2\r\n')
    assert read.columns == ["a\nb", "c,d"]
    assert read.rows == {3: ("1", "2")}


def test_names_are_kept_as_they_are_written(read_csv: Read) -> None:
    assert read_csv(" a ,c0,c1\n1,2,3\n").columns == [" a ", "c0", "c1"]


# ------------------------------------------------------------------------------------------------------- batches


def test_batches_are_large_and_in_one_piece(read_csv: Read) -> None:
    read = read_csv("a,b\n" + "".join(f"{at},x\n" for at in range(150_000)))
    sizes = [batch.rows.height for batch in read.batches]
    assert sum(sizes) == 150_000
    assert all(size >= 60_000 for size in sizes[:-1])
    assert max(sizes) < 600_000
    assert {batch.rows.n_chunks() for batch in read.batches} == {1}
    assert read.rows[150_001] == ("149999", "x")


def test_every_batch_has_one_schema(read_csv: Read) -> None:
    read = read_csv("a,b\n1\n")
    assert [batch.rows.schema for batch in read.batches] == [{ROW: pl.Int64(), "a": pl.String(), "b": pl.String()}]
    assert [batch.place for batch in read.batches] == ["a.csv"]
