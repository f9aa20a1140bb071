"""What becomes of a cell: text as a person sees it, or a fault that names the cell."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from gateway.errors import SourceError
from tests.plugins.gateway_files.conftest import ReadBack, workbook_source, write_xls, write_xlsx

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
        (57, LEAP_DAY, "2024-02"),
        (58, LEAP_DAY, "02-29"),
        (17, LEAP_DAY, "2024-02"),
        ('yyyy"年"m"月"', LEAP_DAY, "2024-02"),
        ('e"年"', LEAP_DAY, "2024"),
        ("m/d", LEAP_DAY + FIVE_PAST_NINE, "02-29"),
        ("h:mm", LEAP_DAY + FIVE_PAST_NINE, "09:05:00"),
        ("[$-F800]dddd\\, mmmm dd\\, yyyy", LEAP_DAY, "2024-02-29"),
        ("[h]:mm", 1.5, "36:00:00"),
        (46, 1 + FIVE_PAST_NINE, "33:05:00"),
        ("yyyy-mm-dd", 60, "1900-02-29"),
        ("yyyy-mm-dd", 60.5, "1900-02-29 12:00:00"),
        (31, 60, "1900-02-29"),
        ("h:mm", 0, "00:00:00"),
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


@pytest.mark.parametrize("format_", ["yyyy-mm-dd", 31, "yyyy"])
@pytest.mark.parametrize(("day", "since_1904"), [(-5, False), (2_958_466, False), (1e9, False), (2_958_000, True)])
def test_a_number_that_is_no_day_is_not_read_as_one(tmp_path: Path, format_: Any, day: float, since_1904: bool) -> None:
    _write_day(tmp_path / "a.xlsx", day, format_, {"date_1904": since_1904})
    read = ReadBack(list(workbook_source(tmp_path).read()))
    assert (read.rows, read.faults) == ({}, [(2, "workbook.no_day")])
    assert f"its number {day:.0f} is none" in read.sentences[0]


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
        ("¥#,##0.00", 5000.5, "5000.5"),
        ("0.00_);[Red](0.00)", -5.5, "-5.5"),
        ('_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', 0, "0"),
        ("0;-0;;@", 0, "0"),
        ("# ?/?", 0.5, "0.5"),
        ("0.00E+00", 1500, "1500"),
        ("[DBNum1][$-804]General", 5, "5"),
        ("@", 12, "12"),
        ('"鲁"00000', 12, "鲁00012"),
        ("000-00000000", 1012345678, "010-12345678"),
        ("00000-0", 12, "00001-2"),
        ("000 0000 0000", 12345678901, "123 4567 8901"),
        ("00.00", 1.5, "01.50"),
        ('000"号"', 12, "012号"),
        ('"B"000', -5, "-B005"),
        ('0"万元"', 50, "50万元"),
        ("[$$-409]#,##0.00", 5.5, "$5.5"),
        ("0.00%", 0.0725, "7.25%"),
        ('[=1]"男";[=2]"女";"不详"', 2, "女"),
        ('"是";"否"', -1, "否"),
    ],
)
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_what_a_format_writes_beside_a_number_is_kept(
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


@pytest.mark.parametrize(
    ("format_", "number"),
    [
        ('0!.0,"万"', 12345678),
        ('#,##0,"千"', 1234567),
        (";;;", 5),
        ("000-0000", 1.5),
        ('[=1]"男";[=2]"女"', 3),
        ("00.00", 1.555),
        ("aaaa", LEAP_DAY),
    ],
)
def test_a_number_that_its_format_shows_as_another_is_a_fault(tmp_path: Path, format_: str, number: float) -> None:
    _write_day(tmp_path / "a.xlsx", number, format_)
    read = ReadBack(list(workbook_source(tmp_path).read()))
    assert (read.rows, read.faults) == ({}, [(2, "workbook.shown_otherwise")])
    assert read.sentences[0].startswith(f"the cell B2 ('值') holds the number {number}, but its format shows")


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


def test_merges_over_and_over_the_same_cells_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.transport.workbooks.workbook.MOST_CELLS", 12)
    write_xlsx(tmp_path / "b.xlsx", {"名单": [HEADER, *[["甲", "1"]] * 4]}, merged=["A2:B4"])
    merge = b'<mergeCell ref="A2:B4"/>'
    _edited(tmp_path / "b.xlsx", tmp_path / "a.xlsx", lambda xml: xml.replace(merge, merge * 3))
    with pytest.raises(SourceError, match="merged cells overlap"):
        list(workbook_source(tmp_path).read())


NUMBERS = [611165731.32, 770002004.52, 148570274192.11, 0.12345678901, 1.5e-10, 1e-7, 0.1 + 0.2, 3 - 2**-50]
NUMBERS += [109.43, -5.5, 120.123456789012, 0.10000000004, -0.0, 12345678901234.5, 42, 1234567.123456]
TEXTS = ["611165731.32", "770002004.52", "148570274192.11", "0.12345678901", "0.00000000015", "0.0000001", "0.3", "3"]
TEXTS += ["109.43", "-5.5", "120.123456789012", "0.10000000004", "0", "12345678901234.5", "42", "1234567.123456"]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_numbers_come_with_the_fifteen_digits_that_a_person_sees(tmp_path: Path, kind: str) -> None:
    rows = [HEADER, *([f"{at}", number] for at, number in enumerate(NUMBERS))]
    (write_xlsx if kind == "xlsx" else write_xls)(tmp_path / f"a.{kind}", {"名单": rows})
    read = ReadBack(list(workbook_source(tmp_path, f"a.{kind}").read()))
    assert [cells[1] for cells in read.rows.values()] == TEXTS


@pytest.mark.parametrize(
    "text",
    [
        *("2024-02-29 00:00:00", "1899-12-31", "1899-12-31 12:00:00", "1900-02-28", "0.30000000000000004", "1.0"),
        *("-0", "611165731.320000052", "true", "TRUE", "3.5E5", "5E12", "1234E+10", "甲3.70102E+17"),
    ],
)
def test_texts_are_never_touched(read_rows: Read, text: str) -> None:
    numbers = [["乙", 0.5], ["丙", datetime(2024, 2, 29)]]  # noqa: DTZ001 - a workbook knows no zone
    assert read_rows([HEADER, ["甲", text], *numbers]).rows[2] == ("甲", text)


@pytest.mark.parametrize(
    "text", ["3.70102E+17", " 3.70102E+17 ", "3.70102198001011E17", "1.3812345678e10", "1.38e+10", "4E+17"]
)
def test_a_text_that_was_a_longer_number_is_a_fault(read_rows: Read, text: str) -> None:
    read = read_rows([HEADER, ["甲", text], ["乙", "好"]])
    assert (read.rows, read.faults) == ({3: ("乙", "好")}, [(2, "workbook.shortened_number")])
    assert read.sentences[0].startswith(f"the cell B2 ('值') holds the text {text}, a number that was shortened")


@pytest.mark.parametrize("stored", [b"370102198001011E3", b"3.70102198001011e+17", b"370102198001011000"])
def test_digits_are_lost_however_the_number_is_stored(tmp_path: Path, stored: bytes) -> None:
    write_xlsx(tmp_path / "b.xlsx", {"名单": [HEADER, ["甲", 777]]})
    _edited(tmp_path / "b.xlsx", tmp_path / "a.xlsx", lambda xml: xml.replace(b"777", stored))
    assert ReadBack(list(workbook_source(tmp_path).read())).faults == [(2, "workbook.digits_lost")]


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
