"""UTF-16, as Excel's “Unicode text” has it: recognised by its bytes where no mark tells, read as UTF-8, memory flat."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO, Literal

HEAD = 1 << 16  # bytes that are looked at

# ASCII, Latin, Chinese and its punctuation. Bytes of another encoding, taken in pairs, hardly ever give only these.
_PLAIN = re.compile(
    "[\t\r\n -~\u00a0-\u00ff\u2010-\u203b\u3000-\u303f\u3400-\u9fff\ud800-\udfff\uff00-\uffef\U00020000-\U0003ffff]*"
)
_LEAST, _SHARE = 8, 20  # characters, one in twenty of them ASCII: signs, digits, ends of lines
_COMMON = 0.9  # of the hanzi of a text that has fewer ASCII; of pairs of other bytes hardly a third
_HANZI = re.compile("[\u3400-\u9fff]")
_BEGINNINGS = ("[", "{", "<")  # of documents, which need no line

_Codec = Literal["utf-16-le", "utf-16-be"]
_CODECS: tuple[_Codec, ...] = ("utf-16-le", "utf-16-be")


def byte_order(head: bytes) -> _Codec | None:
    """Which UTF-16 a text without a mark is in, by its first bytes, if it is so without a doubt.

    Taken in pairs, the bytes are lines of the kind that departments send, signs and digits among them.
    """
    return next((codec for codec in _CODECS if _is_plain(head, codec)), None) if b"\0" in head else None


def _is_plain(head: bytes, codec: _Codec) -> bool:
    try:
        # Not `final`: the last bytes may be part of a character.
        text = codecs.getincrementaldecoder(codec)("surrogatepass").decode(head)
    except UnicodeDecodeError:
        return False
    ascii_only = len(text.encode("ascii", "ignore"))
    has_lines = "\n" in text or "\r" in text or text.lstrip().startswith(_BEGINNINGS)
    likely = len(text) >= _LEAST and has_lines and (ascii_only * _SHARE >= len(text) or _is_common(text))
    return likely and _PLAIN.fullmatch(text) is not None


def _is_common(text: str) -> bool:
    hanzi = "".join(_HANZI.findall(text))
    common = len(hanzi.encode("gb2312", "ignore")) / 2
    return common > 0 and common >= _COMMON * len(hanzi)


class InUtf8:
    """A stream of UTF-16 as one of UTF-8; what is half of a character comes as bytes that no UTF-8 holds."""

    def __init__(self, stream: BinaryIO, codec: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
        self._odd = b""

    def read(self, size: int) -> bytes:
        """About so many bytes; none at the end of the file alone."""
        while chunk := self._stream.read(size):
            data = self._odd + chunk
            even = len(data) // 2 * 2
            self._odd = data[even:]
            if text := self._decoder.decode(data[:even]):
                return text.encode("utf-8", "surrogatepass")
        half, self._odd = self._odd, b""
        return self._decoder.decode(b"", final=True).encode("utf-8", "surrogatepass") + (b"\xff" if half else b"")
