"""Text files as a stream of blocks: whole physical lines, in UTF-8 whatever they were written in, memory flat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from gateway.errors import SourceError
from gateway.messages import Message
from gateway.transport import text_encoding
from gateway.transport.files import readable
from gateway.transport.text_encoding import (
    Encoding,
    agreed,
    byte_order_mark,
    detect_encoding,
    has_lines_in_utf_8,
    read_line,
)
from gateway.transport.utf_16 import HEAD, InUtf8, byte_order

LONG_LINE = Message(
    "file.long_line",
    zh="文件“{path}”第 {line} 行超过 {allowed} 字节仍未换行；这不是按行记录的文本，请检查文件",
    en="line {line} of the file {path!r} goes on beyond {allowed} bytes; this is no text in lines, check the file",
)
MESSAGES = (*text_encoding.MESSAGES, LONG_LINE)

_BLOCK = 2 << 20  # bytes; what fits the processor's cache is read a third faster than ten times as much
_LONGEST_LINE = 64 << 20
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Whole physical lines in valid UTF-8, each with its own line end (LF, CRLF or CR; the file's last may have none).

    `unreadable` names the lines (1-based in the file) that are not what they seem: their text here is only for showing.
    """

    first_line: int
    line_count: int
    text: bytes
    unreadable: Mapping[int, Message] = field(default_factory=dict)

    @property
    def has_lone_returns(self) -> bool:
        """Whether a line ends in CR alone."""
        return b"\r" in self.text and self.text.count(b"\r") != self.text.count(b"\r\n")

    def lines(self) -> pl.Series:
        """Every line without its end, as String."""
        if self.has_lone_returns:
            return pl.Series("line", self.text.splitlines(), dtype=pl.Binary).cast(pl.String)
        # One string split by polars: half the time of a Python list of lines.
        lines = pl.Series("line", [self.text], dtype=pl.Binary).cast(pl.String).str.split("\n").explode()
        if self.text.endswith(b"\n"):
            lines = lines.head(-1)
        return lines.str.strip_suffix("\r") if b"\r" in self.text else lines

    def from_line(self, line: int) -> TextBlock:
        """The part that begins with that line."""
        dropped = line - self.first_line
        text = self.text[_end_of_lines(self.text, dropped) :]
        unreadable = {at: why for at, why in self.unreadable.items() if at >= line}
        return TextBlock(line, self.line_count - dropped, text, unreadable)

    def followed_by(self, other: TextBlock) -> TextBlock:
        """This block and the next as one."""
        return TextBlock(
            self.first_line,
            self.line_count + other.line_count,
            self.text + other.text,
            {**self.unreadable, **other.unreadable},
        )


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file of known encoding."""

    path: Path
    encoding: Encoding

    @classmethod
    def recognise(cls, path: Path, stated: Encoding | None = None) -> TextFile:
        """Tell the encoding; raises SourceError when none fits, or not the stated one."""
        with readable(path.name), path.open("rb") as stream:
            wide = byte_order(stream.read(HEAD))
            if wide:
                return cls(path, agreed(path.name, stated, Encoding(wide)))
            stream.seek(0)
            blocks = (block.text for block in _whole_lines(path.name, stream))
            return cls(path, detect_encoding(path.name, blocks, stated))

    def blocks(self, first_line: int = 1) -> Iterator[TextBlock]:
        """The lines from that one on, thousands at once; raises SourceError."""
        with readable(self.path.name), self.path.open("rb") as stream:
            stream.seek(len(byte_order_mark(stream.read(4))))
            text = InUtf8(stream, self.encoding) if self.encoding.is_wide else stream
            for raw in _whole_lines(self.path.name, text):
                if raw.first_line + raw.line_count > first_line:
                    block = _in_utf_8(raw, self.encoding)
                    yield block if block.first_line >= first_line else block.from_line(first_line)


def _whole_lines(path: str, stream: BinaryIO | InUtf8) -> Iterator[TextBlock]:
    """Blocks of whole lines, still in the file's own encoding, or UTF-16 as UTF-8."""
    line, rest = 1, b""
    while chunk := stream.read(_BLOCK):
        data = rest + chunk
        # A CR that is the last byte may be half of a CRLF.
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
        block, rest = data[:cut], data[cut:]
        if block:
            count = _count_lines(block)
            yield TextBlock(line, count, block)
            line += count
        if len(rest) > _LONGEST_LINE:
            raise SourceError(LONG_LINE, path=path, line=line, allowed=_LONGEST_LINE)
    if rest:
        yield TextBlock(line, 1, rest)


def _count_lines(text: bytes) -> int:
    """How many lines the text has, all of them ended."""
    returns = text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else 0
    return text.count(b"\n") + returns


def _end_of_lines(text: bytes, count: int) -> int:
    if count == 0:
        return 0
    last = next(islice(_LINE_END.finditer(text), count - 1, None), None)
    return last.end() if last else len(text)


def _in_utf_8(raw: TextBlock, encoding: Encoding) -> TextBlock:
    if encoding is Encoding.UTF_8 or encoding.is_wide:
        return raw if _is_utf_8(raw.text) else _line_by_line(raw, Encoding.UTF_8)
    try:
        text = raw.text.decode(encoding).encode()
    except UnicodeDecodeError:
        return _line_by_line(raw, encoding)
    return _line_by_line(raw, encoding) if has_lines_in_utf_8(raw.text) else replace(raw, text=text)


def _is_utf_8(text: bytes) -> bool:
    try:
        # Six times faster than `bytes.decode`, which makes a Python string of it.
        pl.Series([text], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return False
    return True


def _line_by_line(raw: TextBlock, encoding: Encoding) -> TextBlock:
    lines = [read_line(line, encoding) for line in raw.text.splitlines(keepends=True)]
    unreadable = {at: why for at, (_, why) in enumerate(lines, raw.first_line) if why}
    return replace(raw, text="".join(text for text, _ in lines).encode(), unreadable=unreadable)
