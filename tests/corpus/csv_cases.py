"""CSV files that are wrong as files: encodings, cells, quotes, headers, keys."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from tests.corpus.case import (
    HEADER,
    Case,
    Found,
    accepted,
    between,
    code,
    held,
    left_out,
    refusal,
    rejected,
    saved,
)

HEAD = ",".join(HEADER)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _encodings()
    yield from _cut_off()
    yield from _cells()
    yield from _quotes()
    yield from _headers()
    yield from _keys()
    yield from _other_kinds()


def _whole(name: str, written: str, **source: str) -> Case:
    """A file that is right, in an encoding that many readers get wrong."""
    first, second = code(), code()
    text = f"{HEAD}\n{first},朱镕基纪念馆（上海）𠮷野家,,,\n{second},一乙公司,,,\n"
    rows = {2: accepted(first, "朱镕基纪念馆（上海）𠮷野家"), 3: accepted(second, "一乙公司")}
    return Case(name, saved(text, written), rows, source=source)


def _encodings() -> Iterator[Case]:
    for name, encoding in (
        ("gb18030", "gb18030"),
        ("utf-8-bom", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ):
        yield _whole(f"{name}.csv", encoding)
    yield _whole("utf-16-stated.csv", "utf-16-le", encoding="utf-16-le")
    bad = rejected("file.undecodable")
    yield between("gb18030-row-in-utf-8.csv", f"{code()},混编公司,,,".encode("gb18030"), bad)
    foreign = rejected("file.foreign_encoding")
    yield between("utf-8-row-in-gb18030.csv", f"{code()},混编公司,,,".encode(), foreign, encoding="gb18030")
    yield between("bad-byte.csv", f"{code()},公".encode() + b"\xff,,,", bad)
    yield between(
        "half-character-in-gb18030.csv", f"{code()},公".encode("gb18030") + b"\xcb,,,", bad, encoding="gb18030"
    )
    yield between(
        "half-pair-in-utf-16.csv",
        f"{code()},\ud842公司,,,".encode("utf-16-le", "surrogatepass"),
        bad,
        encoding="utf-16-le",
    )
    short = code()
    yield Case(
        "short-gb18030.csv",
        saved(f"code,name\n{short},欧伟\n", "gb18030"),
        {2: accepted(short, "欧伟")},
        map="corpus/pinyin",
    )
    unclear = f"code,name\n{code()},谢\n"
    yield refusal("unclear.csv", unclear, "file.unclear_encoding", "谢", "л", encoding="gb18030", map="corpus/pinyin")
    foreign = rejected("file.foreign_encoding")
    yield between("hanzi-in-gb18030.csv", f"{code()},张A,,,".encode(), foreign, encoding="gb18030")
    misread = rejected("field.misread", "名称")
    yield between("short-gb18030-row.csv", f"{code()},欧伟,,,".encode("gb18030"), misread)
    stated = {"encoding": "utf-8"}
    yield refusal(
        "stated.csv",
        f"{HEAD}\n{code()},甲公司,,,\n",
        "file.wrong_encoding",
        "gb18030",
        encoding="gb18030",
        source=stated,
    )
    yield refusal("utf-32.csv", f"{HEAD}\n{code()},甲公司,,,\n", "file.unknown_encoding", encoding="utf-32")
    yield refusal("no-encoding.csv", bytes(range(128, 256)) * 3, "file.unknown_encoding")


def _cut_off() -> Iterator[Case]:
    """What a broken transfer leaves: the rows before the cut are right, the last one is not."""
    for name, encoding, message in (
        ("cut-in-character-utf-8.csv", "utf-8", "file.undecodable"),
        ("cut-in-character-gb18030.csv", "gb18030", "file.undecodable"),
        ("cut-in-character-utf-16.csv", "utf-16-le", "file.undecodable"),
    ):
        first = code()
        text = f"{HEAD}\n{first},前公司,,,\n{code()},后公司".encode(encoding)
        yield Case(name, saved(text[:-1]), {2: accepted(first, "前公司"), 3: rejected(message)})
    first = code()
    text = f"{HEAD}\n{first},前公司,,,\n{code()},后公"
    yield Case("cut-in-row.csv", saved(text), {2: accepted(first, "前公司"), 3: rejected("csv.too_few_cells")})


def _cells() -> Iterator[Case]:
    yield between("short-row.csv", f"{code()},短公司,", rejected("csv.too_few_cells"))
    yield between("long-row.csv", f"{code()},长公司,,,,", rejected("csv.too_many_cells"))
    yield between("separator-in-value.csv", f"{code()},甲,乙公司,,,", rejected("csv.too_many_cells"))
    codes = [code() for _ in range(3)]
    text = f"{HEAD}\n{codes[0]},甲公司,,,\n{codes[1]},长,,,,\n{code()},短,,\n{codes[2]},丁公司,,,\n"
    rows = {
        2: accepted(codes[0], "甲公司"),
        3: rejected("csv.too_many_cells"),
        4: rejected("csv.too_few_cells"),
        5: accepted(codes[2], "丁公司"),
    }
    yield Case("long-and-short.csv", saved(text), rows)
    yield between("blank-row.csv", "", left_out("csv.blank_line"))
    yield between("blank-row-of-spaces.csv", " \u3000 ", left_out("csv.blank_line"))
    missing = [rejected("field.required", "代码"), rejected("field.required", "名称")]
    yield between("row-of-separators.csv", ",,,,", missing)
    for name, end in (("returns.csv", "\r"), ("windows.csv", "\r\n")):
        company = code()
        yield between(name, f"{company},中公司,,,", accepted(company, "中公司"), end=end)
    company = code()
    text = f"{HEAD}\r\n{company},甲公司,,,\r\r\n"
    yield Case("doubled-returns.csv", saved(text), {2: accepted(company, "甲公司"), 3: left_out("csv.blank_line")})


def _quotes() -> Iterator[Case]:
    yield between("open-quote.csv", f'{code()},"开公司,,,', rejected("csv.unclosed_quote"))
    yield between("text-after-quote.csv", f'{code()},"引"公司,,,', rejected("csv.text_after_quote"))
    company = code()
    yield between("quoted.csv", f'{company},"甲,""乙""公司",,,', accepted(company, '甲,"乙"公司'))
    first = code()
    text = f'{HEAD}\n{first},前公司,,,\n{code()},"开到文件末尾,,,\n'
    yield Case(
        "open-quote-at-the-end.csv", saved(text), {2: accepted(first, "前公司"), 3: rejected("csv.unclosed_quote")}
    )
    first, second = code(), code()
    text = f'{HEAD}\n{first},"甲\n公司",,,\n{second},乙公司,,,\n'
    broken = rejected("field.control", "名称")
    yield Case("line-break-in-cell.csv", saved(text), {2: broken, 4: accepted(second, "乙公司")})
    first, second = code(), code()
    inner = f"{code()},丙,,,"
    text = f'{HEAD}\n{first},甲公司,,,"前\n{inner}\n后"\n{second},乙公司,,,\n'
    broken = [rejected("csv.unclosed_quote"), rejected("csv.too_few_cells")]
    yield Case(
        "row-in-cell-or-lost-quote.csv",
        saved(text),
        {2: broken[0], 3: accepted(inner[:18], "丙"), 4: broken[1], 5: accepted(second, "乙公司")},
    )
    first, second = code(), code()
    text = f'{HEAD}\n{first},"甲\n{code()},丙,,,\n公司",,,\n{second},乙公司,,,\n'
    yield Case("row-in-cell.csv", saved(text), {2: rejected("field.control", "名称"), 5: accepted(second, "乙公司")})
    yield between(
        "nul-in-key.csv",
        f"{code()}\0,甲公司,,,",
        [rejected("field.control", "代码"), rejected("identifier.uscc", "代码")],
    )
    company = code()
    yield between(
        "excel-text.csv", f'="{company}",甲公司,,,="00123"', accepted(company, "甲公司", licence_label="00123")
    )


def _headers() -> Iterator[Case]:
    row = f"{code()},甲公司,,,\n"
    yield refusal("no-bytes.csv", b"", "csv.empty_file")
    yield refusal(
        "doubled-heading.csv", f"代码,名称,名称,注册资本,证号\n{row}", "csv.doubled_column_name", "名称", "2, 3"
    )
    yield refusal("empty-heading.csv", f"代码,名称,,注册资本,证号\n{row}", "csv.empty_column_name", "3")
    yield refusal("separator-after-header.csv", f"{HEAD},\n{row}", "csv.empty_column_name", "6")
    yield refusal("renamed-heading.csv", f"社会信用代码,名称\n{code()},甲公司\n", "map.missing_column", "代码")
    yield refusal("two-separators.csv", f"代码,名称;备注\n{code()},甲;乙\n", "csv.unclear_separator", ",", ";")
    yield Case("header-alone.csv", saved(HEAD + "\n"))
    company = code()
    text = f"检查对象名录,,,,\n填报单位：某局,,,,\n{HEAD}\n{company},甲公司,,,\n"
    above: dict[int, Found] = {1: left_out("csv.above_header"), 2: left_out("csv.above_header")}
    yield Case("titles.csv", saved(text, "gb18030"), {**above, 4: accepted(company, "甲公司")})
    company = code()
    text = f"基本信息,,登记信息,,\n{HEAD}\n{company},甲公司,,,\n"
    rows = {1: left_out("csv.above_header"), 3: accepted(company, "甲公司")}
    yield Case("two-header-rows.csv", saved(text), rows)
    company = code()
    text = f"甲,乙,丙,丁,戊\n{HEAD}\n{company},甲公司,,,\n"
    yield Case(
        "header-stated.csv",
        saved(text),
        {1: left_out("csv.above_header"), 3: accepted(company, "甲公司")},
        source={"header": "2"},
    )
    company = code()
    text = f"{HEAD},备注\n{company},甲公司,,,,内部\n".replace(",", "\t")
    yield Case(
        "unmapped-column.tsv", saved(text, "utf-16"), {2: accepted(company, "甲公司")}, reported="map.unmapped_column"
    )


def _keys() -> Iterator[Case]:
    doubled, other = code(), code()
    text = f"{HEAD}\n{doubled},甲公司,,,\n{other},乙公司,,,\n{doubled},丙公司,,,\n"
    both = held("key.doubled")
    yield Case("doubled-key.csv", saved(text), {2: both, 3: accepted(other, "乙公司"), 4: both})
    doubled = code()
    text = f"{HEAD}\n{doubled},甲公司,,,\n {doubled.lower()}\u3000,甲公司,,,\n"
    lower = doubled != doubled.lower()
    raised = (Found("note", "map.upper", "代码"),) if lower else ()
    yield Case("doubled-key-in-disguise.csv", saved(text), {2: both, 3: (both, *raised)})
    yield between("empty-key.csv", ",无码公司,,,", rejected("field.required", "代码"))
    yield between("blank-key.csv", "\u3000 ,无码公司,,,", rejected("field.required", "代码"))


def _other_kinds() -> Iterator[Case]:
    yield refusal("zip.csv", b"PK\x03\x04" + bytes(100), "file.workbook")
    yield refusal("gzip.csv", gzip.compress(f"{HEAD}\n".encode()), "file.workbook", "gzip")
    yield refusal("document.csv", b"%PDF-1.7\n", "file.workbook", "PDF")
    yield refusal("old-workbook.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file.workbook")
    page = "<html>\n<head><title>登录</title></head>\n<body>请登录</body>\n</html>\n"
    yield refusal("web-page.csv", page, "map.missing_column", "代码")
    yield refusal("json.csv", '{"代码": "1", "名称": "甲"}\n', "map.missing_column", "代码")
