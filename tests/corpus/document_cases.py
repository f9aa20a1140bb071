"""XML and JSON that is wrong: encodings, namespaces, bombs, elements without end, lines and values that are no rows."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.corpus.case import Case, Found, accepted, code, left_out, refusal, rejected, saved

PATH = {"rows": "名录/企业"}
COLUMNS = {"columns": ["代码", "名称", "成立日期"]}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _xml()
    yield from _refused_xml()
    yield from _json()
    yield from _refused_json()


def _company(identifier: str, name: str, more: str = "") -> str:
    return f"<企业><代码>{identifier}</代码><名称>{name}</名称>{more}</企业>\n"


def _list(*rows: str, label: str = "UTF-8", attributes: str = "") -> str:
    return f'<?xml version="1.0" encoding="{label}"?>\n<名录{attributes}>\n{"".join(rows)}</名录>\n'


def _xml() -> Iterator[Case]:
    for name, label, encoding in (
        ("gb2312-label.xml", "GB2312", "gb18030"),
        ("gb2312-label-utf-8.xml", "GB2312", "utf-8"),
        ("utf-8-label-gb18030.xml", "UTF-8", "gb18030"),
        ("utf-16.xml", "UTF-16", "utf-16"),
        ("utf-16-without-mark.xml", "UTF-16", "utf-16-le"),
    ):
        first, second = code(), code()
        text = _list(_company(first, "朱镕基纪念馆"), _company(second, "乙公司"), label=label)
        found = {1: accepted(first, "朱镕基纪念馆"), 2: accepted(second, "乙公司")}
        yield Case(name, saved(text, encoding), found, source=PATH)
    first, last = code(), code()
    text = _list(
        _company(first, "甲&amp;公司", "<成立日期>2017年3月9日</成立日期>"),
        _company(code(), "乙公司", "<名称>又名</名称>"),
        _company(code(), "丙<b>公</b>司"),
        _company(code(), "丁公司", "<成立日期>2024-02-30</成立日期>"),
        _company("", "戊公司"),
        "<企业/>",
        _company(last, "<![CDATA[末公司]]>"),
    )
    found: dict[int, Any] = {
        1: accepted(first, "甲&公司", established_on="2017-03-09"),
        2: rejected("xml.repeated"),
        3: rejected("xml.mixed"),
        4: rejected("map.date", "成立日期", "2024-02-30"),
        5: rejected("field.required", "代码"),
        6: [rejected("field.required", "代码"), rejected("field.required", "名称")],
        7: accepted(last, "末公司"),
    }
    yield Case("rows.xml", saved(text), found, source=PATH)
    first = code()
    text = _list(_company(first, "甲公司"), _company(code(), "乙公司", "<成立日期>x</成立日期>"))
    found = {1: accepted(first, "甲公司"), 2: rejected("xml.invalid_row")}
    yield Case("rows-and-xsd.xml", _with_xsd(text), found, source={**PATH, "xsd": "list.xsd"})


def _with_xsd(text: str) -> Any:
    xsd = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="名录"><xs:complexType><xs:sequence>
    <xs:element name="企业" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="代码" type="xs:string"/>
      <xs:element name="名称" type="xs:string"/>
      <xs:element name="成立日期" type="xs:date" minOccurs="0"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""

    def write(path: Path) -> None:
        path.write_text(text, encoding="utf-8")
        path.with_name("list.xsd").write_text(xsd, encoding="utf-8")

    return write


def _refused_xml() -> Iterator[Case]:
    row = _company(code(), "甲公司")
    stranger = row.replace("<企业>", '<企业 xmlns="urn:other">')
    yield refusal("rows-of-two-namespaces.xml", _list(row, stranger), "xml.other_namespace", "urn:other", source=PATH)
    yield Case("no-rows.xml", saved("<名录/>"), source={**PATH, **COLUMNS})
    yield refusal("gzip.xml", gzip.compress(_list(row).encode()), "file.workbook", "gzip", source=PATH)
    source = {**PATH, **COLUMNS}
    other = _list(row, attributes=' xmlns="urn:department:2023"')
    yield refusal("wrong-namespace.xml", other, "xml.no_rows", "urn:department:2023", "名录/企业", source=source)
    yield refusal("wrong-path.xml", _list(row), "xml.no_rows", "名录/企业", source={**COLUMNS, "rows": "名录/个体户"})
    yield refusal("cut-off.xml", _list(row, row)[:-20], "xml.not_whole", source=source)
    yield refusal(
        "cut-in-character.xml",
        _list(row).encode()[: _list(row).encode().index("公司".encode()) + 1],
        "file.broken_encoding",
        source=source,
    )
    yield refusal(
        "two-encodings.xml",
        _list(row).encode() + "<!-- 甲公司 -->".encode("gb18030"),
        "file.broken_encoding",
        source=source,
    )
    taiwan = '<?xml version="1.0" encoding="Big5"?>\n<list><row><name>臺北公司</name></row></list>'
    big5 = {**COLUMNS, "rows": "list/row"}
    yield refusal("big5.xml", taiwan, "xml.wrong_label", "big5", encoding="big5", source=big5)
    yield refusal("bare-ampersand.xml", _list(_company(code(), "甲&乙公司")), "xml.not_whole", "3", source=source)
    yield refusal("control-character.xml", _list(_company(code(), "甲\x0b公司")), "xml.not_whole", "3", source=source)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE 名录 [<!ENTITY l0 "ha">{laughs}]>\n<名录><企业><名称>&l9;</名称></企业></名录>'
    yield refusal("bomb.xml", bomb, "xml.not_whole", "DOCTYPE", source=source)
    outside = '<!DOCTYPE 名录 [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n<名录><企业><名称>&e;</名称></企业></名录>'
    yield refusal("external-entity.xml", outside, "xml.not_whole", "DOCTYPE", source=source)
    yield Case(
        "great-element.xml", _great_element, refused="xml.not_whole", words=("Text node too long",), source=source
    )


def _great_element(path: Path) -> None:
    """An element of 200 MB."""
    with path.open("wb") as file:
        file.write("<名录><企业><名称>".encode())
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write("</名称></企业></名录>".encode())


def _object(identifier: str, name: str, more: str = "") -> str:
    return f'{{"代码":"{identifier}","名称":"{name}"{more}}}'


def _json() -> Iterator[Case]:
    first, last, number = code(), code(), code()
    lines = [
        _object(first, "甲公司", ',"成立日期":"20170309","注册资本":500000.10,"证号":"00123"'),
        "",
        _object(code(), "乙公司", ',"名称":"又名"'),
        _object(code(), "丙公司")[:-1],
        "[1,2]",
        _object(code(), "丁公司", ',"注册资本":NaN'),
        _object(code(), "戊\\ud842公司"),
        _object(code(), "己公司", ',"注册资本":"一百万"'),
        '{"代码":null,"名称":"庚公司"}',
        _object(number, "辛公司", ',"证号":370102198001011234'),
        _object(code(), "壬公司", ',"注册资本":[1]'),
        _object(code(), "癸\\u0000公司"),
        _object(last, "末公司", ',"备注":{"a":1}'),
    ]
    found: dict[int, Found] = {
        1: accepted(first, "甲公司", established_on="2017-03-09", registered_capital=50_000_010, licence_label="00123"),
        2: left_out("json.blank_line"),
        3: rejected("json.doubled_name"),
        4: rejected("json.bad_line"),
        5: rejected("json.row_no_object"),
        6: rejected("json.no_number"),
        7: rejected("json.half_character"),
        8: rejected("map.decimal", "注册资本", "一百万"),
        9: rejected("field.required", "代码"),
        10: accepted(number, "辛公司", licence_label="370102198001011234"),
        11: rejected("map.decimal", "注册资本", "[1]"),
        12: rejected("field.control", "名称"),
        13: accepted(last, "末公司"),
    }
    yield Case("lines.jsonl", saved("\n".join(lines), "gb18030"), found, reported="map.unmapped_column")
    first, last = code(), code()
    lines = [_object(first, "甲公司"), _object(code(), "混编公司"), _object(last, "末公司")]
    raw = b"\n".join((lines[0].encode(), lines[1].encode("gb18030"), lines[2].encode()))
    found = {1: accepted(first, "甲公司"), 2: rejected("file.undecodable"), 3: accepted(last, "末公司")}
    yield Case("mixed-lines.jsonl", saved(raw), found)
    good = code()
    lines = [_object(code(), "甲公司", ',"注册资本":NaN'), _object(good, "乙公司")]
    found = {1: rejected("json.no_number"), 2: accepted(good, "乙公司")}
    yield Case("first-line-set-aside.jsonl", saved("\n".join(lines)), found)
    short = code()
    yield Case(
        "short-gb18030.json",
        saved(f'[{{"code":"{short}","name":"欧伟"}}]', "gb18030"),
        {1: accepted(short, "欧伟")},
        map="corpus/pinyin",
    )
    first = code()
    yield Case(
        "utf-16-without-mark.json", saved(f"[{_object(first, '甲公司')}]", "utf-16-le"), {1: accepted(first, "甲公司")}
    )
    first, last = code(), code()
    document = f'{{"code":"0","data":{{"list":[{_object(first, "甲公司")},5,{_object(last, "末公司")}]}}}}'
    found = {1: accepted(first, "甲公司"), 2: rejected("json.row_no_object"), 3: accepted(last, "末公司")}
    yield Case("document.json", saved(document, "utf-8-sig"), found, source={"rows": "data.list"})


def _refused_json() -> Iterator[Case]:
    document = f'{{"data":{{"list":[{_object(code(), "甲公司")}]}}}}'
    at = {"rows": "data.list"}
    yield refusal("cut-off.json", document[:-2], "json.cut_off", source=at)
    yield refusal("trailing-comma.json", f"[{_object(code(), '甲公司')},]", "json.not_json", "1")
    yield refusal("no-list-itself.json", document, "json.not_a_list", "data.list", source={"form": "document"})
    yield refusal("no-list.json", document, "json.no_list", "data.list", source={"rows": "data.rows"})
    broken = f'{{"list":[\n{_object(code(), "甲公司")}\n{_object(code(), "乙公司")}]}}'
    yield refusal("lost-comma.json", broken, "json.not_json", "3", source={"rows": "list"})
    deep = '{"list":[{"代码":' + "[" * 100_000 + "]}"
    yield refusal("deep.json", deep, "json.not_json", "nested too deeply", source={"rows": "list"})
    yield refusal("login-page.json", "<html>\n<title>登录</title></html>", "json.not_json", source={"rows": "list"})
