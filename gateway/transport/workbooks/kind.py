"""What a file is by its first bytes, whatever its name says: an .xls may be a zip, HTML or plain text."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from gateway.errors import SourceError
from gateway.transport.files import readable
from gateway.transport.workbooks.faults import EMPTY, OTHER_KIND

_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOOKED_AT = 4096
_OTHERS = (
    (b"%pdf", "PDF", "a PDF"),
    (b"urn:schemas-microsoft-com:office:spreadsheet", "“XML 电子表格 2003”", "an XML spreadsheet of 2003"),
    (b"mime-version:", "网页归档（MHTML）", "a web archive (MHTML)"),
    (b"<html", "网页（HTML）", "a web page (HTML)"),
    (b"<table", "网页（HTML）", "a web page (HTML)"),
    (b"<!doctype html", "网页（HTML）", "a web page (HTML)"),
    (b"<?xml", "XML 文件", "XML"),
)


class Kind(StrEnum):
    """The two kinds of workbook."""

    XLSX = "xlsx"
    XLS = "xls"


def recognise(path: Path) -> Kind:
    """Tell the kind of a workbook; SourceError says what the file is instead."""
    with readable(path.name), path.open("rb") as file:
        head = file.read(_LOOKED_AT)
    if not head:
        raise SourceError(EMPTY, path=path.name)
    if head.startswith(_ZIP):
        return Kind.XLSX
    if head.startswith(_COMPOUND):
        return Kind.XLS
    zh, en = _other(head)
    raise SourceError(OTHER_KIND, path=path.name, kind_zh=zh, kind=en)


def _other(head: bytes) -> tuple[str, str]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", errors="ignore").encode()
    lower = head.lower()
    for mark, zh, en in _OTHERS:
        if mark in lower:
            return zh, en
    if b"\0" in head:
        return "未知的二进制格式", "of an unknown binary format"
    return "纯文本（如 CSV；可改用 csv 来源）", "plain text, perhaps CSV (use the source csv)"
