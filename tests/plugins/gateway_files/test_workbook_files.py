"""Files that are not what their name says, or that must not be read."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import SourceError
from gateway.transport.workbooks.compound_file import CompoundFile
from gateway.transport.workbooks.package import Package
from tests.plugins.gateway_files.conftest import ReadBack, workbook_source, write_xls, write_xlsx

ROWS = {"名单": [["名称", "值"], ["甲", "1"]]}


@pytest.mark.parametrize(("write", "name"), [(write_xlsx, "a.xls"), (write_xls, "a.xlsx")])
def test_a_workbook_is_read_by_its_content_whatever_its_name(
    tmp_path: Path, write: Callable[..., None], name: str
) -> None:
    write(tmp_path / name, ROWS)
    assert ReadBack(list(workbook_source(tmp_path, name).read())).rows == {2: ("甲", "1")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<html><body><table><tr><td>1</td></tr></table></body></html>", r"a web page \(HTML\)"),
        ("\ufeff<table><tr><td>名称</td></tr></table>".encode("utf-16"), r"a web page \(HTML\)"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "a web archive"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "spreadsheet of 2003",
        ),
        ("名称\t值\n甲\t1\n".encode("gb18030"), "plain text, perhaps CSV"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x00\x01\x02\x03", "an? ?unknown binary|of an unknown binary"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "damaged"),
    ],
)
def test_what_is_no_workbook_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.xls").write_bytes(content)
    with pytest.raises(SourceError, match=said) as caught:
        workbook_source(tmp_path, "a.xls").check()
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(("write", "name"), [(write_xlsx, "a.xlsx"), (write_xls, "a.xls")])
def test_a_workbook_that_was_cut_off_is_refused_wherever_the_cut(
    tmp_path: Path, write: Callable[..., None], name: str
) -> None:
    write(tmp_path / name, ROWS)
    content = (tmp_path / name).read_bytes()
    for share in range(1, 10):
        (tmp_path / name).write_bytes(content[: len(content) * share // 10])
        with pytest.raises(SourceError):
            workbook_source(tmp_path, name).check()


def test_another_zip_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(SourceError, match="another zipped kind"):
        workbook_source(tmp_path).check()


def test_an_xlsx_with_a_password_is_said_to_have_one(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(_compound("EncryptedPackage", b"\0" * 5000))
    with pytest.raises(SourceError, match="protected by a password"):
        workbook_source(tmp_path).check()


def test_an_xls_with_a_password_is_said_to_have_one(tmp_path: Path) -> None:
    stream = struct.pack("<HHHH", 0x809, 4, 0x600, 5) + struct.pack("<HHHHH", 0x2F, 6, 1, 0, 0) + b"\0" * 5000
    (tmp_path / "a.xls").write_bytes(_compound("Workbook", stream))
    with pytest.raises(SourceError, match="protected by a password"):
        workbook_source(tmp_path, "a.xls").check()


def test_another_office_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(_compound("WordDocument", b"\0" * 5000))
    with pytest.raises(SourceError, match="another kind of Office file"):
        workbook_source(tmp_path, "a.xls").check()


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", {"名单": [["名称", "值"], *([["甲", "1"]] * 5000)]})
    with pytest.raises(SourceError, match="exceeds the limit"):
        Package(tmp_path / "a.xlsx", most_bytes=100_000)


def test_a_zip_bomb_that_claims_to_be_small_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 3_000_000)
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 300)))
    with pytest.raises(SourceError, match=r"exceeds the limit once it is unpacked \(1 MiB\)"):
        Package(path, most_bytes=1 << 20)


def test_a_sheet_that_spans_too_far_is_refused_before_it_takes_the_memory(tmp_path: Path) -> None:
    far = [["名称", "值"], *([[]] * 9)]
    write_xlsx(tmp_path / "b.xlsx", {"名单": [*far, ["末"]]})
    with zipfile.ZipFile(tmp_path / "b.xlsx") as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            moved = old.read(name).replace(b'r="A11"', b'r="XFD1048576"').replace(b'<row r="11"', b'<row r="1048576"')
            new.writestr(name, moved)
    with pytest.raises(SourceError, match="32,000,000 cells"):
        workbook_source(tmp_path).check()


def test_a_compound_file_keeps_small_streams_too() -> None:
    assert CompoundFile(_compound("Workbook", b"a" * 5000)).stream("Book", "Workbook") == b"a" * 5000


def _compound(name: str, stream: bytes) -> bytes:
    """A compound file of one stream of more than 4096 bytes."""
    count = -(-len(stream) // 512)
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + count), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (128 - len(table))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 10
    head += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    head += struct.pack("<108I", *([0xFFFFFFFF] * 108))
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0) + _entry(name, 2, 2, len(stream))
    parts = (head, struct.pack("<128I", *table), directory, stream)
    return b"".join(part.ljust(-(-len(part) // 512) * 512, b"\0") for part in parts)


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1) + b"\xff" * 12
    return head + b"\0" * 36 + struct.pack("<IQ", start, size)
