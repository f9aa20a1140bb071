"""Records to XML documents: nothing breaks out of its element, and what the XSD refuses names its record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import AccessRefused, DocumentRefused, OutcomeUnknown, StartError, TryAgain
from gateway.formats.json_documents import document_slices
from gateway.formats.profile import Profile, load_profile
from gateway.interfaces import Document, Receipt, ReceiptOutcome, RecordVersion
from gateway.transport.xml import Schema, parse

PLATFORM = """
profile: test/platform
version: 2024-09
in_force_from: 2024-09-01
provenance: INFER
format: xml
xml: {package: Pack, question: Ask, head: Top, record: Row, data: Data, answers: _answer.xsd}
record: {key: Id, change_number: No, operation: Op, operations: {insert: "1", change: "2", withdraw: "3"}}
limits: {records_per_document: 3, bytes_per_document: 600}
answer:
  code: Error || Code
  success: ["1"]
  message: Text
  document: Batch
  count: Count
  records: R || `[]`
  key: Id
  change_number: No
  outcome: Ok
  accepted: ["Y"]
  refused: ["N"]
  reference: Ref
  error_code: Err
  reason: Why
errors:
  document:
    "0": {next: unknown, title: 失败}
    D1: {next: refused, title: 拒收}
    D2: {next: access_refused, title: 无权}
  record:
    E1: {next: refused, title: 必填项为空}
signature: {scheme: hebei_sm3, headers: {rid: r, sign: x}, signed: [rid]}
"""
DATASET = """
dataset: departments
title: 部门
endpoints: {deliver: /in, find: /ask, health: /well}
envelope: {document: Batch, dataset: Kind, dataset_code: BM, constants: {Fmt: "<1>"}, count: Count, records: Rows}
fields:
  Code: {from: department_code}
  Rank: {from: level}
wire_checks:
  Code: {title: 部门编码, provenance: INFER, required: true, length: 4}
  Rank: {title: 级别, provenance: INFER}
