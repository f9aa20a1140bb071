"""Values that are wrong, or right and easily read wrong: numbers, dates, money, widths, what cannot be seen."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from tests.corpus.case import HEADER, Case, Found, accepted, code, held, note, rejected, saved

Cells = Mapping[str, str]


def cases() -> Iterator[Case]:
    """All of them."""
    yield _table("dates.csv", DATES)
    yield _table("money.csv", MONEY)
    yield _table("money-in-ten-thousands.csv", TEN_THOUSANDS, map="corpus/ten_thousand")
    yield _table("numbers-kept.csv", NUMBERS)
    yield _table("widths.csv", WIDTHS)
    yield _table("unseen.csv", UNSEEN)
    yield _table("lost-values.csv", LOST)
    yield _identifiers()
    yield _unlimited()


def _table(name: str, wanted: Sequence[tuple[Cells, Cells | Mapping[str, int] | Found]], **more: str) -> Case:
    """A row for each: what differs from an ordinary one, and the canonical values or the finding that it comes to."""
    lines, rows = [list(HEADER)], {}
    for number, (cells, found) in enumerate(wanted, 2):
        row = {"代码": code(), "名称": f"公司{number}", "成立日期": "", "注册资本": "", "证号": "", **cells}
        lines.append([row[heading] for heading in HEADER])
        if isinstance(found, Found):
            rows[number] = found
        else:
            rows[number] = accepted(row["代码"], **{"name": row["名称"].strip(" \u3000\u200b\ufeff\u00a0"), **found})
    return Case(name, saved(_csv(lines)), rows, **more)


def _csv(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _date(written: str, read: str = "") -> tuple[Cells, Cells | Found]:
    found = {"established_on": read} if read else rejected("map.date", "成立日期", written.strip())
    return {"成立日期": written}, found


DATES = (
    _date("2017-3-9", "2017-03-09"),
    _date("2017-03-09", "2017-03-09"),
    _date("20170309", "2017-03-09"),
    _date("2017年3月9日", "2017-03-09"),
    _date("2017/3/9", "2017-03-09"),
    _date(" ２０１７－３－９\u3000", "2017-03-09"),
    _date("2024-02-29", "2024-02-29"),
    _date("1900-1-1", "1900-01-01"),
    _date("1900-02-29"),
    _date("2024-02-30"),
    _date("2023-02-29"),
    _date("2017-13-01"),
    _date("2017-00-10"),
    _date("2017039"),
    _date("201739"),
    _date("17-3-9"),
    _date("3/9/2017"),
    _date("09.03.2017"),
    _date("2017-3-9 00:00:00"),
    _date("42803"),
    _date("42803.5"),
    _date("二〇一七年三月九日"),
    _date("2017年3月"),
    _date("长期"),
    _date("0000-00-00"),
    _date("0000-01-01"),
    _date("10000-01-01"),
    _date("不详"),
    _date("-"),
)


def _money(written: str, fen: int | None = None) -> tuple[Cells, Mapping[str, int] | Found]:
    found = rejected("map.decimal", "注册资本") if fen is None else {"registered_capital": fen}
    return {"注册资本": written}, found


MONEY = (
    _money("500000", 50_000_000),
    _money("500000.00", 50_000_000),
    _money("0.01", 1),
    _money("0", 0),
    _money("1,094,300", 109_430_000),
    _money("1，094，300.5", 109_430_050),
    _money("５００", 50_000),
    _money(" 500 ", 50_000),
    ({"注册资本": "-50"}, rejected("amount.negative", "注册资本", "-5000")),
    ({"注册资本": "-0.01"}, rejected("amount.negative", "注册资本", "-1")),
    _money("92233720368547758.07", 9_223_372_036_854_775_807),
    _money("92233720368547758.08"),
    _money("99999999999999999999999999999999999999"),
    _money("0.001"),
    _money("10,94,300"),
    _money("1,0943"),
    _money("1.094.300"),
    _money("1.094,300"),
    _money("50万"),
    _money("50万元"),
    _money("500元"),
    _money("￥500"),
    _money("一百万"),
    _money("壹佰万元整"),
    _money("1e6"),
    ({"注册资本": "1E+06"}, rejected("csv.digits_lost")),
    _money("+500"),
    _money("(500)"),
    _money("500-"),
    _money("5 00"),
    _money("NaN"),
    _money("."),
    _money(".5"),
    _money("5."),
    _money("٥٠٠"),
    _money("无"),
)

TEN_THOUSANDS = (
    _money("50", 50_000_000),
    _money("1,094.3000", 1_094_300_000),
    _money("0.000001", 1),
    _money("0.0000001"),
    _money("50万"),
    _money("50(万元人民币)"),
    _money("一百"),
)


def _label(written: str, read: str | None = None) -> tuple[Cells, Cells]:
    return {"证号": written}, {"licence_label": written if read is None else read}


NUMBERS = (
    _label("00123"),
    _label("0"),
    _label("370102198001011234"),
    _label("12345678901234567890123456789"),
    _label("1.10"),
    _label("1e5"),
    ({"证号": "3.70102E+17"}, rejected("csv.digits_lost")),
    ({"证号": "1E+15"}, rejected("csv.digits_lost")),
    _label("12E3"),
    _label("鲁B12E34"),
    _label("型号3.7E+17"),
    _label('="00123"', "00123"),
    _label("00123.0"),
    _label("TRUE"),
    _label("N/A"),
    _label("=1+1"),
    _label("2017-3-9"),
)

WIDTHS = (
    _label("０１２３", "0123"),
    _label("（甲）字第１号", "(甲)字第1号"),
    _label("ＡＢ－１", "AB-1"),
    _label("\u3000甲字\u3000", "甲字"),
    _label("甲\u3000字", "甲 字"),
    _label("[甲]【乙】〔2017〕1号"),
)


def _name(written: str, read: str = "") -> tuple[Cells, Cells | Found]:
    return {"名称": written}, {"name": read} if read else rejected("field.control", "名称")


# What stands at an end is stripped; what stands inside would make two names of one and is refused.
UNSEEN = (
    _name("\u3000甲公司 ", "甲公司"),
    _name("\u200b甲公司\u200b", "甲公司"),
    _name("\ufeff甲公司", "甲公司"),
    _name("甲公司\u00a0", "甲公司"),
    _name("甲\u200b公司"),
    _name("甲\ufeff公司"),
    _name("甲\u202e公司"),
    _name("甲\u2028公司"),
    _name("甲\0公司"),
    _name("甲公司\x01"),
    _name("甲\t公司"),
    _name("甲\x1b[31m公司"),
    _name("甲\x7f公司"),
    _name("甲\x85公司"),
    _name("甲\uffff公司"),
    _name("甲\u200d公司"),
    _name("甲\u200e公司"),
    _name("甲\u2060公司"),
    _name("甲\u00ad公司"),
    _name("甲\u061c公司"),
    _name("甲\u180e公司"),
    _name("甲\u2800公司"),
    _name("甲\u3164公司"),
    _name("甲\ufff9公司"),
    _name("甲\U000e0041公司"),
    ({"名称": "\u200b\u3000"}, rejected("field.required", "名称")),
    ({"名称": "甲" * 101}, rejected("field.length", "名称")),
)


def _lost(written: str, message: str, column: str = "证号") -> tuple[Cells, Found]:
    return {column: written}, rejected(message, column)


# What stands where a value was lost is none.
LOST = (
    *(
        _lost(each, "field.no_value")
        for each in ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "####", "NULL", "nan")
    ),
    *(_lost(each, "field.no_value", "名称") for each in ("#REF!", "########", "null", "\\N")),
    *(
        _lost(each, "field.digits_lost")
        for each in ("3.70102198001011E17", "3.7e17", "3.70102198001011e+17", "1.3812345678E10", " 3.70102E+17 ")
    ),
    _lost('="甲公司"', "field.as_text", "名称"),
    _lost("'00123", "field.as_text"),
    _lost("张\ufffd", "field.destroyed", "名称"),
    _lost("锟斤拷公司", "field.destroyed", "名称"),
    _lost("欧伟".encode("gb18030").decode(), "field.misread", "名称"),
    ({"名称": "甲\ue81e公司"}, held("field.private_use", "名称")),
    ({"名称": "李锟"}, {}),
    ({"名称": "买买提·艾力"}, {}),
    ({"名称": "Nestlé®"}, {}),
)


def _identifiers() -> Case:
    """Codes in every disguise; only those that are one and the same without a doubt are taken."""
    plain, wide, lower, spaced, odd = code(), code(), code(), code(), code()
    full = "".join(chr(ord(each) + 0xFEE0) for each in wide)
    wrong = plain[:-1] + ("0" if plain[-1] != "0" else "1")
    lines = [
        HEADER,
        (plain, "甲公司", "", "", ""),
        (full, "乙公司", "", "", ""),
        (f"\u3000{spaced}\u200b", "丙公司", "", "", ""),
        (wrong, "丁公司", "", "", ""),
        ("91370400OOOOOOOOOX", "戊公司", "", "", ""),
        ("9.1370400E+17", "己公司", "", "", ""),
        (f"{odd[:8]} {odd[8:]}", "庚公司", "", "", ""),
        (f"{odd}（副本）", "辛公司", "", "", ""),
        ("370102198001011234", "壬公司", "", "", ""),
        ("370400200000001", "癸公司", "", "", ""),
        ("无", "子公司", "", "", ""),
        (lower.lower(), "丑公司", "", "", ""),
    ]
    bad = rejected("identifier.uscc", "代码")
    raised = [note("map.upper", "代码")] if lower != lower.lower() else []
    rows: dict[int, Found | Sequence[Found]] = {
        2: accepted(plain, "甲公司"),
        3: accepted(wide, "乙公司"),
        4: accepted(spaced, "丙公司"),
        **dict.fromkeys(range(5, 13), bad),
        7: rejected("csv.digits_lost"),
        13: [accepted(lower, "丑公司"), *raised],
    }
    return Case("identifiers.csv", saved(_csv(lines)), rows)


def _unlimited() -> Case:
    """长期 in its spellings is no date, a date that is none is not 长期."""
    unlimited = [
        "长期",
        " 长期 ",
        "长期有效",
        "永久",
        "无固定期限",
        "2099/12/31",
        "2099-12-31",
        "9999-09-09",
        "99991231",
        "",
    ]
    dates = {"2030-1-1": "2030-01-01", "2030年1月1日": "2030-01-01", "2099-12-30": "2099-12-30"}
    wrong = ["长 期", "2099-13-31", "至长期", "2030-02-30", "2030"]
    lines, rows = [("工号", "姓名", "有效期至")], {}
    for number, until in enumerate([*unlimited, *dates, *wrong], 2):
        lines.append((f"{number:04}", f"人员{number}", until))
        cells: dict[str, str | int] = {"certificate_valid_until": dates[until]} if until in dates else {}
        found = Found("accepted", cells={"inspector_number": f"{number:04}", "name": f"人员{number}", **cells})
        rows[number] = rejected("map.date", "有效期至") if until in wrong else found
    return Case("unlimited.csv", saved(_csv(lines)), rows, map="corpus/inspectors")
