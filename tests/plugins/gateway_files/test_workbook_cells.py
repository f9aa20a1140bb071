"""What becomes of a cell: text as a person sees it, or a fault that names the cell."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from gateway.errors import SourceError
from tests.plugins.gateway_files.conftest import ReadBack, workbook_source, write_xlsx

Read = Callable[..., ReadBack]
HEADER = ["名称", "值"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0010", "0010"),
        ("370102198001011234", "370102198001011234"),
        (42, "42"),
        (-7, "-7"),
        (109.43, "109.43"),
        (123456789012345, "123456789012345"),
        (" 甲 \n乙", " 甲 \n乙"),
        ("#N/A", "#N/A"),
        ("1e3", "1e3"),
        (("=1+1", 2), "2"),
        (('="甲"&"乙"', "甲乙"), "甲乙"),
        (None, ""),
    ],
)
def test_a_cell_comes_as_text(read_rows: Read, cell: Any, text: str) -> None:
    assert read_rows([HEADER, ["甲", cell]]).rows == {2: ("甲", text)}


LEAP_DAY = 45351  # 2024-02-29, as days are counted from 1900
FIVE_PAST_NINE = 545 / 1440


@pytest.mark.parametrize(
    ("format_", "day", "text"),
    [
        ("yyyy-mm-dd", LEAP_DAY, "2024-02-29"),
        ('yyyy"年"m"月"d"日"', LEAP_DAY, "2024-02-29"),
        ("yyyy/m/d h:mm", LEAP_DAY + FIVE_PAST_NINE, "2024-02-29 09:05:00"),
        ("h:mm", FIVE_PAST_NINE, "09:05:00"),
        (31, LEAP_DAY, "2024-02-29"),
        (57, LEAP_DAY, "2024-02-29"),
        (31, LEAP_DAY + FIVE_PAST_NINE, "2024-02-29 09:05:00"),
        (32, FIVE_PAST_NINE, "09:05:00"),
        ("yyyy-mm-dd", 1, "1900-01-01"),
        (31, 1, "1900-01-01"),
        (31, 59, "1900-02-28"),
        (31, 61, "1900-03-01"),
        (31, 1.5, "1900-01-01 12:00:00"),
        ("yyyy-mm-dd", 0, "1900-01-00"),
        ("yyyy-mm-dd", 2_958_465, "9999-12-31"),
        (31, 2_958_465, "9999-12-31"),
        (31, 2_958_466, "2958466"),
    ],
)
def test_a_date_comes_in_iso_form_whatever_its_format(tmp_path: Path, format_: Any, day: float, text: str) -> None:
    _write_day(tmp_path / "a.xlsx", day, format_)
    assert ReadBack(list(workbook_source(tmp_path).read())).rows == {2: ("甲", text)}


@pytest.mark.parametrize("format_", ["yyyy-mm-dd", 31])
@pytest.mark.parametrize(
    ("day", "text"), [(LEAP_DAY - 1462, "2024-02-29"), (1, "1904-01-02"), (2_957_003, "9999-12-31")]
)
def test_days_that_count_from_1904_are_read_so(tmp_path: Path, format_: Any, day: int, text: str) -> None:
    _write_day(tmp_path / "a.xlsx", day, format_, {"date_1904": True})
    assert ReadBack(list(workbook_source(tmp_path).read())).rows == {2: ("甲", text)}


def test_a_day_that_is_out_of_range_is_a_number(tmp_path: Path) -> None:
    _write_day(tmp_path / "a.xlsx", 2_958_000, 31, {"date_1904": True})
    assert ReadBack(list(workbook_source(tmp_path).read())).rows == {2: ("甲", "2958000")}


def _write_day(path: Path, day: float, format_: Any, options: dict[str, Any] | None = None) -> None:
    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_string(1, 0, "甲")
        sheet.write_number(1, 1, day, workbook.add_format({"num_format": format_}))


@pytest.mark.parametrize(
    ("format_", "number", "text"),
    [
        ("000000", 123, "000123"),
        ("000000", 1234567, "1234567"),
        ("000000", 0, "000000"),
        ("00_ ", 5, "05"),
        ("000;@", 5, "005"),
        ("000", -5, "-5"),
        ("000", 0.5, "0.5"),
        ("0", 5, "5"),
        ("0.00", 5, "5"),
        ("#,##0", 5000, "5000"),
    ],
)
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_a_number_that_is_shown_with_leading_zeros_keeps_them(
    tmp_path: Path, kind: str, format_: str, number: float, text: str
) -> None:
    if kind == "xlsx":
        _write_day(tmp_path / "a.xlsx", number, format_)
    else:
        workbook = xlwt.Workbook(encoding="utf-8")
        sheet, style = workbook.add_sheet("名单"), xlwt.XFStyle()
        style.num_format_str = format_
        for column, name in enumerate(HEADER):
            sheet.write(0, column, name)
        sheet.write(1, 0, "甲")
        sheet.write(1, 1, number, style)
        workbook.save(str(tmp_path / "a.xls"))
    read = ReadBack(list(workbook_source(tmp_path, f"a.{kind}").read()))
    assert read.rows == {2: ("甲", text)}


@pytest.mark.parametrize("number_format", [165, 31])
def test_a_date_in_an_xls_is_a_date_by_any_format(tmp_path: Path, number_format: int) -> None:
    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("名单")
    style = xlwt.XFStyle()
    style.num_format_str = "yyyy-m-d;@"  # which xlwt gives the number 165
    for column, name in enumerate(HEADER):
        sheet.write(0, column, name)
    sheet.write(1, 0, "甲")
    sheet.write(1, 1, LEAP_DAY, style)
    sheet.write(2, 0, "乙")
    sheet.write(2, 1, LEAP_DAY)
    workbook.save(str(tmp_path / "a.xls"))
    written = (tmp_path / "a.xls").read_bytes()
    styled = re.sub(rb"(\xe0\0\x14\0..)\xa5\0", rb"\g<1>" + bytes([number_format, 0]), written, flags=re.DOTALL)
    assert (styled != written) == (number_format != 165)
    (tmp_path / "a.xls").write_bytes(styled)
    read = ReadBack(list(workbook_source(tmp_path, "a.xls").read()))
    assert read.rows == {2: ("甲", "2024-02-29"), 3: ("乙", "45351")}


@pytest.mark.parametrize(
    ("cell", "code", "sentence"),
    [
        (
            ("=1/0", "#DIV/0!"),
            "workbook.error_cell",
            "the cell B2 ('值') holds the error #DIV/0!; correct its formula, or write the value instead",
        ),
        (("=#REF!", "#REF!"), "workbook.error_cell", "B2 ('值') holds the error #REF!"),
        (("=VLOOKUP(1,A:A,1)", "#N/A"), "workbook.error_cell", "B2 ('值') holds the error #N/A"),
        (("=1+1", ""), "workbook.not_calculated", "the formula of the cell B2 ('值') was never calculated"),
        (370102198001011234, "workbook.digits_lost", "B2 ('值') is stored as a number (3.701021980010113E+17)"),
        (1234567890123456, "workbook.digits_lost", "B2 ('值') is stored as a number (1234567890123456)"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_a_fault_of_its_row_alone(
    read_rows: Read, cell: Any, code: str, sentence: str
) -> None:
    read = read_rows([HEADER, ["甲", cell], ["乙", "好"]])
    assert (read.rows, read.faults) == ({3: ("乙", "好")}, [(2, code)])
    assert sentence in read.sentences[0]


def test_a_fault_names_the_cell_where_the_sheet_begins_to_the_right(read_rows: Read) -> None:
    read = read_rows([[], [None, None, "名称", "值"], [None, None, "甲", ("=1/0", "#DIV/0!")]])
    assert read.sentences[0].startswith("the cell D3 ('值')")


def test_content_in_a_column_without_a_heading_is_a_fault(read_rows: Read) -> None:
    read = read_rows([HEADER, ["甲", "1", "多余"], ["乙", "2"]])
    assert (read.rows, read.faults) == ({3: ("乙", "2")}, [(2, "workbook.no_heading")])
    assert "the cell C2 holds '多余'" in read.sentences[0]


def test_an_error_in_a_blank_row_keeps_the_row(read_rows: Read) -> None:
    read = read_rows([HEADER, [None, ("=1/0", "#DIV/0!")], ["乙", "2"]])
    assert (read.faults, read.left_out) == ([(2, "workbook.error_cell")], [])


def test_a_last_row_that_was_never_calculated_is_not_lost(read_rows: Read) -> None:
    read = read_rows([[None, *HEADER], [None, "甲", "1"], [("=1+1", ""), None, None]])
    assert (read.rows, read.faults) == ({2: ("甲", "1")}, [(3, "workbook.not_calculated")])


def test_a_fault_names_its_column_beside_one_that_was_never_calculated(read_rows: Read) -> None:
    read = read_rows([[None, *HEADER], [("=1+1", ""), "甲", "1"], [None, "乙", ("=1/0", "#DIV/0!")]])
    assert [sentence.split(" holds")[0] for sentence in read.sentences][1] == "the cell C3 ('值')"


def test_an_unnamed_error_cell_stops_the_run(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "b.xlsx", {"名单": [HEADER, ["甲", ("=1/0", "#DIV/0!")]]})
    _edited(tmp_path / "b.xlsx", tmp_path / "a.xlsx", lambda xml: xml.replace(b' r="B2"', b""))
    with pytest.raises(SourceError, match="does not name its cells"):
        list(workbook_source(tmp_path).read())


@pytest.mark.parametrize("result", [b"<v></v>", b"<v/>", b"<v />", b""])
def test_a_formula_as_programs_write_it_without_result_is_a_fault(tmp_path: Path, result: bytes) -> None:
    write_xlsx(tmp_path / "b.xlsx", {"名单": [HEADER, ["甲", ("=1+1", 777)]]})
    _edited(tmp_path / "b.xlsx", tmp_path / "a.xlsx", lambda xml: xml.replace(b"<v>777</v>", result))
    read = ReadBack(list(workbook_source(tmp_path).read()))
    assert read.faults == [(2, "workbook.not_calculated")]


def test_an_empty_text_is_the_result_of_a_formula(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "b.xlsx", {"名单": [HEADER, ["甲", ("=1+1", 777)]]})
    _edited(
        tmp_path / "b.xlsx",
        tmp_path / "a.xlsx",
        lambda xml: xml.replace(b"<v>777</v>", b"<v></v>").replace(b'r="B2"', b'r="B2" t="str"'),
    )
    assert ReadBack(list(workbook_source(tmp_path).read())).rows == {2: ("甲", "")}


def _edited(path: Path, to: Path, edit: Callable[[bytes], bytes]) -> None:
    """Copy an .xlsx with its first sheet edited."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            changed = edit(content) if name == "xl/worksheets/sheet1.xml" else content
            assert changed != content or name != "xl/worksheets/sheet1.xml"
            new.writestr(name, changed)
    path.unlink()