"""
XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="Pack"><xs:complexType><xs:sequence>
    <xs:element name="Top"><xs:complexType><xs:sequence>
      <xs:element name="Batch"><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="64"/>
      </xs:restriction></xs:simpleType></xs:element>
      <xs:element name="Kind" type="xs:string"/><xs:element name="Fmt" type="xs:string"/>
      <xs:element name="Count" type="xs:int"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Rows"><xs:complexType><xs:sequence>
      <xs:element name="Row" maxOccurs="unbounded"><xs:complexType><xs:sequence>
        <xs:element name="Id" type="xs:string"/><xs:element name="No" type="xs:long"/>
        <xs:element name="Op" type="xs:string"/>
        <xs:element name="Data" minOccurs="0"><xs:complexType><xs:sequence>
          <xs:element name="Code"><xs:simpleType><xs:restriction base="xs:string"><xs:minLength value="1"/>
            <xs:maxLength value="4"/></xs:restriction></xs:simpleType></xs:element>
          <xs:element name="Rank" type="xs:string"/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
ANSWER_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="A"><xs:complexType><xs:sequence>
    <xs:element name="Code" type="xs:string"/><xs:element name="Error" type="xs:string"/>
    <xs:element name="Text" type="xs:string"/><xs:element name="Batch" type="xs:string"/>
    <xs:element name="Count" type="xs:int"/>
    <xs:element name="R" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="Id" type="xs:string"/><xs:element name="No" type="xs:long"/>
      <xs:element name="Ok" type="xs:string"/><xs:element name="Ref" type="xs:string"/>
      <xs:element name="Err" type="xs:string"/><xs:element name="Why" type="xs:string"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
VERSIONS = (RecordVersion("甲|", 7), RecordVersion("b", 8))
Write = Callable[..., Path]


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """A profile's files, with texts in them replaced; gives the path of the dataset's."""
    place = folder / "2024-09"
    place.mkdir(exist_ok=True)
    files = {"_platform.yml": PLATFORM, "departments.yml": DATASET, "departments.xsd": XSD, "_answer.xsd": ANSWER_XSD}
    for name, text in files.items():
        for old, new in changes:
            text = text.replace(old, new)
        (place / name).write_text(text, encoding="utf-8")
    return place / "departments.yml"


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return load_profile(written(tmp_path_factory.mktemp("profile")), Schema)


def rendered(
    profile: Profile, *codes: str | None, operations: Sequence[str] = (), keys: Sequence[str] = ()
) -> list[str]:
    """Records with these codes, rendered."""
    count = len(codes)
    versions = pl.DataFrame(
        {
            "record_key": list(keys) or [f"k{n}" for n in range(count)],
            "change_number": list(range(1, count + 1)),
            "operation": list(operations) or ["insert"] * count,
        }
    )
    wire = pl.DataFrame({"Rank": [""] * count, "Code": list(codes)}, schema={"Rank": pl.String, "Code": pl.String})
    return profile.render(versions, wire).to_list()


# --------------------------------------------------------------------------------------------------- documents


def test_a_record_is_its_names_and_then_its_fields_in_their_order(profile: Profile) -> None:
    assert rendered(profile, "济南") == [
        "<Row><Id>k0</Id><No>1</No><Op>1</Op><Data><Code>济南</Code><Rank></Rank></Data></Row>"
    ]


def test_a_field_without_a_value_is_an_empty_element(profile: Profile) -> None:
    (record,) = rendered(profile, None)
    assert "<Data><Code></Code><Rank></Rank></Data>" in record


def test_a_record_that_is_withdrawn_has_no_fields(profile: Profile) -> None:
    records = rendered(profile, "a", "b", operations=["change", "withdraw"])
    assert records == [
        "<Row><Id>k0</Id><No>1</No><Op>2</Op><Data><Code>a</Code><Rank></Rank></Data></Row>",
        "<Row><Id>k1</Id><No>2</No><Op>3</Op></Row>",
    ]


def test_the_document_is_a_line_a_record_between_its_head_and_its_end(profile: Profile) -> None:
    assert profile.body("k<1>", ["<Row/>", "<Row/>"]).decode().splitlines() == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<Pack>",
        "<Top><Batch>k&lt;1&gt;</Batch><Kind>BM</Kind><Fmt>&lt;1&gt;</Fmt><Count>2</Count></Top>",
        "<Rows>",
        "<Row/>",
        "<Row/>",
        "</Rows></Pack>",
    ]


def test_a_question_names_the_versions_and_nothing_else(profile: Profile) -> None:
    asked = Document("k1", "departments", b"", (RecordVersion("甲<\n>|", 7), VERSIONS[1]))
    body = profile.find_request(asked)
    assert body.decode().splitlines()[1:] == [
        "<Ask>",
        "<Top><Batch>k1</Batch><Kind>BM</Kind><Fmt>&lt;1&gt;</Fmt><Count>2</Count></Top>",
        "<Rows>",
        "<Row><Id>甲&lt;&#10;&gt;|</Id><No>7</No></Row>",
        "<Row><Id>b</Id><No>8</No></Row>",
        "</Rows></Ask>",
    ]


def test_the_same_records_give_the_same_bytes(profile: Profile) -> None:
    assert profile.body("k", rendered(profile, "a", "b")) == profile.body("k", rendered(profile, "a", "b"))


def test_documents_keep_the_platforms_limits(profile: Profile) -> None:
    assert profile.content_type == "application/xml; charset=utf-8"
    records = pl.Series(["<Row/>"] * 4 + [f"<Row>{'济' * 100}</Row>"] * 2)
    documents = [records[each].to_list() for each in document_slices(profile, records)]
    assert [len(each) for each in documents] == [3, 2, 1]
    assert max(len(profile.body("0" * 64, each)) for each in documents) <= 600


# ----------------------------------------------------------------------------------------------- hostile texts

HOSTILE = [
    "</Code><Rank>1</Rank><Code>",
    "<!-- ",
    "]]>",
    "<![CDATA[x]]>",
    "&amp;lt;&#60;",
    "&e;",
    "\"'",
    "a\tb\nc\rd\r\ne",
    "  x  ",
    "{}{0}",
    "$1 \\1 {Code}",
    "\u0085\u2028\u00a0\u3000",
    "𠮷😀",
    "<?xml version='1.0'?>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_back_as_it_was_and_nothing_beside_it(profile: Profile, text: str) -> None:
    records = rendered(profile, text, text, keys=[text, "k1"])
    row = parse(profile.body(text, records))[1][0]
    assert [(each.tag, each.text) for each in row] == [("Id", text), ("No", "1"), ("Op", "1"), ("Data", None)]
    assert [(each.tag, each.text) for each in row[3]] == [("Code", text), ("Rank", None)]
    assert parse(profile.body(text, records))[0][0].text == text
    assert all("\n" not in each and "\r" not in each for each in records)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_comes_back_or_is_the_fault_of_its_own_record(profile: Profile, texts: list[str]) -> None:
    faults = profile.faults(profile.body("k", rendered(profile, *texts)), len(texts))
    allowed = [position for position in range(len(texts)) if position not in faults]
    if not allowed:
        return
    again = profile.body("k", rendered(profile, *(texts[position] for position in allowed)))
    if not profile.faults(again, len(allowed)):
        codes = [each.text or "" for each in parse(again).iter("Code")]
        assert codes == [texts[position] for position in allowed]


@pytest.mark.parametrize("forbidden", [chr(each) for each in (*range(0x20), 0xFFFE, 0xFFFF) if each not in {9, 10, 13}])
def test_what_xml_cannot_hold_is_the_fault_of_its_record_alone(profile: Profile, forbidden: str) -> None:
    faults = profile.faults(profile.body("k", rendered(profile, "a", f"b{forbidden}", "c")), 3)
    assert list(faults) == [1]


# ------------------------------------------------------------------------------------------------------ faults


def test_a_valid_document_has_no_faults(profile: Profile) -> None:
    assert profile.faults(profile.body("k", rendered(profile, "a", "b")), 2) == {}


def test_each_record_has_its_own_faults_with_the_title_of_the_field(profile: Profile) -> None:
    faults = profile.faults(profile.body("k", rendered(profile, "a", None, "b", "石家庄市长安区")), 4)
    assert {position: each.code for position, each in faults.items()} == {1: "xml.not_valid", 3: "xml.not_valid"}
    assert faults[3].reason == (
        "不符合平台的 XSD：部门编码：Element 'Code': [facet 'maxLength'] The value has a length of '7'; "
        "this exceeds the allowed maximum length of '4'；请按提示更正记录，或与平台方核对 XSD"
    )


def test_a_document_that_is_wrong_itself_is_the_fault_of_every_record(profile: Profile) -> None:
    faults = profile.faults(profile.body("k" * 65, rendered(profile, "a", "b")), 2)
    assert list(faults) == [0, 1]
    assert "Element 'Batch'" in faults[0].reason


# ----------------------------------------------------------------------------------------------------- answers


def answer(*records: str, code: str = "1", error: str = "", batch: str = "k1", count: int | None = None) -> bytes:
    said = len(records) if count is None else count
    return (
        f"<A><Code>{code}</Code><Error>{error}</Error><Text>说明</Text><Batch>{batch}</Batch><Count>{said}</Count>"
        f"{''.join(records)}</A>"
    ).encode()


def record(key: str, number: int, outcome: str, reference: str = "", code: str = "", reason: str = "") -> str:
    return (
        f"<R><Id>{key}</Id><No>{number}</No><Ok>{outcome}</Ok><Ref>{reference}</Ref><Err>{code}</Err>"
        f"<Why>{reason}</Why></R>"
    )


DOCUMENT = Document("k1", "departments", b"", VERSIONS)
TEXT_XML = "text/xml"


def test_receipts_are_read_by_the_paths_of_the_profile(profile: Profile) -> None:
    body = answer(record("甲|", 7, "Y", "HB1"), record("b", 8, "N", "", "E1", "部门编码&lt;空&gt;"))
    assert list(profile.read_answer(DOCUMENT, 200, TEXT_XML, body).receipts) == [
        Receipt(VERSIONS[0], ReceiptOutcome.ACCEPTED, "HB1"),
        Receipt(VERSIONS[1], ReceiptOutcome.REFUSED, "", "E1", "部门编码<空>"),
    ]


def test_one_record_is_a_list_too(profile: Profile) -> None:
    (receipt,) = profile.read_answer(DOCUMENT, 200, TEXT_XML, answer(record("b", 8, "Y"))).receipts
    assert receipt.version == VERSIONS[1]


def test_nothing_held_is_an_answer(profile: Profile) -> None:
    assert list(profile.read_found(DOCUMENT, 200, TEXT_XML, answer()).receipts) == []


def test_fewer_records_than_announced_are_no_answer_to_a_question(profile: Profile) -> None:
    with pytest.raises(TryAgain):
        profile.read_found(DOCUMENT, 200, TEXT_XML, answer(record("b", 8, "Y"), count=2))


@pytest.mark.parametrize(
    ("body", "raised"),
    [
        (answer(code="0"), OutcomeUnknown),
        (answer(code="0", error="D1"), DocumentRefused),
        (answer(code="0", error="D2"), AccessRefused),
        (answer(code="1", error="D1"), DocumentRefused),
        (answer(code="7"), OutcomeUnknown),
        (answer(batch="k2"), OutcomeUnknown),
    ],
    ids=["failure", "refused", "no access", "success and an error", "unknown code", "another document"],
)
def test_an_answer_that_is_no_success_says_what_happens_next(
    profile: Profile, body: bytes, raised: type[Exception]
) -> None:
    with pytest.raises(raised, match=r"说明|k2"):
        profile.read_answer(DOCUMENT, 200, TEXT_XML, body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (TEXT_XML, b""),
        (TEXT_XML, answer(record("b", 8, "Y"))[:-20]),
        (TEXT_XML, answer(record("b", 8, "Y")).replace(b"<Ok>", b"<More/><Ok>")),
        (TEXT_XML, answer().replace(b"<Error></Error>", b"")),
        (TEXT_XML, b'<!DOCTYPE A [<!ENTITY e "1">]>' + answer(code="&e;")),
        (TEXT_XML, b'{"code":"1"}'),
        (TEXT_XML + "; charset=GBK", answer(record("b", 8, "Y"))[:-1] + "济".encode()[:1]),
        ("application/xml; charset=latin-1", answer()),
    ],
    ids=["empty", "half", "unknown element", "missing element", "DOCTYPE", "JSON", "wrong bytes", "unknown charset"],
)
def test_what_is_no_answer_as_agreed_is_an_unknown_outcome(profile: Profile, content_type: str, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="the answer cannot be read"):
        profile.read_answer(DOCUMENT, 200, content_type, body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html><title>\xe7\x99\xbb\xe5\xbd\x95</title></html>"),
        (TEXT_XML, "<!DOCTYPE html><html><title>登录</title>".encode()),
        (TEXT_XML, '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><title>登录</title>'.encode()),
    ],
)
def test_a_web_page_is_named_by_its_title(profile: Profile, content_type: str, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="a web page '登录' came"):
        profile.read_answer(DOCUMENT, 200, content_type, body)


def test_an_answer_in_gbk_is_read(profile: Profile) -> None:
    body = b'<?xml version="1.0" encoding="GB2312"?>' + answer(record("甲|", 7, "Y")).decode().encode("gbk")
    (receipt,) = profile.read_answer(DOCUMENT, 200, TEXT_XML, body).receipts
    assert receipt.version == VERSIONS[0]


def test_the_code_of_an_error_goes_before_its_status(profile: Profile) -> None:
    with pytest.raises(AccessRefused, match="'D2'"):
        profile.read_answer(DOCUMENT, 500, TEXT_XML, answer(code="0", error="D2"))


# ------------------------------------------------------------------------------------------------ declarations


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format: xml", "format: json", "the part xml belongs to the format xml"),
        ("xml: {package", "xlm: {package", "xlm: there is no such thing"),
        ("record: Row", "record: 1Row", "xml.record: '1Row' is no name of an XML element"),
        ("answers: _answer.xsd", "answers: ../_answer.xsd", "must be the name of a file beside the profile"),
        ("Rank:", "等级:", "'等级' is no name of an XML element"),
        ("Rank:", '"{}":', "'{}' is no name of an XML element"),
        ("{key: Id,", "{key: 'I d',", "'I d' is no name of an XML element"),
        ("dataset: Kind", "dataset: 'a<b'", "'a<b' is no name of an XML element"),
        ("constants: {Fmt", "constants: {'F>'", "'F>' is no name of an XML element"),
        ("scheme: hebei_sm3", "scheme: sm3", "must be one of 'national_exchange' or 'hebei_sm3'"),
    ],
)
def test_a_wrong_layout_says_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(StartError) as raised:
        load_profile(written(tmp_path, (old, new)), Schema)
    assert says in raised.value.text("en")


@pytest.mark.parametrize("name", ["departments.xsd", "_answer.xsd"])
def test_a_missing_schema_stops_the_start(tmp_path: Path, name: str) -> None:
    path = written(tmp_path)
    path.with_name(name).unlink()
    with pytest.raises(StartError, match=f"{name} cannot be used"):
        load_profile(path, Schema)


def test_without_schemas_a_profile_in_xml_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="profiles in XML are not read here"):
        load_profile(written(tmp_path))
