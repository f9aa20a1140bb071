"""UTF-16 is told from its bytes only where they leave no doubt, and its broken characters are never hidden."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gateway.errors import SourceError
from gateway.transport import text_files
from gateway.transport.text_encoding import UNDECODABLE, WRONG_ENCODING, Encoding
from gateway.transport.text_files import TextFile
from gateway.transport.utf_16 import InUtf8, byte_order

TEXT = "编号,名称\r\n1,一上刀开𠮷\r\n2,乙\n"
WIDE = [Encoding.UTF_16_LE, Encoding.UTF_16_BE]


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("cut", [None, -1, -2, -3])
def test_utf_16_without_a_mark_is_recognised(encoding: Encoding, cut: int | None) -> None:
    assert byte_order(TEXT.encode(encoding)[:cut]) == encoding


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"a\0\n\0",
        b"a\n\0,",
        TEXT.encode(),
        TEXT.encode("gb18030"),
        "编号,名称\n1,甲\0\n".encode(),
        "编号,名称\n1,甲\0\n".encode("gb18030"),
        b"a,b\n1,\0\0\n",
        b"id\tname\n1\t\0\n",
        bytes(100),
        b"\0" + TEXT.encode("utf-16-le"),
        "编号\x01,\n".encode("utf-16-le"),
        b"\x00\xd8\x00\x00,\0",
    ],
)
def test_what_may_be_something_else_is_not_called_utf_16(head: bytes) -> None:
    assert byte_order(head) is None


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
def test_it_is_read_as_utf_8_wherever_it_is_cut(encoding: Encoding, size: int) -> None:
    stream = InUtf8(io.BytesIO(TEXT.encode(encoding)), encoding)
    assert b"".join(iter(lambda: stream.read(size), b"")).decode() == TEXT


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_a_file_of_utf_16_is_read_in_lines(
    tmp_path: Path, encoding: Encoding, mark: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_files, "_BLOCK", block)
    (tmp_path / "a.csv").write_bytes((("\ufeff" if mark else "") + TEXT).encode(encoding))
    file = TextFile.recognise(tmp_path / "a.csv")
    assert file.encoding == encoding
    assert b"".join(each.text for each in file.blocks()).decode() == TEXT
    assert TextFile.recognise(tmp_path / "a.csv", encoding) == file


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("broken", ["\ud800", "\udc00\udc00"])
def test_half_of_a_pair_makes_its_line_unreadable_alone(tmp_path: Path, encoding: Encoding, broken: str) -> None:
    content = f"\ufeffa,b\n1,{broken}x\n2,y\n".encode(encoding, "surrogatepass")
    (tmp_path / "a.csv").write_bytes(content)
    (block,) = TextFile.recognise(tmp_path / "a.csv").blocks()
    assert block.unreadable == {2: UNDECODABLE}
    assert list(block.lines())[2] == "2,y"


@pytest.mark.parametrize("end", [b"\x4e", b"\x61", b"\x00"])
def test_a_file_cut_in_the_middle_of_a_character_has_an_unreadable_last_line(tmp_path: Path, end: bytes) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffa,b\n1,甲".encode("utf-16-le") + end)
    blocks = list(TextFile.recognise(tmp_path / "a.csv").blocks())
    assert [block.unreadable for block in blocks] == [{}, {2: UNDECODABLE}]
    assert list(blocks[1].lines()) == ["1,甲\\xff"]


def test_utf_16_that_is_stated_to_be_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT.encode("utf-16-be"))
    with pytest.raises(SourceError) as error:
        TextFile.recognise(tmp_path / "a.csv", Encoding.GB18030)
    assert error.value.message == WRONG_ENCODING
    assert error.value.values["fits"] == "utf-16-be"
