"""The unit of money that a column's name says, where it says one of those that a map can read, beyond doubt.

A name may say 元 inside of 万美元 or 千元, so a unit counts only where it stands alone and no other currency beside it.
"""

from __future__ import annotations

import re
import unicodedata

from gateway.domain.code_lists import CURRENCIES
from gateway.mapping.number_steps import Unit
from gateway.messages import Message

NO_UNIT = Message(
    "proposal.no_unit",
    zh="列名没有写明金额单位；请核对是元还是万元",
    en="the column's name says no unit of money; find out whether it is 元 or 万元",
)
OTHER_UNIT = Message(
    "proposal.other_unit",
    zh="列名“{column}”写的不是单独的人民币分、元、万元或亿元；请核对单位和币种：外币另写币种字段，"
    "千元、十万元、百万元由来源换算",
    en="the column's name {column!r} does not say 分, 元, 万元 or 亿元 of 人民币 alone; find out unit and currency: "
    "map a foreign currency to its own field, have the source convert 千元, 十万元 or 百万元",
)

_UNITS: tuple[Unit, ...] = ("亿元", "万元", "元", "分")
_BLANKS_AND_OUR_CURRENCY = re.compile(r"\s|人民币|RMB|CNY|¥")
# Behind nothing, a sign, or the end of a word that says an amount; 分 is also a part of many words.
_UNIT = re.compile(r"(?<![^\W_本金额款费值价位计])(亿元|万元|元)(?![/每])|(?<=[(\[:_])分(?=[)\]]|$)")
_MONEY = re.compile(r"[元圆币镑]|美金|法郎|卢布|外汇|" + "|".join(CURRENCIES.codes))


def unit_in(column: str) -> tuple[Unit | None, Message | None]:
    """The unit, or why a person has to say it."""
    text = _BLANKS_AND_OUR_CURRENCY.sub("", unicodedata.normalize("NFKC", column).upper())
    said = _UNIT.search(text)
    if said is None:
        return None, OTHER_UNIT if _MONEY.search(text) else NO_UNIT
    if _MONEY.search(text[: said.start()] + text[said.end() :]):
        return None, OTHER_UNIT
    return next(unit for unit in _UNITS if unit == said[0]), None
