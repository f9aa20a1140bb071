"""The checks of every text that no code list limits: nothing unseen, nothing destroyed, nothing for no value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from gateway.checking.check import Check
from gateway.checking.control_characters import rows_with_control_characters
from gateway.checking.lost_values import (
    named,
    rows_as_text,
    rows_destroyed,
    rows_misread,
    rows_of_private_use,
    rows_shortened,
    rows_without_value,
)
from gateway.checking.text_bytes import TextBytes
from gateway.domain.dataset import Field
from gateway.domain.findings import Outcome
from gateway.messages import Message

CONTROL = Message(
    "field.control",
    zh="{title}“{value}”含不可见的控制字符（以 <U+…> 标出）；请删去",
    en="{field} {value!r} holds invisible control characters (shown as <U+…>); remove them",
)
NO_VALUE = Message(
    "field.no_value",
    zh="{title}“{value}”是表格出错或程序没有值时写下的字样，不是内容；请填写实际内容，没有则留空"
    "（来源一贯这样表示空值的，在字段映射中用 empty 写明）",
    en="{field} {value!r} is what a spreadsheet shows for an error or a program for no value; enter the value, or "
    "leave it empty (a source that always writes this for nothing says so with `empty` in its field map)",
)
DIGITS_LOST = Message(
    "field.digits_lost",
    zh="{title}“{value}”是科学计数法的数字，原来的各位数字可能已丢失；请将该项按文本填写、导出",
    en="{field} {value!r} is a number in scientific notation, digits of the original may be lost; enter and export it "
    "as text",
)
AS_TEXT = Message(
    "field.as_text",
    zh='{title}“{value}”带有电子表格的文本标记（="…" 或开头的 \'）；请去掉标记后导出，'
    "或在字段映射中用 extract 取出内容",
    en="{field} {value!r} stands in a spreadsheet's marks for text (=\"…\" or a leading '); export it without them, or "
    "take the value out with `extract` in the field map",
)
DESTROYED = Message(
    "field.destroyed",
    zh="{title}“{value}”中有文字在转换编码时已丢失（显示为 <U+FFFD> 或“锟斤拷”）；请让对方从原始数据重新导出",
    en="{field} {value!r} lost characters when its encoding was changed (shown as <U+FFFD> or 锟斤拷); have it "
    "exported again from the original",
)
PRIVATE_USE = Message(
    "field.private_use",
    zh="{title}“{value}”含专用区字符（以 <U+…> 标出，多为旧系统的生僻字），在别处无法显示；请改用标准汉字",
    en="{field} {value!r} holds characters of private use (shown as <U+…>, often rare hanzi of an old system) that "
    "show nowhere else; use the standard ones",
)
MISREAD = Message(
    "field.misread",
    zh="{title}“{value}”是把 GB18030 编码当作 UTF-8 读出的乱码；请让对方统一编码后重新提供",
    en="{field} {value!r} was written in GB18030 and read as UTF-8; have it sent again in one encoding",
)
MESSAGES = (CONTROL, NO_VALUE, DIGITS_LOST, AS_TEXT, DESTROYED, PRIVATE_USE, MISREAD)

_Finder = Callable[[TextBytes, int | None], pl.Series]
_FINDERS: tuple[tuple[Message, Outcome, _Finder], ...] = (
    (CONTROL, Outcome.REJECTED, rows_with_control_characters),
    (NO_VALUE, Outcome.REJECTED, lambda column, _: rows_without_value(column)),
    (DIGITS_LOST, Outcome.REJECTED, lambda column, _: rows_shortened(column)),
    (AS_TEXT, Outcome.REJECTED, lambda column, _: rows_as_text(column)),
    (DESTROYED, Outcome.REJECTED, lambda column, _: rows_destroyed(column)),
    (PRIVATE_USE, Outcome.HELD, lambda column, _: rows_of_private_use(column)),
    (MISREAD, Outcome.REJECTED, lambda column, _: rows_misread(column)),
)


@dataclass(frozen=True, slots=True)
class TextChecks:
    """The checks of one field."""

    field: Field

    def failing(self, texts: pl.Series) -> Iterator[tuple[Check, pl.Series, pl.Series]]:
        """Each check that fails somewhere, with the rows and the values there as a person can see them."""
        column = TextBytes(texts)
        for message, outcome, find in _FINDERS:
            rows = find(column, self.field.length)
            if rows.len():
                values = texts.gather(rows)
                shown = pl.Series(map(named, values), dtype=pl.String) if message is PRIVATE_USE else values
                yield Check(message, outcome, self.field, fails=pl.lit(value=False)), rows, shown
