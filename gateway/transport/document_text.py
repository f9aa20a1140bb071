"""The text of a document that only makes sense as a whole, as XML and JSON do: its one encoding, in pieces.

What a document says of its own encoding is believed only where its bytes allow both: files labelled GB2312 hold GB18030
or UTF-8. A byte that fits neither refuses the document, since nobody knows what else it spoils. Where the bytes allow
both and the document claims nothing, its pieces decide as the lines of a text do (`text_encoding`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport.files import readable
from gateway.transport.text_encoding import (
    BYTE_ORDER_MARKS,
    CHINESE,
    UNCLEAR_ENCODING,
    UNKNOWN_ENCODING,
    WORKBOOK,
    WRONG_ENCODING,
    Encoding,
    agreed,
    byte_order_mark,
    detect_encoding,
    is_surely_utf_8,
    refuse_other_formats,
    told_by_texts,
)
from gateway.transport.utf_16 import HEAD, byte_order

BROKEN_ENCODING = Message(
    "file.broken_encoding",
    zh="文件“{path}”到第 {line} 行（第 {byte} 字节）不再是 {encoding} 编码；可能在字符中间截断，或混有其他编码，"
    "请让对方重新导出",
    en="the file {path!r} ceases to be {encoding} in line {line} (byte {byte}); it may be cut off in a character, or "
    "hold another encoding as well, have it exported again",
)
MESSAGES = (WORKBOOK, UNKNOWN_ENCODING, UNCLEAR_ENCODING, WRONG_ENCODING, BROKEN_ENCODING)

_PIECE = 1 << 20  # bytes
_MARK = 4  # bytes, within which a mark has come to its end
_LOOKED_AT = 1 << 16  # bytes of a body, in which nearly every one has told
_LEAST = 16  # bytes; what fits no encoding from the beginning is no text
_LABEL = re.compile(rb"""\A\s*<\?xml\s[^>]*?\sencoding\s*=\s*["']\s*(gb|utf-8)""", re.IGNORECASE)
_BETWEEN = re.compile(rb"""["'<>,:\s]+""")  # what parts texts in XML and JSON, and is no part of a character of GB18030


def document_encoding(path: Path, stated: Encoding | None = None) -> Encoding:
    """The one encoding that every byte of a document is in; raises SourceError, also where another one was stated."""
    with readable(path.name), path.open("rb") as stream:
        head = stream.read(HEAD)
    refuse_other_formats(path.name, head)
    if mark := byte_order_mark(head):
        return agreed(path.name, stated, BYTE_ORDER_MARKS[mark])
    if wide := byte_order(head):
        return agreed(path.name, stated, Encoding(wide))
    if stated:
        return stated  # `document_pieces` refuses the first byte that is not
    label = _LABEL.match(head)
    return _told_from_all(path, label[1].lower() if label else b"")


def body_encoding(body: bytes) -> Encoding | None:
    """The encoding of a document that is at hand, as an answer is; None where nothing in it tells."""
    if body.isascii() or is_surely_utf_8(body[:_LOOKED_AT]):
        return Encoding.UTF_8
    return told_by_texts(b"\n".join(_BETWEEN.split(body)))


def document_pieces(path: Path, encoding: Encoding) -> Iterator[str]:
    """The text in pieces, without a byte order mark; raises SourceError at the first byte of another encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, at, chunk = 1, 0, b"-"
    with readable(path.name), path.open("rb") as file:
        while chunk:
            chunk = file.read(_PIECE)
            try:
                piece = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                piece = error.object[: error.start].decode(encoding)
                yield piece
                byte = at + len(chunk) - len(error.object) + error.start + 1
                values = {"line": line + piece.count("\n"), "byte": byte, "encoding": encoding}
                raise SourceError(BROKEN_ENCODING, path=path.name, **values) from error
            yield piece.removeprefix("\ufeff") if at < _MARK else piece
            line, at = line + piece.count("\n"), at + len(chunk)


def _told_from_all(path: Path, claim: bytes) -> Encoding:
    chinese, not_utf_8 = _read_through(path, Encoding.UTF_8)
    if not_utf_8 is None and (chinese is None or chinese > 1 or claim == b"utf-8"):
        return Encoding.UTF_8
    if not_utf_8 and chinese and chinese > 1:  # once it is cut off, it may be GB18030 by chance
        raise not_utf_8
    _, not_gb18030 = _read_through(path, Encoding.GB18030)
    if not_utf_8 is None:
        return _told_from_what_it_says(path, claim) if not_gb18030 is None else Encoding.UTF_8
    if not_gb18030 is None:
        return Encoding.GB18030
    furthest = max((not_utf_8, not_gb18030), key=lambda error: int(error.values["byte"]))
    raise furthest if furthest.values["byte"] > _LEAST else SourceError(UNKNOWN_ENCODING, path=path.name)


def _told_from_what_it_says(path: Path, claim: bytes) -> Encoding:
    """Of a document that is valid in both."""
    if claim == b"gb":
        return Encoding.GB18030
    return detect_encoding(path.name, _texts(path), None)


def _texts(path: Path) -> Iterator[bytes]:
    """The texts of a document as lines, and none of those cut in two."""
    rest = b""
    with readable(path.name), path.open("rb") as file:
        while chunk := file.read(_PIECE):
            *whole, rest = _BETWEEN.split(rest + chunk)
            yield b"\n".join(whole)
    yield rest


def _read_through(path: Path, encoding: Encoding) -> tuple[int | None, SourceError | None]:
    """How many Chinese characters a file has in an encoding, two being enough, and where it ceases to be in it.

    None instead of a number where it is all ASCII.
    """
    chinese: int | None = None
    try:
        for piece in document_pieces(path, encoding):
            if not piece.isascii():
                chinese = chinese or 0
                chinese += 0 if chinese > 1 else len(CHINESE.findall(piece))
    except SourceError as error:
        return chinese, error
    return chinese, None
