"""Which encoding a file is in: told from its lines, never from a stray byte, and never read as what it is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.errors import SourceError
from gateway.transport.text_encoding import (
    FOREIGN_ENCODING,
    UNCLEAR_ENCODING,
    UNDECODABLE,
    UNKNOWN_ENCODING,
    WORKBOOK,
    WRONG_ENCODING,
    Encoding,
    Voice,
    detect_encoding,
    has_lines_in_utf_8,
    read_line,
    voice,
)

LINE = "青岛天高装饰工程有限公司,山东\n"
IN_UTF_8, IN_GB18030 = LINE.encode(), LINE.encode("gb18030")
BROKEN = b"\xff\xff,\n"


def detect(*lines: bytes, stated: Encoding | None = None) -> Encoding:
    return detect_encoding("a.csv", [b"".join(lines)], stated)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"abc\0\x1a", Voice.ASCII),
        (IN_UTF_8, Voice.UTF_8),
        ("中,".encode(), Voice.UTF_8),  # its third byte and the comma are no pair of GB18030
        ("中文字".encode(), Voice.UTF_8),  # GB18030 as well, and then nonsense
        (IN_GB18030, Voice.GB18030),
        ("通".encode("gb18030"), Voice.EITHER),  # and a Greek letter in UTF-8
        ("业a".encode(), Voice.LIKELY_UTF_8),  # and a rare character and another in GB18030
        ("欧伟".encode("gb18030"), Voice.LIKELY_GB18030),  # and a word of Latin and Greek letters in UTF-8
        ("肖史".encode("gb18030"), Voice.LIKELY_GB18030),
        ("谢".encode("gb18030"), Voice.EITHER),  # and a Cyrillic letter
        ("café".encode(), Voice.EITHER),
        ("Ávila".encode(), Voice.LIKELY_UTF_8),  # and two rare characters in GB18030
        ("𠮷".encode("gb18030"), Voice.GB18030),
        (BROKEN, Voice.NEITHER),
        (b"\xb9\n", Voice.NEITHER),
    ],
)
def test_a_line_speaks_for_its_encoding(line: bytes, said: Voice) -> None:
    assert voice(line) == said


MIXTURES: dict[str, tuple[Sequence[bytes], Encoding]] = {
    "UTF-8": ([IN_UTF_8], Encoding.UTF_8),
    "GB18030": ([IN_GB18030], Encoding.GB18030),
    "ASCII": ([b"a,b\n"], Encoding.UTF_8),
    "nothing": ([b""], Encoding.UTF_8),
    "UTF-8 with a bad byte": ([IN_UTF_8] * 9 + [BROKEN], Encoding.UTF_8),
    "UTF-8 with a bad byte at once": ([BROKEN] + [IN_UTF_8] * 9, Encoding.UTF_8),
    "UTF-8 with a row of GB18030": ([IN_UTF_8] * 9 + [IN_GB18030], Encoding.UTF_8),
    "GB18030 with a row of UTF-8": ([IN_GB18030] * 9 + [IN_UTF_8], Encoding.GB18030),
    "GB18030 with a bad byte": ([IN_GB18030] * 9 + [BROKEN], Encoding.GB18030),
    "ASCII with a bad byte": ([b"a,b\n"] * 9 + [BROKEN], Encoding.UTF_8),
    "GB18030 after much ASCII": ([b"a,b\n"] * 5000 + [IN_GB18030], Encoding.GB18030),
    "UTF-8 for a thousand lines, then more of GB18030": ([IN_UTF_8] * 1000 + [IN_GB18030] * 2000, Encoding.UTF_8),
    "one short row of GB18030": ([b"XM,ZFZH\n", "欧伟,001\n".encode("gb18030")], Encoding.GB18030),
    "one short row of UTF-8": ([b"XM,ZFZH\n", "张A,001\n".encode()], Encoding.UTF_8),
    "a lone letter beside UTF-8": ([b"XM\n", "é\n".encode(), IN_UTF_8], Encoding.UTF_8),
    "a lone hanzi beside GB18030": ([b"XM\n", "谢\n".encode("gb18030"), IN_GB18030], Encoding.GB18030),
    "much that could be either before what tells": (["谢\n".encode("gb18030")] * 5000 + [IN_GB18030], Encoding.GB18030),
    "a mark of UTF-8": ([b"\xef\xbb\xbf" + IN_UTF_8], Encoding.UTF_8),
    "a mark of UTF-8 before GB18030": ([b"\xef\xbb\xbf" + IN_GB18030], Encoding.UTF_8),
    "a mark of UTF-16": ([b"\xff\xfe" + LINE.encode("utf-16-le")], Encoding.UTF_16_LE),
    "a mark of the other UTF-16": ([b"\xfe\xff" + LINE.encode("utf-16-be")], Encoding.UTF_16_BE),
    "a mark of GB18030": ([b"\x84\x31\x95\x33" + IN_GB18030], Encoding.GB18030),
    "lines that end in CR": ([IN_GB18030.replace(b"\n", b"\r")] * 2, Encoding.GB18030),
}


@pytest.mark.parametrize(("lines", "expected"), MIXTURES.values(), ids=MIXTURES)
def test_most_lines_decide(lines: Sequence[bytes], expected: Encoding) -> None:
    assert detect(*lines) == expected


def test_reading_ends_with_the_thousandth_line_that_speaks() -> None:
    def blocks() -> object:
        yield IN_UTF_8 * 1000
        raise AssertionError("read on")

    assert detect_encoding("a.csv", blocks(), None) == Encoding.UTF_8  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LINE.encode("utf-32"), UNKNOWN_ENCODING),
        (b"\0\0\xfe\xff" + LINE.encode("utf-32-be"), UNKNOWN_ENCODING),
        (b"PK\x03\x04", WORKBOOK),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WORKBOOK),
        (b"\x1f\x8b\x08\0", WORKBOOK),
        (b"Rar!\x1a\x07\x01\0", WORKBOOK),
        (b"%PDF-1.7\n", WORKBOOK),
        (BROKEN, UNKNOWN_ENCODING),
        (BROKEN * 3 + IN_UTF_8, UNKNOWN_ENCODING),
    ],
)
@pytest.mark.parametrize("stated", [None, *Encoding])
def test_what_is_no_text_in_a_known_encoding_is_refused(content: bytes, message: object, stated: Encoding) -> None:
    with pytest.raises(SourceError) as error:
        detect(content, stated=stated)
    assert error.value.message == message


@pytest.mark.parametrize(
    ("content", "stated", "fits"),
    [
        (IN_GB18030, Encoding.UTF_8, "gb18030"),
        (IN_UTF_8, Encoding.GB18030, "utf-8"),
        (b"\xef\xbb\xbfa", Encoding.GB18030, "utf-8"),
        (b"\x84\x31\x95\x33a", Encoding.UTF_8, "gb18030"),
        (b"\xff\xfea\0", Encoding.UTF_8, "utf-16-le"),
        (IN_UTF_8, Encoding.UTF_16_LE, "utf-8"),
        (b"a", Encoding.UTF_16_BE, "utf-8"),
    ],
)
def test_a_stated_encoding_that_no_line_speaks_for_is_refused(content: bytes, stated: Encoding, fits: str) -> None:
    with pytest.raises(SourceError) as error:
        detect(content, stated=stated)
    assert error.value.message == WRONG_ENCODING
    assert error.value.values == {"path": "a.csv", "stated": stated, "fits": fits}


@pytest.mark.parametrize("stated", [Encoding.UTF_8, Encoding.GB18030])
@pytest.mark.parametrize("lines", [[IN_UTF_8, IN_GB18030, IN_GB18030], [IN_UTF_8, IN_UTF_8, IN_GB18030], [b"a"], []])
def test_a_stated_encoding_that_some_line_speaks_for_is_kept(lines: list[bytes], stated: Encoding) -> None:
    assert detect(*lines, stated=stated) == stated


@pytest.mark.parametrize(
    ("line", "encoding", "text", "why"),
    [
        (IN_UTF_8, Encoding.UTF_8, LINE, None),
        (IN_GB18030, Encoding.GB18030, LINE, None),
        (IN_UTF_8, Encoding.GB18030, LINE, FOREIGN_ENCODING),
        (b"\xe4\xb8\xad\xff\n", Encoding.UTF_8, "中\\xff\n", UNDECODABLE),
        (b"\xd6\n", Encoding.GB18030, "\\xd6\n", UNDECODABLE),
        (b"\xd6,\xd6\xd0\r\n", Encoding.GB18030, "\\xd6,中\r\n", UNDECODABLE),
        ("通\n".encode("gb18030"), Encoding.GB18030, "通\n", None),
    ],
)
def test_a_line_of_another_encoding_is_never_believed(line: bytes, encoding: Encoding, text: str, why: object) -> None:
    assert read_line(line, encoding) == (text, why)


@pytest.mark.parametrize("text", ["谢", "café", "m²", "肖谢,1"])
def test_a_file_that_could_be_either_is_refused_until_its_encoding_is_stated(text: str) -> None:
    line = text.encode("utf-8" if not text[0] > "z" else "gb18030")
    with pytest.raises(SourceError) as error:
        detect(b"a,b\n", line)
    assert error.value.message == UNCLEAR_ENCODING
    assert text in error.value.values.values()
    assert [detect(line, stated=each) for each in (Encoding.UTF_8, Encoding.GB18030)] == ["utf-8", "gb18030"]


def test_a_line_with_one_hanzi_in_utf_8_is_foreign_to_gb18030() -> None:
    assert read_line("3,张A\n".encode(), Encoding.GB18030) == ("3,张A\n", FOREIGN_ENCODING)
    assert has_lines_in_utf_8(IN_GB18030 + "3,张A\n".encode())


def test_utf_8_is_found_between_lines_of_gb18030() -> None:
    assert not has_lines_in_utf_8(IN_GB18030 * 3 + b"ascii\n")
    assert has_lines_in_utf_8(IN_GB18030 + IN_UTF_8 + IN_GB18030)
