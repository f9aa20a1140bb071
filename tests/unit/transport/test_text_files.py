"""Text in blocks: every line once, in UTF-8, with its true number and its own end, wherever the file is cut."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from gateway.errors import SourceError
from gateway.transport import text_files
from gateway.transport.text_encoding import FOREIGN_ENCODING, UNDECODABLE, Encoding
from gateway.transport.text_files import TextBlock, TextFile

TEXT = "编号,名称\r\n1,甲\n2,乙\r3,丙\r\r\n\n4,丁"
LINES = ["编号,名称", "1,甲", "2,乙", "3,丙", "", "", "4,丁"]


@pytest.fixture(params=[1, 2, 3, 5, 8, 13, 1 << 20], ids="blocks of {} bytes".format)
def block_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(text_files, "_BLOCK", request.param)
    size: int = request.param
    return size


def text_file(folder: Path, content: bytes) -> TextFile:
    path = folder / "a.csv"
    path.write_bytes(content)
    return TextFile.recognise(path)


@pytest.mark.usefixtures("block_size")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["", "\n", "\r", "\r\n"])
def test_every_line_is_given_once_with_its_number(tmp_path: Path, encoding: str, end: str) -> None:
    file = text_file(tmp_path, (TEXT + end).encode(encoding))
    blocks = list(file.blocks())
    assert b"".join(block.text for block in blocks).decode() == TEXT + end
    assert [line for block in blocks for line in block.lines()] == LINES
    assert [block.line_count for block in blocks] == [len(block.lines()) for block in blocks]
    assert [block.first_line for block in blocks] == [
        1 + sum(before.line_count for before in blocks[:at]) for at in range(len(blocks))
    ]


@pytest.mark.usefixtures("block_size")
@pytest.mark.parametrize("first", range(1, 9))
def test_reading_can_begin_at_any_line(tmp_path: Path, first: int) -> None:
    blocks = list(text_file(tmp_path, TEXT.encode()).blocks(first))
    assert [line for block in blocks for line in block.lines()] == LINES[first - 1 :]
    assert [block.first_line for block in blocks][:1] == ([first] if first < 8 else [])


@pytest.mark.usefixtures("block_size")
def test_a_block_is_cut_and_joined_at_its_lines(tmp_path: Path) -> None:
    blocks = list(text_file(tmp_path, TEXT.encode()).blocks())
    whole = blocks[0]
    for block in blocks[1:]:
        whole = whole.followed_by(block)
    assert whole == TextBlock(1, 7, TEXT.encode())
    assert whole.from_line(1) == whole
    assert whole.from_line(5) == TextBlock(5, 3, "\r\n\n4,丁".encode())
    assert whole.from_line(8) == TextBlock(8, 0, b"")


@pytest.mark.usefixtures("block_size")
def test_unreadable_lines_are_named_and_shown(tmp_path: Path) -> None:
    good = "甲公司\n".encode("gb18030")
    file = text_file(tmp_path, good + b"\xff\n" + good + "乙公司\n".encode() + good)
    blocks = list(file.blocks())
    assert file.encoding is Encoding.GB18030
    assert [line for block in blocks for line in block.lines()] == ["甲公司", "\\xff", "甲公司", "乙公司", "甲公司"]
    assert {at: why for block in blocks for at, why in block.unreadable.items()} == {
        2: UNDECODABLE,
        4: FOREIGN_ENCODING,
    }


def test_cutting_a_block_keeps_what_is_said_of_its_lines() -> None:
    block = TextBlock(1, 2, b"a\n", {1: UNDECODABLE}).followed_by(TextBlock(2, 2, b"b\nc\n", {3: UNDECODABLE}))
    assert block.unreadable == {1: UNDECODABLE, 3: UNDECODABLE}
    assert block.from_line(2).unreadable == {3: UNDECODABLE}


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_files, "_LONGEST_LINE", 100)
    monkeypatch.setattr(text_files, "_BLOCK", 64)
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n" + b"x" * 1000)
    with pytest.raises(SourceError) as error:
        list(TextFile(path, Encoding.UTF_8).blocks())
    assert error.value.message == text_files.LONG_LINE
    assert error.value.values == {"path": "a.csv", "line": 2, "allowed": 100}


def test_an_empty_file_has_no_blocks(tmp_path: Path) -> None:
    assert list(text_file(tmp_path, b"").blocks()) == []
    assert list(text_file(tmp_path, b"\xef\xbb\xbf").blocks()) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, encoding: str) -> None:
    file = text_file(tmp_path, "编号,名称,甲公司\n".encode(encoding) * 1_000_000)
    tracemalloc.start()
    lines = sum(block.line_count for block in file.blocks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == 1_000_000
    assert peak < 20 << 20
