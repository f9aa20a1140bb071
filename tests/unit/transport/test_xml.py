"""XML is read strictly: what could reach files, networks or endless memory is refused, and an XSD says which line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import StartError
from gateway.transport.xml import NotXml, Schema, parse

XSD = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:include schemaLocation="types.xsd"/>
  <xs:element name="P">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="Head" type="xs:string"/>
        <xs:element name="R" minOccurs="0" maxOccurs="unbounded">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="Key" type="Key"/>
              <xs:element name="Day" type="xs:date" minOccurs="0"/>
            </xs:sequence>
          </xs:complexType>
        </xs:element>
        <xs:sequence minOccurs="0" maxOccurs="2"><xs:element ref="Note"/></xs:sequence>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
</xs:schema>
"""
TYPES = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="Key"><xs:restriction base="xs:string"><xs:maxLength value="3"/></xs:restriction></xs:simpleType>
  <xs:element name="Note" type="xs:string"/>
</xs:schema>
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an XSD and the types that it includes, with texts replaced."""

    def written(*changes: tuple[str, str]) -> Path:
        for name, text in (("types.xsd", TYPES), ("p.xsd", XSD)):
            for old, new in changes:
                text = text.replace(old, new)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "p.xsd"

    return written


@pytest.fixture
def schema(write: Write) -> Schema:
    return Schema(write())


def refused(body: bytes, charset: str = "") -> str:
    with pytest.raises(NotXml) as raised:
        parse(body, charset)
    return str(raised.value)


# ----------------------------------------------------------------------------------------------------- parsing


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!DOCTYPE P><P/>", "line 1: a DOCTYPE is not allowed"),
        (b'<!DOCTYPE P SYSTEM "file:///nowhere/p.dtd"><P/>', "line 1: a DOCTYPE is not allowed"),
        (b'<!DOCTYPE P [<!ENTITY e SYSTEM "file:///nowhere/e">]><P>&e;</P>', "line 1: a DOCTYPE is not allowed"),
        (b'<!DOCTYPE P [<!ENTITY e "text">]><P a="&e;"/>', "line 1: a DOCTYPE is not allowed"),
        (b"<P>&e;</P>", "line 1: Entity 'e' not defined"),
        (b"<P/>\n<Q/>", "line 2: Extra content at the end of the document"),
        (b"<P>\n<R></P>", "line 2: Opening and ending tag mismatch: R line 2 and P"),
        (b"<P>\n\n\x0b</P>", "line 3: PCDATA invalid Char value 11"),
        (b"<P>&#0;</P>", "line 1: xmlParseCharRef: invalid xmlChar value 0"),
        (b"<P>&#xFFFE;</P>", "line 1: xmlParseCharRef: invalid xmlChar value 65534"),
        (b"", "line 1: Document is empty"),
    ],
)
def test_what_is_no_plain_xml_is_refused_with_its_line(body: bytes, why: str) -> None:
    assert refused(body) == why


def test_entities_that_grow_are_refused_before_they_do() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE P [<!ENTITY l0 "ha">{laughs}]><P a="&l9;">&l9;</P>'.encode()
    assert refused(body).startswith("line 1: ")


def test_a_tree_that_is_too_deep_is_refused() -> None:
    assert "Excessive depth" in refused(b"<P>" * 300 + b"</P>" * 300)


def test_comments_and_instructions_fall_away_and_the_text_around_them_stays() -> None:
    root = parse(b"<P>a<!-- b --><?c d?>e<![CDATA[<f>]]></P>")
    assert (root.text, len(root)) == ("ae<f>", 0)


def test_a_file_named_in_the_document_is_never_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret", encoding="utf-8")
    body = f'<P xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="{secret.as_uri()}"/></P>'
    assert "".join(str(text) for text in parse(body.encode()).itertext()) == ""


# --------------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    "body",
    [
        "<P>镕</P>".encode(),
        "\ufeff<P>镕</P>".encode(),
        '<?xml version="1.0" encoding="utf-8"?><P>镕</P>'.encode(),
        "<?xml version='1.0' encoding='GB18030' standalone='yes'?>\n<P>镕</P>".encode("gb18030"),
        '<?xml version="1.0" encoding="GB2312"?><P>镕</P>'.encode("gb18030"),
        '<?xml version="1.0" encoding="gbk"?><P>镕</P>'.encode("gb18030"),
    ],
)
def test_utf_8_and_the_encodings_of_gb18030_are_read(body: bytes) -> None:
    assert parse(body).text == "镕"


def test_what_is_said_beside_the_document_goes_before_what_it_says_itself() -> None:
    assert parse('<?xml version="1.0" encoding="UTF-8"?><P>镕</P>'.encode("gb18030"), "GBK").text == "镕"


@pytest.mark.parametrize(
    ("body", "charset", "why"),
    [
        ("<P>\n镕</P>".encode("gb18030"), "", "line 2: Invalid bytes in character encoding"),
        (b"<P>\n\xc0\xbc</P>", "", "line 2: Invalid bytes in character encoding"),  # an overlong <
        (b"<P>\n\xed\xa0\x80</P>", "", "line 2: "),  # half of a pair
        ("<P>镕</P>".encode(), "gb2312", "line 1: 'gb18030' codec can't decode byte"),
        ("<P>镕</P>".encode("utf-16"), "", "line 1: Start tag expected"),
        (b"<P/>", "utf-16", "line 1: the encoding 'utf-16' is not read, only utf-8"),
        (b'<?xml version="1.0" encoding="latin-1"?><P/>', "", "line 1: the encoding 'latin-1' is not read"),
        (b'<?xml version="1.0" encoding="UTF-7"?><P/>', "", "line 1: the encoding 'utf-7' is not read"),
    ],
)
def test_no_encoding_is_guessed(body: bytes, charset: str, why: str) -> None:
    assert refused(body, charset).startswith(why)


def test_lines_are_counted_from_a_declaration_that_takes_several() -> None:
    assert refused(b'<?xml version="1.0"\nencoding="UTF-8"\n?>\n<P>\n<R></P>').startswith("line 5: ")


# ----------------------------------------------------------------------------------------------------- schemas


def test_a_valid_document_has_no_faults(schema: Schema) -> None:
    assert schema.faults(b"<P><Head/><R><Key>a</Key><Day>2022-03-10</Day></R></P>") == []


def test_every_fault_is_named_with_its_line(schema: Schema) -> None:
    lengths = [4 if n in {4, 68_999} else 3 for n in range(69_000)]  # more lines than 16 bits count
    rows = "\n".join(f"<R><Key>{'x' * length}</Key></R>" for length in lengths)
    found = schema.faults(f"<P><Head/>\n{rows}\n<Colour/></P>".encode())
    assert [line for line, _ in found] == [6, 69_001, 69_002]
    assert found[0][1].startswith("Element 'Key': [facet 'maxLength'] The value has a length of '4'")


def test_a_length_counts_characters_and_not_bytes(schema: Schema) -> None:
    assert schema.faults("<P><Head/><R><Key>石家庄</Key></R></P>".encode()) == []


def test_a_date_that_does_not_exist_is_a_fault(schema: Schema) -> None:
    ((line, why),) = schema.faults(b"<P><Head/>\n<R><Key/><Day>2022-02-30</Day></R></P>")
    assert (line, why.startswith("Element 'Day': '2022-02-30' is not a valid value")) == (2, True)


def test_what_is_no_xml_is_a_fault_too(schema: Schema) -> None:
    assert schema.faults(b"<P>\n<Head></P>") == [(2, "Opening and ending tag mismatch: Head line 2 and P")]


def test_content_is_mappings_texts_and_lists_of_what_may_repeat(schema: Schema) -> None:
    assert schema.read(b"<P><Head> x </Head><R><Key>a</Key></R><Note>n</Note></P>") == {
        "Head": " x ",
        "R": [{"Key": "a"}],
        "Note": ["n"],
    }


def test_what_is_missing_is_no_list(schema: Schema) -> None:
    assert schema.read(b"<P><Head/></P>") == {"Head": ""}


def test_names_are_those_without_their_namespace(write: Write) -> None:
    outer = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    spaced = (f"{outer}>", f'{outer} xmlns="urn:p" targetNamespace="urn:p" elementFormDefault="qualified">')
    schema = Schema(write(spaced))
    assert schema.read(b'<x:P xmlns:x="urn:p"><x:Head/><x:R><x:Key>a</x:Key></x:R></x:P>') == {
        "Head": "",
        "R": [{"Key": "a"}],
    }


@pytest.mark.parametrize("body", [b"<P><Head/><R/></P>", b"<Q/>", b"<P><Head/>"])
def test_what_does_not_satisfy_the_schema_is_not_read(schema: Schema, body: bytes) -> None:
    with pytest.raises(NotXml):
        schema.read(body)


def test_a_document_with_very_many_faults_is_refused_in_no_time(schema: Schema) -> None:
    body = f"<P><Head/>{'<R><Key>long</Key></R>' * 100_000}</P>".encode()
    with pytest.raises(NotXml, match="exceeds the allowed maximum length"):
        schema.read(body)


def test_many_threads_may_ask_one_schema(schema: Schema) -> None:
    start = threading.Barrier(6)

    def ask(faulty: int) -> set[int]:
        start.wait()
        body = f"<P><Head/>{'<R><Key>long</Key></R>' * faulty}</P>".encode()
        return {len(schema.faults(body)) for _ in range(200)}

    def read(keys: int) -> set[int]:
        start.wait()
        body = f"<P><Head/>{'<R><Key>a</Key></R>' * keys}</P>".encode()
        return {len(schema.read(body)["R"]) for _ in range(200)}

    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(ask, faulty) for faulty in (0, 3, 1, 2)] + [threads.submit(read, n) for n in (1, 5)]
        assert [each.result() for each in asked] == [{0}, {3}, {1}, {2}, {1}, {5}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("xs:date", "xs:day"),
        ("types.xsd", "gone.xsd"),
        ("</xs:schema>", ""),
        ("<xs:schema", '<!DOCTYPE s [<!ENTITY e "x">]>\n<xs:schema'),
    ],
    ids=["unknown type", "missing include", "no XML", "DOCTYPE"],
)
def test_a_schema_that_cannot_be_used_stops_the_start(write: Write, old: str, new: str) -> None:
    with pytest.raises(StartError, match=r"the XSD .*p\.xsd cannot be used"):
        Schema(write((old, new)))


def test_a_missing_schema_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"gone\.xsd cannot be used"):
        Schema(tmp_path / "gone.xsd")
