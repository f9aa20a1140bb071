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
