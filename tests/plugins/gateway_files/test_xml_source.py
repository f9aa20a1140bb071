"""XML as departments export it: rows at a path, each faulty one alone, and nothing believed of half a file."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Source, Surroundings
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway.transport import document_text, xml_rows
from gateway_files import gateway_sources, named_rows
from gateway_files.xml_source import MESSAGES, XmlOptions, XmlSource
from tests.plugins.gateway_files.conftest import ReadBack

Read = Callable[..., ReadBack]

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="list"><xs:complexType><xs:sequence>
    <xs:element name="count" type="xs:integer" minOccurs="0"/>
    <xs:element name="row" minOccurs="0" maxOccurs="100"><xs:complexType><xs:sequence>
      <xs:element name="id" type="xs:string"/>
      <xs:element name="day" type="xs:date" minOccurs="0"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType>
  <xs:unique name="ids"><xs:selector xpath="row"/><xs:field xpath="id"/></xs:unique>
  </xs:element>
</xs:schema>
"""


def xml_source(directory: Path, path: str = "a.xml", rows: str = "list/row", **options: Any) -> XmlSource:
    return XmlSource(XmlOptions(path=path, rows=rows, **options), Surroundings(directory, str))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What the source reads from `a.xml` with that content."""

    def read_back(content: bytes | str, **options: Any) -> ReadBack:
        (tmp_path / "a.xml").write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / "a.xsd").write_text(XSD, encoding="utf-8")
        return ReadBack(list(xml_source(tmp_path, **options).read()))

    return read_back


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    with pytest.raises(SourceError) as error:
        yield
    assert error.value.message.code == code
    assert error.value.message in MESSAGES
    assert words in str(error.value)
    assert "{" not in error.value.text("zh")


class TestXml(SourceContract):
    """Several batches of rows in GB18030 that claims to be GB2312, and one row that is none."""

    COUNT = 2_501

    @pytest.fixture
    def source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
        monkeypatch.setattr(named_rows, "_ROWS_A_BATCH", 1000)
        rows = [f"<企业 编号='{at:06}'>\n<名称>甲&amp;{at}</名称></企业>\n" for at in range(self.COUNT)]
        rows += ["<企业 编号='9'><名称>甲</名称><名称>乙</名称></企业>", "<企业 编号='10'/>"]
        text = f'<?xml version="1.0" encoding="GB2312"?>\n<名录>{"".join(rows)}</名录>'
        (tmp_path / "a.xml").write_bytes(text.encode("gb18030"))
        return xml_source(tmp_path, rows="名录/企业")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        rows: dict[int, tuple[str, ...] | None] = {at + 1: (f"{at:06}", f"甲&{at}") for at in range(self.COUNT)}
        return rows | {self.COUNT + 1: None, self.COUNT + 2: ("10", "")}

    @pytest.fixture
    def empty_source(self, tmp_path: Path) -> Source:
        (tmp_path / "empty.xml").write_text("<名录></名录>", encoding="utf-8")
        return xml_source(tmp_path, "empty.xml", rows="名录/企业", columns=["@编号"])


# -------------------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("<a>0010</a>", {"a": "0010"}),
        ("<a> x\n</a><b/>", {"a": " x\n", "b": ""}),
        ("<a><![CDATA[<甲&>]]></a>", {"a": "<甲&>"}),
        ("<a>甲<!-- x -->乙<?y z?>丙</a>", {"a": "甲乙丙"}),
        ("<a>&#x4e2d;&lt;</a>", {"a": "中<"}),
        ("<a><b>1</b><c>2</c></a>", {"a/b": "1", "a/c": "2"}),
        ('<a k="1" 名="2">x</a>', {"a/@k": "1", "a/@名": "2", "a": "x"}),
        ('<a k="1"><b/></a>', {"a/@k": "1", "a/b": ""}),
        (
            '<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>',
            {"a": ""},
        ),
        ('<a xmlns="urn:x">1</a>', {"{urn:x}a": "1"}),
        ('<a xmlns="urn:n">1</a>', {"n:a": "1"}),
        ('<a xmlns:n="urn:n" n:k="1"/>', {"a/@n:k": "1", "a": ""}),
    ],
)
def test_a_row_is_its_attributes_and_the_texts_in_it(read: Read, row: str, cells: dict[str, str]) -> None:
    found = read(f"<list><row>{row}</row></list>", namespaces={"n": "urn:n"})
    assert dict(zip(found.columns, found.rows[1], strict=True)) == cells


@pytest.mark.parametrize(
    ("row", "cells"), [('<row k="1"/>', {"@k": "1"}), ("<row> x </row>", {".": " x "}), ('<row k="1">x</row>', None)]
)
def test_a_row_without_elements_is_its_attributes_and_its_text(read: Read, row: str, cells: dict[str, str]) -> None:
    found = read(f"<list>{row}</list>")
    assert dict(zip(found.columns, found.rows[1], strict=True)) == (cells or {"@k": "1", ".": "x"})


def test_a_list_is_a_list_even_of_one(read: Read) -> None:
    found = read(
        "<list><row><a>甲</a><b><c>1</c><c/></b></row><row><a>1</a><a>“</a><b><c>2</c></b></row></list>",
        lists=["a", "b/c"],
    )
    assert found.columns == ["b/c", "a"]
    assert found.rows == {1: ('["1",""]', '["甲"]'), 2: ('["2"]', '["1","“"]')}


def test_a_list_of_groups_keeps_what_belongs_together(read: Read) -> None:
    row = "<p><q>1</q></p><p n='2'><r>3</r><s>4</s><s>5</s></p>"
    found = read(f"<list><row>{row}</row></list>", lists=["p", "p/s"])
    assert found.rows == {1: ('[{"q":"1"},{"@n":"2","r":"3","s":"[\\"4\\",\\"5\\"]"}]',)}


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ("<a>1</a><a>2</a>", "xml.repeated", "'a' stands more than once"),
        ("<p><q>1</q></p><p><r>2</r></p>", "xml.repeated", "'p' stands more than once"),
        ("<p><q>1</q><q/></p>", "xml.repeated", "'p/q' stands more than once"),
        ("text<a>1</a>", "xml.mixed", "in '.' of the row, the text 'text'"),
        ("<a>1<b/>x</a>", "xml.mixed", "in 'a' of the row, the text '1'"),
        ("<a><b/>x</a>", "xml.mixed", "in 'a' of the row, the text 'x'"),
        ("<a>1</a>after", "xml.mixed", "in '.' of the row, the text 'after'"),
    ],
)
def test_a_row_that_fits_no_columns_is_set_aside(read: Read, row: str, code: str, words: str) -> None:
    found = read(f"<list><row><a>0</a></row><row>{row}</row><row><a>9</a></row></list>")
    assert (list(found.rows), found.faults, found.texts) == ([1, 3], [(2, code)], [f"<row>{row}</row>"])
    assert words in found.sentences[0]


# ------------------------------------------------------------------------------------------------- where rows are


def test_elements_of_the_same_name_elsewhere_are_no_rows(read: Read) -> None:
    text = "<list><row><row>1</row></row><other><row>2</row></other><row><row>3</row></row></list>"
    assert read(text).rows == {1: ("1",), 2: ("3",)}


def test_a_row_may_stand_under_several_parents(read: Read) -> None:
    text = "<list><part><row><a>1</a></row></part><part/><part><row><a>2</a></row></part></list>"
    assert read(text, rows="/list/part/row").rows == {1: ("1",), 2: ("2",)}


def test_namespaces_are_told_by_their_names_whatever_their_prefix(read: Read) -> None:
    text = '<x:list xmlns:x="urn:n"><x:row><x:a>1</x:a></x:row></x:list>'
    assert read(text, rows="n:list/n:row", namespaces={"n": "urn:n"}).rows == {1: ("1",)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('<list xmlns="urn:2023"><row/></list>', "its elements are: list、list/row; its namespaces are: urn:2023"),
        ("<data><rows><item/><item/></rows></data>", "its elements are: data/rows/item、data、data/rows; its"),
        ("<list><rows/></list>", "its elements are: list、list/rows; its namespaces are: -"),
        ("<list2/>", "its elements are: list2;"),
    ],
)
def test_a_path_that_finds_nothing_is_refused_with_what_is_there(read: Read, content: str, words: str) -> None:
    with refused("xml.no_rows", words):
        read(content, columns=["a"])


def test_a_namespace_may_have_no_prefix(read: Read) -> None:
    text = '<list xmlns="urn:n"><row><a>1</a></row></list>'
    assert read(text, namespaces={"": "urn:n"}).rows == {1: ("1",)}


def test_another_root_is_refused_with_what_is_there_however_long(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "MOST_BYTES", 1 << 20)
    with refused("xml.no_rows", "data/row"):
        read("<data>" + "<row><a>1</a></row>" * 60_000 + "</data>", columns=["a"])


def test_a_prefix_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="the prefix 'm' stands for none of namespaces"):
        XmlOptions(path="a", rows="m:list/row")


# ---------------------------------------------------------------------------------------------------- encodings

DECLARED = '<?xml version="1.0" encoding="{}"?>\n<list><row><a>{}</a></row></list>'


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("GB2312", "gb18030"),
        ("GBK", "gb18030"),
        ("gb2312", "utf-8"),
        ("GB18030", "utf-8-sig"),
        ("UTF-8", "gb18030"),
        ("utf-8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("utf-8", "utf-16-le"),
        ("Big5", "utf-8"),
    ],
)
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_the_bytes_tell_the_encoding_and_not_the_label(
    read: Read, label: str, encoding: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_text, "_PIECE", piece)
    assert read(DECLARED.format(label, "朱镕基，𠮷").encode(encoding)).rows == {1: ("朱镕基，𠮷",)}


def test_where_both_fit_the_label_tells(read: Read) -> None:
    assert read(DECLARED.format("GB2312", "通").encode("gb18030")).rows == {1: ("通",)}
    assert read(DECLARED.format("UTF-8", "通").encode()).rows == {1: ("通",)}


def test_an_encoding_that_is_not_read_is_refused(read: Read) -> None:
    with refused("xml.wrong_label", "claims the encoding big5"):
        read(DECLARED.format("Big5", "臺北").encode("big5"))


def test_a_byte_of_no_encoding_refuses_the_file(read: Read) -> None:
    with refused("file.broken_encoding", "in line 2"):
        read(DECLARED.format("UTF-8", "甲公司").encode().replace("司".encode(), b"\xff"))


# ------------------------------------------------------------------------------------------- what is not believed


@pytest.mark.parametrize("cut", [1, 5, 8, 12, 16, 30])
def test_a_file_that_is_cut_off_is_refused_although_its_rows_were_whole(read: Read, cut: int) -> None:
    content = "<list>\n<row><a>1</a></row>\n<row><a>2</a></row></list>"
    with refused("xml.not_whole"):
        read(content[:-cut], columns=["a"])


def test_rows_that_were_read_before_the_cut_are_followed_by_the_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_rows, "_ROWS_A_BATCH", 1000)
    (tmp_path / "a.xml").write_text("<list>" + "<row><a>1</a></row>" * 10_000, encoding="utf-8")
    reading = iter(xml_source(tmp_path, columns=["a"]).read())
    assert next(reading).rows.height == 1000
    with refused("xml.not_whole"):
        list(reading)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<list>\n<row><a>1</row></list>", "line 2: Opening and ending tag mismatch"),
        ("<list>\n<row><a>甲&乙</a></row></list>", "line 2: "),
        ("<list><row><a>\x0b</a></row></list>", "line 1: PCDATA invalid Char value 11"),
        ("<list></list><list/>", "line 1: Extra content"),
        ("", "line 1: "),
        ('<!DOCTYPE list SYSTEM "file:///nowhere">\n<list/>', "line 1: a DOCTYPE is not allowed"),
        ('<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE list [<!ENTITY e "x">]><list/>', "line 3: a DOCTYPE is"),
        ("<list><row><a>&e;</a></row></list>", "line 1: Entity 'e' not defined"),
        ("<!-- " * 300_000, "no element begins within"),
    ],
)
@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_what_is_no_plain_xml_is_refused_with_its_line(
    read: Read, content: str, words: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_text, "_PIECE", piece if len(content) < 1000 else 1 << 20)
    with refused("xml.not_whole", words):
        read(content, columns=["a"])


def test_entities_that_grow_are_refused_before_they_do(read: Read) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with refused("xml.not_whole", "a DOCTYPE is not allowed"):
        read(f'<!DOCTYPE list [<!ENTITY l0 "ha">{laughs}]><list a="&l9;">&l9;</list>', columns=["a"])


GREAT = {
    "text": ("<a>", "x" * 1000, 70_000),
    "an attribute": ("<a k='", "x" * 1000, 70_000),
    "many elements": ("", "<a>" + "x" * 1000 + "</a>", 70_000),
    "a comment": ("<!-- ", "x" * 1000, 70_000),
}


@pytest.mark.parametrize(("opening", "more", "times"), GREAT.values(), ids=GREAT)
def test_an_element_that_does_not_end_is_refused(
    read: Read, opening: str, more: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_rows, "MOST_BYTES", 4 << 20)
    with pytest.raises(SourceError) as error:
        read(f"<list><row>{opening}" + more * (times // 10), columns=["a"])
    assert error.value.message.code == "xml.row_too_large"


def test_two_hundred_megabytes_of_text_are_refused_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.xml").open("wb") as file:
        file.write(b"<list><row><a>")
        for _ in range(200):
            file.write(b"x" * (1 << 20))
        file.write(b"</a></row></list>")
    tracemalloc.start()
    with refused("xml.not_whole", "Text node too long"):
        list(xml_source(tmp_path, columns=["a"]).read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 << 20


def test_what_stands_beside_the_rows_may_be_as_long_as_it_likes(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rows, "MOST_BYTES", 2 << 20)
    others = "<part><other><x>y</x></other></part>" * 100_000
    assert read(f"<list>{others}<row><a>1</a></row></list>").rows == {1: ("1",)}


# -------------------------------------------------------------------------------------------------------- schema


def test_a_row_that_the_xsd_does_not_allow_is_set_aside_alone(read: Read) -> None:
    good = [f"<row><id>{at}</id><day>2024-02-29</day></row>" for at in range(9)]
    good[3] = "<row><id>3</id><day>2024-02-30</day></row>"
    good[5] = "<row><day>2024-02-29</day></row>"
    found = read(f"<list><count>9</count>{''.join(good)}</list>", xsd="a.xsd")
    assert list(found.rows) == [1, 2, 3, 5, 7, 8, 9]
    assert found.faults == [(4, "xml.invalid_row"), (6, "xml.invalid_row")]
    assert "Element 'day': '2024-02-30' is not a valid value" in found.sentences[0]
    assert found.texts[0] == good[3]


def test_very_many_rows_that_the_xsd_does_not_allow_cost_no_more_each(read: Read, tmp_path: Path) -> None:
    rows = "<row><id>1</id><day>x</day></row>" * 5_000
    xsd = XSD.replace('maxOccurs="100"', 'maxOccurs="unbounded"').replace('xpath="row"', 'xpath="none"')
    (tmp_path / "b.xsd").write_text(xsd, encoding="utf-8")
    started = time.process_time()
    assert len(read(f"<list>{rows}</list>", xsd="b.xsd", columns=["id", "day"]).faults) == 5_000
    assert time.process_time() - started < 10


def test_a_row_that_doubles_another_against_the_xsd_is_set_aside(read: Read) -> None:
    found = read("<list>" + "<row><id>1</id></row>" * 3 + "<row><id>2</id></row></list>", xsd="a.xsd")
    assert (list(found.rows), found.faults) == ([1, 4], [(2, "xml.invalid_row"), (3, "xml.invalid_row")])


@pytest.mark.parametrize("piece", [1, 13, 1 << 20])
def test_the_row_that_is_meant_does_not_depend_on_where_the_text_is_cut(
    read: Read, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_text, "_PIECE", piece)
    rows = [f"<row><id>{at}</id><day>{'x' if at % 3 == 0 else '2024-02-29'}</day></row >" for at in range(30)]
    found = read(f"<list>{''.join(rows)}</list>", xsd="a.xsd")
    assert [row for row, _ in found.faults] == list(range(1, 31, 3))


@pytest.mark.parametrize(
    "content",
    [
        "<list><count>x</count><row><id>1</id></row></list>",
        "<list><row><id>1</id></row><other/><row><id/><day>x</day></row></list>",
        "<list><row><id>1</id></row>" + "<row><id>2</id></row>" * 120 + "</list>",
        "<list><row><id>1</id></row><count>1</count></list>",
    ],
    ids=["before the rows", "between them", "too many", "after them"],
)
def test_what_the_xsd_does_not_allow_outside_the_rows_fails_the_run(read: Read, content: str) -> None:
    with refused("xml.invalid"):
        read(content, xsd="a.xsd", columns=["id", "day"])


def test_a_missing_xsd_fails_the_run(read: Read) -> None:
    with refused("xml.no_schema", "b.xsd"):
        read("<list/>", xsd="b.xsd", columns=["a"])


def test_a_cut_file_is_refused_under_an_xsd_too(read: Read) -> None:
    with refused("xml.not_whole"):
        read("<list><row><id>1</id></row>", xsd="a.xsd", columns=["id"])


# ------------------------------------------------------------------------------------------------------- columns


def test_columns_are_those_of_all_rows(read: Read) -> None:
    found = read("<list><row><a>1</a></row><row><b>2</b></row></list>")
    assert (found.columns, found.rows) == (["a", "b"], {1: ("1", None), 2: (None, "2")})


def test_an_element_that_is_not_declared_fails_the_run(read: Read) -> None:
    with refused("file.new_column", "row 2 of 'a.xml' has members that `columns` does not name: b"):
        read("<list><row><a>1</a></row><row><b>2</b></row></list>", columns=["a"])


def test_a_file_without_rows_needs_declared_columns(read: Read) -> None:
    with refused("file.no_columns"):
        read("<list/>")


def test_files_of_other_elements_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.xml").write_text(f"<list><row><{name}>1</{name}></row></list>", encoding="utf-8")
    with refused("xml.columns_differ", "missing a; extra b"):
        xml_source(tmp_path, "*.xml").check()


def test_memory_does_not_grow_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_rows, "_ROWS_A_BATCH", 500)
    row = f"<row><a>{'x' * 2000}</a><b>{'y' * 2000}</b></row>"
    (tmp_path / "a.xml").write_text(f"<list>{row * 8_000}</list>", encoding="utf-8")
    tracemalloc.start()
    read = sum(batch.rows.height for batch in xml_source(tmp_path, columns=["a", "b"]).read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (read, peak < 16 << 20) == (8_000, True)


# The peak of this process's own memory in KiB; `getrusage` would begin with that of the process that started it.
PEAK = """
import re, sys
from pathlib import Path
from gateway.transport.xml_rows import XmlTable
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
rows = sum(1 for _ in XmlTable(sys.argv[2]).read(Path(sys.argv[1]), "a.xml"))
print(rows, peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is there on Linux alone")
@pytest.mark.parametrize(
    ("path", "row", "count"),
    [
        ("list/row", f"<row><a>{'x' * 4000}</a></row>", 16_000),
        ("list/other/row", f"<row><a>{'x' * 4000}</a></row>", 16_000),
        ("list/row", "<row/>", 300_000),
    ],
    ids=["large rows", "what is no row", "small rows"],
)
def test_the_tree_does_not_grow_with_the_document(tmp_path: Path, path: str, row: str, count: int) -> None:
    (tmp_path / "a.xml").write_text(f"<list>{row * count}<other/></list>", encoding="utf-8")
    command = [sys.executable, "-c", PEAK, str(tmp_path / "a.xml"), path]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert (int(said[0]), int(said[1]) < 32_000) == (count if path == "list/row" else 0, True)


def test_the_plugin_offers_xml() -> None:
    (offer,) = (each for each in gateway_sources() if each.name == "xml")
    assert offer.options is XmlOptions
    assert len({each.code for each in offer.messages}) == len(offer.messages)


@pytest.mark.parametrize("content", ["<r/>", "<r></r>", '<?xml version="1.0"?><r/>'])
def test_a_day_without_rows_is_a_day_without_rows(read: Read, content: str) -> None:
    assert read(content, rows="r/e", columns=["a"]).rows == {}


def test_a_very_short_document_shows_its_elements(read: Read) -> None:
    with refused("xml.no_rows", "its elements are: r;"):
        read("<r/>", rows="x/e")


@pytest.mark.parametrize("content", ['<r><e><a>1</a></e><e xmlns="urn:y"><a>2</a></e></r>'])
def test_rows_of_another_namespace_beside_the_rows_are_not_passed_over(read: Read, content: str) -> None:
    with refused("xml.other_namespace", "'e' of the namespace 'urn:y', not '-'"):
        read(content, rows="r/e")
