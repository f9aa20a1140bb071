"""Initials of pinyin, as clerks abbreviate Chinese column names: 执法证号 → zfzh.

The 3755 common characters of GB 2312 (level 1) stand there in the order of their pinyin, so the first character of
each letter tells the letters of all. A rarer character, or one that is read otherwise in a word, stands in `_WORDS`.
"""

from __future__ import annotations

from bisect import bisect

_FIRST_CHARACTERS = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
_LETTERS = "abcdefghjklmnopqrstwxyz"
_STARTS = [character.encode("gb2312") for character in _FIRST_CHARACTERS]
_LAST = "座".encode("gb2312")

_WORDS = {"行业": "hy", "银行": "yh", "重复": "cf"}


def initials(text: str) -> str:
    """The initials in small letters; digits and Latin letters stay, signs fall away, an unknown character is ``?``."""
    for word, letters in _WORDS.items():
        text = text.replace(word, letters)
    return "".join(_initial(character) for character in text if character.isalnum()).lower()


def _initial(character: str) -> str:
    if character.isascii():
        return character
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return "?"
    return _LETTERS[bisect(_STARTS, code) - 1] if _STARTS[0] <= code <= _LAST else "?"
