"""A document has one encoding, told from all of its bytes; where it ceases, the line and byte are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import SourceError
from gateway.transport import document_text
from gateway.transport.document_text import document_encoding, document_pieces
from gateway.transport.text_encoding import Encoding

TEXT = "第一行\n一乙丙𠮷,，\n末\n"


@pytest.fixture(params=[1, 2, 3, 7, 1 << 20])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a document is to be written; it is read in pieces of several sizes."""
    monkeypatch.setattr(document_text, "_PIECE", request.param)
    return tmp_path / "a.xml"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", Encoding.UTF_8),
        ("utf-8-sig", Encoding.UTF_8),
        ("gb18030", Encoding.GB18030),
        ("utf-16", Encoding.UTF_16_LE),
        ("utf-16-be", Encoding.UTF_16_BE),
    ],
)
def test_the_encoding_is_told_from_all_bytes(file: Path, encoding: str, found: Encoding) -> None:
    text = "a,b\n" * 20 + TEXT
    file.write_bytes(text.encode(encoding))
    assert document_encoding(file) == found
    assert "".join(document_pieces(file, found)) == text


@pytest.mark.parametrize(
    ("content", "line", "byte", "encoding"),
    [
        (TEXT.encode() + b"\xff", 4, len(TEXT.encode()) + 1, "utf-8"),
        (TEXT.encode()[:-2], 3, len(TEXT.encode()) - 3, "utf-8"),
        ("第一行名录表格".encode()[:-1], 1, 19, "utf-8"),  # all of which GB18030 would take
        (TEXT.encode("gb18030") + b"\xff", 4, len(TEXT.encode("gb18030")) + 1, "gb18030"),
        (TEXT.encode() + TEXT.encode("gb18030"), 4, len(TEXT.encode()) + 1, "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode("gb18030"), 1, 4, "utf-8"),
        (b"x" * 20 + b"\n\xff", 2, 22, "utf-8"),
    ],
)
def test_where_it_ceases_is_said(file: Path, content: bytes, line: int, byte: int, encoding: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SourceError) as error:
        list(document_pieces(file, document_encoding(file)))
    assert error.value.values == {"path": "a.xml", "line": line, "byte": byte, "encoding": encoding}


def test_what_is_no_text_from_the_beginning_is_said_so(file: Path) -> None:
    file.write_bytes(b"\xff\x80\x01\x02")
    with pytest.raises(SourceError) as error:
        document_encoding(file)
    assert error.value.message.code == "file.unknown_encoding"


def test_an_empty_document_has_no_text(file: Path) -> None:
    file.write_bytes(b"")
    assert "".join(document_pieces(file, document_encoding(file))) == ""


GB_LABEL, UTF_LABEL = '<?xml version="1.0" encoding="GBK"?>', '<?xml version="1.0" encoding="UTF-8"?>'


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        ('[{"a": "欧伟"}]', "gb18030", Encoding.GB18030),
        ("<r><e><a>欧伟</a></e></r>", "gb18030", Encoding.GB18030),
        (f"{GB_LABEL}<r><e><a>谢</a></e></r>", "gb18030", Encoding.GB18030),
        (f"{UTF_LABEL}<r><e><a>é</a></e></r>", "utf-8", Encoding.UTF_8),
        ('[{"a": "张A"}]', "utf-8", Encoding.UTF_8),
        ('[{"a": "张"}]', "utf-8", Encoding.UTF_8),
        ('[{"a": "谢"}, {"a": "公司"}]', "gb18030", Encoding.GB18030),
        ('[{"a": "abc"}]', "utf-8", Encoding.UTF_8),
    ],
)
def test_what_is_valid_in_both_is_told_by_what_it_says(file: Path, text: str, written: str, found: Encoding) -> None:
    file.write_bytes(text.encode(written))
    assert document_encoding(file) == found


def test_what_could_be_either_is_refused_until_it_is_stated(file: Path) -> None:
    file.write_bytes('[{"a": "谢"}]'.encode("gb18030"))
    with pytest.raises(SourceError) as error:
        document_encoding(file)
    assert error.value.message.code == "file.unclear_encoding"
    assert (error.value.values["utf_8"], error.value.values["gb18030"]) == ("л", "谢")
    assert [document_encoding(file, each) for each in (Encoding.UTF_8, Encoding.GB18030)] == ["utf-8", "gb18030"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    ['[{"a":"公司","b":1}]', "<r><e><a>公司</a></e></r>", "名称\n" + "青岛天高装饰工程有限公司青岛天高装饰工程\n" * 9],
)
def test_utf_16_without_a_mark_is_seen_in_documents_and_in_chinese_alone(file: Path, text: str, encoding: str) -> None:
    file.write_bytes(text.encode(encoding))
    assert document_encoding(file) == encoding
