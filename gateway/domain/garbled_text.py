"""Text in GB18030 that somebody read as UTF-8: 欧伟 became ŷΰ, which no language writes.

Nearly a fifth of the commonest Chinese characters are, by their two bytes, a letter of UTF-8 too: Latin, Greek,
Cyrillic, Armenian, Hebrew or Arabic. Words of them mix scripts. A word that keeps to one script may be what it says.
"""

from __future__ import annotations

import re
import unicodedata

# Words of characters that take two bytes in UTF-8, which are no part of a word in ASCII or of a Chinese one.
_WORD = re.compile("(?<![A-Za-z\u0800-\U0010ffff])[\u00a1-\u07ff]{2,}(?![A-Za-z\u0800-\U0010ffff])")
# U+FFFD stands for a character that was lost before, and only in a text that is Unicode.
_OF_CHINESE = re.compile("[\0-\x7f·—‘’“”…\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\ufffd]*")
_HANZI = re.compile("[\u4e00-\u9fff]")
_JOINS = "·"  # stands between the parts of names in any script


def misread(text: str) -> str:
    """The text in GB18030, where a word mixes scripts and is plain Chinese there; "" for any other text."""
    for word in _WORD.findall(text):
        reading = _in_gb18030(word)
        if reading and _is_mixed(word) and is_plain_chinese(reading):
            return _in_gb18030(text) or reading
    return ""


def mixes_scripts(text: str) -> bool:
    """Whether a word holds letters of several scripts, as no language has them."""
    return any(map(_is_mixed, _WORD.findall(text)))


def is_plain_chinese(text: str) -> bool:
    """Whether it holds common hanzi (those of GB 2312), and beside them ASCII and Chinese punctuation alone."""
    hanzi = "".join(_HANZI.findall(text))
    try:
        hanzi.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return bool(hanzi) and _OF_CHINESE.fullmatch(text) is not None


def _is_mixed(word: str) -> bool:
    scripts = {unicodedata.name(each, "?").partition(" ")[0] for each in word if each not in _JOINS}
    return len(scripts) > 1 and any(each.isalpha() or unicodedata.combining(each) for each in word)


def _in_gb18030(text: str) -> str:
    try:
        return text.encode().decode("gb18030")
    except UnicodeDecodeError:
        return ""
