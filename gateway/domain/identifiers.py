"""The identifiers of enterprises and persons: vectorised checks, and the check characters that generators need.

Each `is_…` takes text and gives a Boolean: null stays null, and every other text, however odd, is true or false.
Nothing is trimmed, raised to capitals or brought to half width: that is the field map's to do, in the open.

A check is a shape (a regular expression) and a sum of weighted character values. The sum of a text of another shape
is null or nonsense, which the shape's `false` overrules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add

import polars as pl

DIGITS = "0123456789"
DIGITS_AND_X = DIGITS + "X"
DIGITS_AND_LETTERS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# GB 32100-2015 leaves out I O S V Z.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

# The first two characters of a USCC: 登记管理部门 → its 机构类别, after a published quotation of GB 32100-2015/XG1;
# 54 and 55 are not in it, but are met in registers.
USCC_KINDS: Mapping[str, str] = {
    "1": "1239",  # 机构编制
    "2": "19",  # 外交
    "3": "123459",  # 司法行政
    "4": "19",  # 文化
    "5": "123459",  # 民政
    "6": "129",  # 旅游
    "7": "129",  # 宗教
    "8": "19",  # 工会
    "9": "123",  # 市场监管: 企业, 个体工商户, 农民专业合作社
    "A": "19",  # 中央军委改革和编制办公室
    "N": "1239",  # 农业: 组, 村, 乡镇 集体经济组织
    "Y": "1",  # 其他
}

# GB 11714
ORGANIZATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

# GB 11643, ISO 7064 MOD 11-2
RESIDENT_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))

# The provinces that a resident id may start with (GB/T 2260), and 83, which residents from 台湾 are given.
_PROVINCES = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]"

_USCC_PREFIX = "|".join(f"{authority}[{kinds}]" for authority, kinds in USCC_KINDS.items())
_USCC_SHAPE = rf"\A(?:{_USCC_PREFIX})[0-9]{{6}}[{USCC_ALPHABET}]{{10}}\z"
_ORGANIZATION_SHAPE = r"\A[0-9A-Z]{8}-?[0-9X]\z"
_REGISTRATION_SHAPE = r"\A[0-9]{15}\z"
_RESIDENT_SHAPE = rf"\A(?:{_PROVINCES})[0-9]{{4}}(?:18|19|20)[0-9]{{9}}[0-9X]\z"


def is_uscc(text: pl.Expr) -> pl.Expr:
    """Whether the text is a 统一社会信用代码 in capital letters (GB 32100-2015)."""
    check = _value(text, -1, USCC_ALPHABET)
    return text.str.contains(_USCC_SHAPE) & ((_weighted_sum(text, USCC_WEIGHTS, USCC_ALPHABET) + check) % 31 == 0)


def is_organization_code(text: pl.Expr) -> pl.Expr:
    """Whether the text is an 组织机构代码, with or without its hyphen (GB 11714)."""
    check = _value(text, -1, DIGITS_AND_X)
    total = _weighted_sum(text, ORGANIZATION_WEIGHTS, DIGITS_AND_LETTERS)
    return text.str.contains(_ORGANIZATION_SHAPE) & ((total + check) % 11 == 0)


def is_registration_number(text: pl.Expr) -> pl.Expr:
    """Whether the text is a 15-digit 注册号 (GS15-2006, ISO 7064 MOD 11,10)."""
    product: pl.Expr = pl.lit(10, pl.UInt16)
    for place in range(14):
        product = ((product + _value(text, place, DIGITS) + 9) % 10 + 1) * 2 % 11
    return text.str.contains(_REGISTRATION_SHAPE) & ((product + _value(text, 14, DIGITS)) % 10 == 1)


def is_resident_id(text: pl.Expr) -> pl.Expr:
    """Whether the text is a 公民身份号码 of a known province and a birth date that exists (GB 11643).

    A date in the future passes: what day it is, only the caller knows.
    """
    born = text.str.slice(6, 8).str.to_date("%Y%m%d", strict=False).is_not_null() | text.is_null()
    check = _value(text, -1, DIGITS_AND_X)
    total = _weighted_sum(text, RESIDENT_WEIGHTS, DIGITS)
    return text.str.contains(_RESIDENT_SHAPE) & born & ((total + check) % 11 == 1)


def check_character_uscc(first17: str) -> str:
    """The 18th character of a USCC; raises ValueError for other than 17 characters of its alphabet."""
    return USCC_ALPHABET[-_plain_sum(first17, USCC_WEIGHTS, USCC_ALPHABET) % 31]


def check_character_organization_code(first8: str) -> str:
    """The 9th character of an organization code; raises ValueError for other than 8 digits and capital letters."""
    return DIGITS_AND_X[-_plain_sum(first8, ORGANIZATION_WEIGHTS, DIGITS_AND_LETTERS) % 11]


def check_character_registration_number(first14: str) -> str:
    """The 15th digit of a registration number; raises ValueError for other than 14 digits."""
    product = 10
    for value in _plain_values(first14, 14, DIGITS):
        product = ((product + value - 1) % 10 + 1) * 2 % 11
    return DIGITS[(1 - product) % 10]


def check_character_resident_id(first17: str) -> str:
    """The 18th character of a resident id; raises ValueError for other than 17 digits."""
    return DIGITS_AND_X[(1 - _plain_sum(first17, RESIDENT_WEIGHTS, DIGITS)) % 11]


def _value(text: pl.Expr, place: int, alphabet: str) -> pl.Expr:
    """The value of the character at a place (from the end where negative); null where there is none."""
    byte = text.cast(pl.Binary).bin.get(place, null_on_oob=True)
    values = range(len(alphabet))
    return byte.replace_strict(list(alphabet.encode()), list(values), default=None, return_dtype=pl.UInt16)


def _weighted_sum(text: pl.Expr, weights: Iterable[int], alphabet: str) -> pl.Expr:
    return reduce(add, (_value(text, place, alphabet) * weight for place, weight in enumerate(weights)))


def _plain_values(text: str, length: int, alphabet: str) -> list[int]:
    if len(text) != length:
        raise ValueError(f"{text!r} has {len(text)} characters, {length} are expected")
    return [alphabet.index(character) for character in text]


def _plain_sum(text: str, weights: tuple[int, ...], alphabet: str) -> int:
    values = _plain_values(text, len(weights), alphabet)
    return sum(value * weight for value, weight in zip(values, weights, strict=True))
