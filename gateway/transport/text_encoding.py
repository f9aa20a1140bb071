"""Which encoding a text file is in, told from its lines.

Every line beyond ASCII speaks for UTF-8, for GB18030, for either or for neither, and the first thousand of them decide:
a stray byte after a gigabyte of UTF-8 makes one unreadable line, not a file of GB18030. Whoever reads on must set aside
the later lines that speak for the other encoding (`read_line`), so that none is read as something it is not.

Nearly a fifth of the commonest hanzi are letters of UTF-8 as well, so a short line may be valid in both. Then what it
says decides, if only one of its readings is plain; a file whose every line could be either is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from enum import Enum, StrEnum, auto
from typing import Literal

from gateway.domain.garbled_text import is_plain_chinese, mixes_scripts
from gateway.errors import SourceError
from gateway.messages import Message

WORKBOOK = Message(
    "file.workbook",
    zh="文件“{path}”是{kind_zh}，不是文本；请解压，或另存为文本（如 CSV）后再提供",
    en="the file {path!r} is {kind}, not text; unpack it, or save it as text such as CSV",
)
UNKNOWN_ENCODING = Message(
    "file.unknown_encoding",
    zh="文件“{path}”既不是 UTF-8、GB18030，也不是 UTF-16；请让对方以 UTF-8 重新导出",
    en="the file {path!r} is neither UTF-8, GB18030 nor UTF-16; have it exported again in UTF-8",
)
UNCLEAR_ENCODING = Message(
    "file.unclear_encoding",
    zh="文件“{path}”按 UTF-8 读是“{utf_8}”，按 GB18030 读是“{gb18030}”，无法确定以哪个为准；请在 encoding 中写明",
    en="the file {path!r} reads {utf_8!r} in UTF-8 and {gb18030!r} in GB18030, and nothing in it tells which is meant; "
    "state it in `encoding`",
)
WRONG_ENCODING = Message(
    "file.wrong_encoding",
    zh="文件“{path}”声明的编码是 {stated}，但内容不是；相符的编码是 {fits}；请把 encoding 改为 {fits} 或 auto",
    en="the file {path!r} is stated to be {stated} but is not; {fits} fits; set encoding to {fits} or auto",
)
UNDECODABLE = Message(
    "file.undecodable",
    zh="第 {line} 行含有不属于 {encoding} 编码的字节（以 \\xNN 显示）；请更正该行后重新提供",
    en="line {line} holds bytes that are not {encoding} (shown as \\xNN); correct the row and send it again",
)
FOREIGN_ENCODING = Message(
    "file.foreign_encoding",
    zh="第 {line} 行是 UTF-8 编码，而文件是 {encoding} 编码；请统一编码后重新提供",
    en="line {line} is UTF-8 in a file that is {encoding}; send the row in the encoding of its file",
)
MESSAGES = (WORKBOOK, UNKNOWN_ENCODING, UNCLEAR_ENCODING, WRONG_ENCODING, UNDECODABLE, FOREIGN_ENCODING)


class Encoding(StrEnum):
    """The encodings that text is read in; each name is Python's codec."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"

    @property
    def is_wide(self) -> bool:
        """Whether it is UTF-16, which is transcoded before it is cut into lines."""
        return self in {Encoding.UTF_16_LE, Encoding.UTF_16_BE}


StatedEncoding = Literal["auto", "utf-8", "gb18030", "utf-16-le", "utf-16-be"]


def as_stated(name: str) -> Encoding | None:
    """The encoding that an option (`StatedEncoding`) states, if it states one."""
    return Encoding(name) if name in set(Encoding) else None


BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": Encoding.UTF_8,
    b"\x84\x31\x95\x33": Encoding.GB18030,
    b"\xff\xfe": Encoding.UTF_16_LE,
    b"\xfe\xff": Encoding.UTF_16_BE,
}
# What begins so is no text; xlsx is a zip, xls an OLE compound.
_OTHER_FORMATS = {
    b"PK\x03\x04": ("工作簿或压缩包", "a workbook or an archive"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("工作簿或其他 Office 文档", "a workbook or another Office document"),
    b"\x1f\x8b": ("压缩包（gzip）", "an archive (gzip)"),
    b"Rar!\x1a\x07": ("压缩包（RAR）", "an archive (RAR)"),
    b"7z\xbc\xaf\x27\x1c": ("压缩包（7z）", "an archive (7z)"),
    b"\xfd7zXZ\0": ("压缩包（xz）", "an archive (xz)"),
    b"%PDF-": ("PDF 文档", "a PDF document"),
}
_UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_ENOUGH_LINES = 1000
_SHOWN = 80  # characters of a line

# What Chinese text is made of. GB18030 bytes that happen to be UTF-8 read as Latin, Greek or Cyrillic, never as these.
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


class Voice(Enum):
    """What a line says about its encoding."""

    ASCII = auto()
    UTF_8 = auto()
    GB18030 = auto()
    EITHER = auto()
    NEITHER = auto()
    LIKELY_UTF_8 = auto()  # valid in both, plain in this one alone
    LIKELY_GB18030 = auto()


_FOR = {Encoding.UTF_8: Voice.UTF_8, Encoding.GB18030: Voice.GB18030}


def voice(line: bytes) -> Voice:
    """What the line speaks for."""
    if line.isascii():
        return Voice.ASCII
    if is_surely_utf_8(line):
        return Voice.UTF_8
    is_utf_8, is_gb18030 = _decoded(line, Encoding.UTF_8) is not None, _decoded(line, Encoding.GB18030) is not None
    if is_utf_8:
        return _leaning(line) if is_gb18030 else Voice.UTF_8
    return Voice.GB18030 if is_gb18030 else Voice.NEITHER


def _leaning(line: bytes) -> Voice:
    """What a line that is valid in both speaks for: which reading is something that people write, if one alone is."""
    in_utf_8, in_gb18030 = line.decode(Encoding.UTF_8), line.decode(Encoding.GB18030)
    if mixes_scripts(in_utf_8):
        return Voice.LIKELY_GB18030 if is_plain_chinese(in_gb18030) else Voice.EITHER
    fits = is_plain_chinese(in_utf_8) or not CHINESE.search(in_utf_8)
    return Voice.LIKELY_UTF_8 if fits and not is_plain_chinese(in_gb18030) else Voice.EITHER


def is_surely_utf_8(line: bytes) -> bool:
    """Whether the line holds two Chinese characters in UTF-8 and nothing that is not UTF-8."""
    if line.isascii():
        return False
    text = _decoded(line, Encoding.UTF_8)
    return text is not None and len(CHINESE.findall(text)) > 1


def has_lines_in_utf_8(text: bytes) -> bool:
    """Whether a text of another encoding holds a line that is surely UTF-8."""
    for line in text.splitlines():
        try:
            line.decode()
        except UnicodeDecodeError:
            continue  # nearly every line; what follows is dear
        if _is_foreign(line):
            return True
    return False


def _is_foreign(line: bytes) -> bool:
    """Whether a line of a text in another encoding is in UTF-8."""
    return is_surely_utf_8(line) or voice(line) is Voice.LIKELY_UTF_8


def byte_order_mark(head: bytes) -> bytes:
    """The mark that a file's first bytes begin with, or none."""
    return next((mark for mark in BYTE_ORDER_MARKS if head.startswith(mark)), b"")


def refuse_other_formats(path: str, head: bytes) -> None:
    """Raise SourceError for what the first bytes show to be no text in a known encoding."""
    for start, (zh, en) in _OTHER_FORMATS.items():
        if head.startswith(start):
            raise SourceError(WORKBOOK, path=path, kind_zh=zh, kind=en)
    if head.startswith(_UTF_32):
        raise SourceError(UNKNOWN_ENCODING, path=path)


def detect_encoding(path: str, blocks: Iterable[bytes], stated: Encoding | None) -> Encoding:
    """The encoding of a file given as blocks of whole lines; raises SourceError when none fits, or not the stated one.

    Reads no further than it must: to the thousandth line that tells.
    """
    voices: Counter[Voice] = Counter()
    unclear = b""
    for number, block in enumerate(blocks):
        if number == 0:
            refuse_other_formats(path, block)
            if mark := byte_order_mark(block):
                return agreed(path, stated, BYTE_ORDER_MARKS[mark])
        unclear = _listen(voices, block) or unclear
        if _telling(voices) >= _ENOUGH_LINES:
            break
    return _decide(path, voices, stated, unclear)


def told_by_texts(texts: bytes) -> Encoding | None:
    """What the lines of a text say of its encoding, UTF-8 or GB18030; None where each could be either."""
    voices: Counter[Voice] = Counter()
    unclear = _listen(voices, texts)
    utf_8, gb18030 = _for_each(voices)
    if unclear and not (utf_8 or gb18030):
        return None
    return Encoding.UTF_8 if utf_8 >= gb18030 else Encoding.GB18030


def read_line(line: bytes, encoding: Encoding) -> tuple[str, Message | None]:
    """A line's text, and why it is not to be believed: its bytes are of no or of another encoding."""
    if encoding is not Encoding.UTF_8 and _is_foreign(line):
        return line.decode(Encoding.UTF_8), FOREIGN_ENCODING
    text = _decoded(line, encoding)
    return (line.decode(encoding, "backslashreplace"), UNDECODABLE) if text is None else (text, None)


def _listen(voices: Counter[Voice], block: bytes) -> bytes:
    """Count what the lines of a block speak for; the last that could be either is the answer."""
    unclear = b""
    if block.isascii():
        # A gigabyte of ASCII is passed over quickly; its lines are counted only as far as they can matter.
        voices[Voice.ASCII] += len(block.splitlines()) if voices[Voice.ASCII] < _ENOUGH_LINES else 0
        return unclear
    for line in block.splitlines():
        said = voice(line)
        voices[said] += 1
        unclear = line if said is Voice.EITHER else unclear
        if _telling(voices) >= _ENOUGH_LINES:
            break
    return unclear


def _telling(voices: Counter[Voice]) -> int:
    return voices.total() - voices[Voice.ASCII] - voices[Voice.EITHER]


def _decide(path: str, voices: Counter[Voice], stated: Encoding | None, unclear: bytes) -> Encoding:
    if voices[Voice.NEITHER] * 2 > voices.total():
        raise SourceError(UNKNOWN_ENCODING, path=path)
    utf_8, gb18030 = _for_each(voices)
    best = Encoding.UTF_8 if utf_8 >= gb18030 else Encoding.GB18030
    if stated is None or stated.is_wide:
        if unclear and not (utf_8 or gb18030 or stated):
            raise _unclear(path, unclear)
        return agreed(path, stated, best)
    if voices[_FOR[stated]] > 0 or voices[_FOR[best]] == 0:
        return stated
    return agreed(path, stated, best)


def _for_each(voices: Counter[Voice]) -> tuple[int, int]:
    """How many lines speak for UTF-8 and for GB18030."""
    utf_8, gb18030 = voices[Voice.UTF_8], voices[Voice.GB18030]
    return utf_8 + voices[Voice.LIKELY_UTF_8], gb18030 + voices[Voice.LIKELY_GB18030]


def _unclear(path: str, line: bytes) -> SourceError:
    readings = {name: line.decode(codec)[:_SHOWN] for name, codec in (("utf_8", "utf-8"), ("gb18030", "gb18030"))}
    return SourceError(UNCLEAR_ENCODING, path=path, **readings)


def agreed(path: str, stated: Encoding | None, found: Encoding) -> Encoding:
    """The encoding that was found; raises SourceError where another one was stated."""
    if stated not in (None, found):
        raise SourceError(WRONG_ENCODING, path=path, stated=stated, fits=found)
    return found


def _decoded(line: bytes, encoding: Encoding) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
