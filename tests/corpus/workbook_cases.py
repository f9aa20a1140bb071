"""Workbooks as departments make them, and files that only call themselves workbooks."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt

from tests.corpus.case import HEADER, Case, Found, accepted, code, left_out, refusal, rejected

Rows = Sequence[Sequence[Any]]
SHEET = "名单"
DAY = 42803  # 2017-03-09, as days are counted from 1900


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _forms()
    yield from _cells()
    yield from _days()
    yield from _sheets()
    yield from _no_workbooks()


def _xlsx(
    sheets: Mapping[str, Rows], hidden: Sequence[str] = (), merged: Sequence[str] = (), **options: Any
) -> Callable[[Path], None]:
    """What writes an .xlsx: `(formula, result)` is a formula, `(day,)` a date, `{format: number}` a number.

    `merged` are cells of each sheet, as E2:E3.
    """

    def write(path: Path) -> None:
        with xlsxwriter.Workbook(str(path), options) as workbook:
            day = workbook.add_format({"num_format": "yyyy-mm-dd"})
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                if name in hidden:
                    sheet.hide()
                for area in merged:
                    sheet.merge_range(area, "")
                for at, row in enumerate(rows):
                    for column, cell in enumerate(row):
                        if isinstance(cell, str):
                            sheet.write_string(at, column, cell)
                        elif isinstance(cell, tuple) and len(cell) == 1:
                            sheet.write_number(at, column, cell[0], day)
                        elif isinstance(cell, tuple):
                            sheet.write_formula(at, column, cell[0], None, cell[1])
                        elif isinstance(cell, dict):
                            ((number_format, number),) = cell.items()
                            style = workbook.add_format({"num_format": number_format})
                            sheet.write_number(at, column, number, style)
                        elif cell is not None:
                            sheet.write(at, column, cell)

    return write


def _xls(rows: Rows, *, since_1904: bool = False) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        workbook = xlwt.Workbook(encoding="utf-8")
        workbook.dates_1904 = since_1904
        sheet, day = workbook.add_sheet(SHEET), xlwt.XFStyle()
        day.num_format_str = "yyyy-mm-dd"
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, tuple):
                    sheet.write(at, column, cell[0], day)
                elif cell is not None:
                    sheet.write(at, column, cell)
        workbook.save(str(path))

    return write


def _case(name: str, rows: Rows, found: Mapping[int, Found | Sequence[Found]], **more: Any) -> Case:
    write = _xls(rows) if name.endswith(".xls") else _xlsx({SHEET: rows})
    return Case(name, write, found, sheet=SHEET, **more)


def _forms() -> Iterator[Case]:
    for name in ("form.xlsx", "form.xls"):
        first, second = code(), code()
        rows: Rows = [
            ["检查对象名录"],
            ["填报单位：某局", None, None, None, "2026-01-31"],
            list(HEADER),
            ["必填，18 位", "必填，不超过 100 字", "格式：2017-03-09", "选填", "选填"],
            ["案例（请删除）", "样例公司"],
            [first, "甲公司", "2017-3-9"],
            [],
            [second, "乙公司"],
            ["合  计", "2 户"],
            ["填表人：赵六", None, "审核人："],
        ]
        outside = {
            1: "above_header",
            2: "above_header",
            4: "hint_row",
            5: "sample_row",
            7: "blank_row",
            9: "total_row",
            10: "signature_row",
        }
        found = {row: left_out(f"workbook.{why}") for row, why in outside.items()}
        taken = {6: accepted(first, "甲公司", established_on="2017-03-09"), 8: accepted(second, "乙公司")}
        yield _case(name, rows, {**found, **taken})
    first, second = code(), code()
    rows = [["基本信息", None, "登记信息"], list(HEADER), [first, "甲公司"], [second, "乙公司"]]
    found = {1: left_out("workbook.above_header"), 3: accepted(first, "甲公司"), 4: accepted(second, "乙公司")}
    yield _case("two-header-rows.xlsx", rows, found)
    first, second, third = code(), code(), code()
    rows = [list(HEADER), [first, "甲公司", None, None, "A"], [second, "乙公司"], [third, "丙公司", None, None, "B"]]
    found = {
        2: accepted(first, "甲公司", licence_label="A"),
        3: accepted(second, "乙公司", licence_label="A"),
        4: accepted(third, "丙公司", licence_label="B"),
    }
    merged = _xlsx({SHEET: rows}, merged=["E2:E3"])
    yield Case("merged-cells.xlsx", merged, found, sheet=SHEET, source={"fill_down": ["证号"]})
    first, second = code(), code()
    rows = [list(HEADER), [first, "甲公司", None, None, "A"], [code(), "乙公司"], [second, "丙公司"]]
    found = {
        2: accepted(first, "甲公司", licence_label="A"),
        3: rejected("workbook.merged_cell"),
        4: accepted(second, "丙公司"),
    }
    yield Case("merged-unfilled.xlsx", _xlsx({SHEET: rows}, merged=["E2:E3"]), found, sheet=SHEET)
    yield _case("list-of-odd-words.xlsx", *_odd_words())


def _odd_words() -> tuple[Rows, Mapping[int, Found]]:
    """A list whose cells say what the rows around a list say."""
    records = [
        (code(), "合计（北京）科技有限公司", "8字桥路1号"),
        (code(), "北京格式塔咨询有限公司", "0053字第7号"),
        (code(), "小计1", "格式条款备案1号"),
        (code(), "总计", "案例"),
        (code(), "负责人", "签字"),
    ]
    # The name comes first, so that each row begins with its word.
    rows: Rows = [["名称", "代码", "证号"], *([name, number, label] for number, name, label in records)]
    found = {at: accepted(number, name, licence_label=label) for at, (number, name, label) in enumerate(records, 2)}
    return rows, found


def _cells() -> Iterator[Case]:
    first, last = code(), code()
    rows: Rows = [
        list(HEADER),
        [first, "甲公司", None, 500000, "00123"],
        [code(), "乙公司", None, ("=1/0", "#DIV/0!")],
        [code(), ("=Sheet9!A1", "#REF!")],
        [370102198001011234, "丁公司"],
        [code(), "戊公司", None, ("=1+1", "")],
        [code(), "己公司", None, None, None, "没有表头的内容"],
        [code(), "庚公司", None, "#REF!"],
        [last, "末公司", None, ("=SUM(1,2)", 3), {"000000": 123}],
    ]
    found = {
        2: accepted(first, "甲公司", registered_capital=50_000_000, licence_label="00123"),
        3: rejected("workbook.error_cell"),
        4: rejected("workbook.error_cell"),
        5: rejected("workbook.digits_lost"),
        6: rejected("workbook.not_calculated"),
        7: rejected("workbook.no_heading"),
        8: rejected("map.decimal", "注册资本", "#REF!"),
        9: accepted(last, "末公司", registered_capital=300, licence_label="000123"),
    }
    yield _case("cells.xlsx", rows, found)
    for name in ("amounts.xlsx", "amounts.xls"):
        amounts = {611165731.32: 61_116_573_132, 770002004.52: 77_000_200_452, 0.1 + 0.2: 30}
        codes = [code() for _ in amounts]
        rows = [list(HEADER), *([each, "甲公司", None, yuan] for each, yuan in zip(codes, amounts, strict=True))]
        fen = enumerate(zip(codes, amounts.values(), strict=True), 2)
        found = {at: accepted(each, "甲公司", registered_capital=amount) for at, (each, amount) in fen}
        yield _case(name, rows, found)
    first, second, third = code(), code(), code()
    rows = [
        list(HEADER),
        [first, "甲公司", None, None, {'"鲁"00000': 12}],
        [second, "乙公司", None, None, {"000-00000000": 1012345678}],
        [third, "丙公司", None, None, "1899-12-31 12:00:00"],
        [code(), "丁公司", None, {'0"万元"': 50}],
        [code(), "戊公司", None, {'0!.0,"万"': 500000}],
        [code(), "己公司", {'yyyy"年"m"月"': DAY}],
        [code(), "庚公司", (-5,)],
        [code(), "辛公司", (60,)],
        [code(), "壬公司", None, None, "3.70102E+17"],
    ]
    found = {
        2: accepted(first, "甲公司", licence_label="鲁00012"),
        3: accepted(second, "乙公司", licence_label="010-12345678"),
        4: accepted(third, "丙公司", licence_label="1899-12-31 12:00:00"),
        5: rejected("map.decimal", "注册资本", "50万元"),
        6: rejected("workbook.shown_otherwise"),
        7: rejected("map.date", "成立日期", "2017-03"),
        8: rejected("workbook.no_day"),
        9: rejected("map.date", "成立日期", "1900-02-29"),
        10: rejected("workbook.shortened_number"),
    }
    yield _case("shown.xlsx", rows, found)
    first = code()
    rows = [list(HEADER), [first, "甲公司", None, None, 12345678901234567], [code(), "乙公司", None, 1e17]]
    found = {2: rejected("workbook.digits_lost"), 3: rejected("workbook.digits_lost")}
    yield _case("long-numbers.xls", rows, found)


def _days() -> Iterator[Case]:
    for name, zero in (("days-1900.xlsx", 0), ("days-1904.xlsx", 1462), ("days-1900.xls", 0), ("days-1904.xls", 1462)):
        codes = [code() for _ in range(4)]
        rows: Rows = [
            list(HEADER),
            [codes[0], "甲公司", (DAY - zero,)],
            [codes[1], "乙公司", "2017年3月9日"],
            [codes[2], "丙公司", (1 if zero == 0 else 0,)],
            [codes[3], "丁公司", (2_958_465 - zero,)],
            [code(), "戊公司", DAY - zero],
            [code(), "己公司", (DAY - zero + 0.5,)],
        ]
        found: dict[int, Found] = {
            2: accepted(codes[0], "甲公司", established_on="2017-03-09"),
            3: accepted(codes[1], "乙公司", established_on="2017-03-09"),
            4: accepted(codes[2], "丙公司", established_on="1904-01-01" if zero else "1900-01-01"),
            5: accepted(codes[3], "丁公司", established_on="9999-12-31"),
            6: rejected("map.date", "成立日期", str(DAY - zero)),
            7: rejected("map.date", "成立日期", "2017-03-09 12:00:00"),
        }
        if not zero:
            rows = [*rows, [code(), "庚公司", (0,)]]
            found[8] = rejected("map.date", "成立日期", "1900-01-00")
        write = (
            _xls(rows, since_1904=bool(zero)) if name.endswith("xls") else _xlsx({SHEET: rows}, date_1904=bool(zero))
        )
        yield Case(name, write, found, sheet=SHEET)


def _sheets() -> Iterator[Case]:
    first = code()
    sheets: Mapping[str, Rows] = {
        SHEET: [list(HEADER), [first, "甲公司"]],
        "旧名单": [list(HEADER), [code(), "隐藏公司"]],
        "参数表": [["类型", "说明"], ["企业", "x"]],
    }
    yield Case("hidden-sheet.xlsx", _xlsx(sheets, ["旧名单"]), {2: accepted(first, "甲公司")}, sheet=SHEET)
    first = code()
    two: Mapping[str, Rows] = {"一月": [list(HEADER), [code(), "一公司"]], SHEET: [list(HEADER), [first, "甲公司"]]}
    yield Case("two-sheets.xlsx", _xlsx(two), refused="workbook.several_sheets", words=("一月", SHEET))
    first = code()
    two = {"一月": [list(HEADER), [code(), "一公司"]], SHEET: [list(HEADER), [first, "甲公司"]]}
    yield Case("second-sheet.xlsx", _xlsx(two), {2: accepted(first, "甲公司")}, sheet=SHEET, source={"sheet": "2"})
    doubled: Rows = [["代码", "名称", "名称"], [code(), "甲", "乙"]]
    yield Case("doubled-heading.xlsx", _xlsx({SHEET: doubled}), refused="workbook.doubled_column_name", words=("B1",))
    nothing: Rows = [["说明"], ["本月无变动"]]
    yield Case("no-header.xlsx", _xlsx({SHEET: nothing}), refused="workbook.no_header", source={"header": ["代码"]})


def _no_workbooks() -> Iterator[Case]:
    table = f"<html><table><tr><td>代码</td><td>名称</td></tr><tr><td>{code()}</td><td>甲</td></tr></table></html>"
    yield refusal("web-page.xls", table, "workbook.other_kind", "HTML")
    yield refusal("text.xls", f"代码\t名称\n{code()}\t甲公司\n", "workbook.other_kind", "CSV", encoding="gb18030")
    yield refusal("no-bytes.xlsx", b"", "workbook.empty_file")
    yield refusal(
        "xml-2003.xls",
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "workbook.other_kind",
        "2003",
    )
    yield Case("document.xlsx", _archive({"word/document.xml": b"<a/>"}), refused="workbook.other_kind")
    yield refusal("password.xlsx", compound("EncryptedPackage", bytes(5000)), "workbook.password")
    locked = struct.pack("<HHHH", 0x809, 4, 0x600, 5) + struct.pack("<HHHHH", 0x2F, 6, 1, 0, 0) + bytes(5000)
    yield refusal("password.xls", compound("Workbook", locked), "workbook.password")
    yield refusal("damaged.xlsx", b"PK\x03\x04" + bytes(200), "workbook.unreadable")
    yield Case("zip-bomb.xlsx", _bomb, refused="workbook.too_large", words=("512 MiB",))
    first = code()
    rows: Rows = [list(HEADER), [first, "甲公司"]]
    yield Case("xlsx-called.xls", _xlsx({SHEET: rows}), {2: accepted(first, "甲公司")}, sheet=SHEET)


def _archive(parts: Mapping[str, bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)

    return write


def _bomb(path: Path) -> None:
    """Half a megabyte that claims 300 bytes and unpacks to more than 512 MiB."""
    size = 513 << 20
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/workbook.xml", "w") as part,
    ):
        for _ in range(size >> 20):
            part.write(bytes(1 << 20))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 300)))


def compound(name: str, stream: bytes) -> bytes:
    """A compound file, the container of .xls and of encrypted .xlsx, of one stream of more than 4096 bytes."""
    count = -(-len(stream) // 512)
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + count), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (128 - len(table))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    head += struct.pack("<108I", *([0xFFFFFFFF] * 108))
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0) + _entry(name, 2, 2, len(stream))
    parts = (head, struct.pack("<128I", *table), directory, stream)
    return b"".join(part.ljust(-(-len(part) // 512) * 512, b"\0") for part in parts)


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1) + b"\xff" * 12
    return head + bytes(36) + struct.pack("<IQ", start, size)
