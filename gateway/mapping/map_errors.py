"""What is wrong with a field map, said with its file, the place in it, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from gateway.errors import StartError
from gateway.messages import Message, listed

MARK = "待确认"
UNCONFIRMED = Message(
    "map.unconfirmed",
    zh="{file} 是 gateway discover 提出的建议，还有“待确认”一行；请逐行核对，补上其中的 ?，然后删去这一行",
    en="{file} is a proposal of gateway discover and still says 待确认; look at every line, fill in what it leaves as "
    "?, then take the line 待确认 out",
)
UNKNOWN_KEY = Message(
    "map.unknown_key",
    zh="{file} 的 {where} 中没有“{name}”这一项；最接近的是：{nearest}；允许的有：{allowed}",
    en="{file}, {where}: there is no {name!r} here; the nearest are: {nearest}; allowed are: {allowed}",
)
UNKNOWN_STEP = Message(
    "map.unknown_step",
    zh="{file} 的 {where}：没有名为“{name}”的步骤；最接近的是：{nearest}；全部步骤：{allowed}",
    en="{file}, {where}: there is no step named {name!r}; the nearest are: {nearest}; the steps are: {allowed}",
)
UNKNOWN_FIELD = Message(
    "map.unknown_field",
    zh="{file} 的 fields：数据集 {dataset} 没有字段“{name}”；相近或现有的：{nearest}",
    en="{file}, fields: {dataset} has no field {name!r}; near or there are: {nearest}",
)
UNKNOWN_COLUMN = Message(
    "map.unknown_column",
    zh="{file} 的 {where}：来源没有列“{name}”；相近或现有的：{nearest}",
    en="{file}, {where}: the source has no column {name!r}; near or there are: {nearest}",
)
WRONG_VALUE = Message(
    "map.wrong_value",
    zh="{file} 的 {where} 有误：{what_zh}；请按字段映射参考（docs/reference/field-maps.md）改正",
    en="{file}, {where} is wrong: {what}; see docs/reference/field-maps.md",
)
WRONG_SHAPE = Message(
    "map.wrong_shape",
    zh="{file} 的 {where} 应写成{expected_zh}，实际是“{found}”",
    en="{file}, {where} should be {expected}, but is {found!r}",
)
ORIGIN = Message(
    "map.origin",
    zh="{file} 的 {where} 应恰好写明一种来历（{allowed}），实际写了：{found}",
    en="{file}, {where} should say exactly one of {allowed}, but says: {found}",
)
OTHER_PATH = Message(
    "map.other_path",
    zh="{file} 写着 map: {said}，与其所在位置不符；应为该文件在 mappings/ 下的路径，不带 .yml",
    en="{file} says map: {said}, which is not where it stands; say its path below mappings/ without .yml",
)
TWO_DEFAULTS = Message(
    "map.two_defaults",
    zh="{file}：列“{column}”有两个不同的 default；一列缺失时只能有一个替代值",
    en="{file}: the column {column!r} has two different defaults; what stands in for a column can be one text only",
)
WRONG_TYPE = Message(
    "map.wrong_type",
    zh="{file} 的 {where}：各步骤得到的是 {found}，而该字段需要 {expected}；可用步骤：{advice}",
    en="{file}, {where}: the steps give {found}, but the field holds {expected}; a step for it: {advice}",
)
UNWORKABLE = Message(
    "map.unworkable",
    zh="{file} 的 {where} 无法计算：{what}",
    en="{file}, {where} cannot be worked out: {what}",
)
STEP_UNFIT = Message(
    "map.step_unfit",
    zh="{file} 的 {where}：步骤 {step} 不能用于 {found}，只能用于 {takes}",
    en="{file}, {where}: the step {step} does not take {found}, it takes {takes}",
)
WRONG_CONSTANT = Message(
    "map.wrong_constant",
    zh="{file} 的 {where}：常量“{value}”不能通过自己的步骤 {step}",
    en="{file}, {where}: the constant {value!r} does not pass its own step {step}",
)
NOT_COVERED = Message(
    "map.not_covered",
    zh="{file} 没有给出数据集 {dataset} 的必填字段：{fields}；请为它们写明来历",
    en="{file} does not fill the required fields of {dataset}: {fields}; say where they come from",
)


class Wrong(Exception):
    """What is wrong with an argument of a step or an origin, before it is known where that stands."""

    def __init__(self, message: Message, **values: Any) -> None:
        super().__init__(message.code)
        self.message = message
        self.blanks = values

    def at(self, file: str, where: str) -> StartError:
        """Say it with its file and place."""
        return StartError(self.message, file=file, where=where, **self.blanks)


def alike(name: str, known: Iterable[str]) -> str:
    """The known names most like this one as a message lists them, a dash where none is like it."""
    return listed(get_close_matches(name, sorted(known), n=3, cutoff=0.5))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names most like this one, or those that there are where none is like it."""
    return listed(get_close_matches(name, names := sorted(known), n=3, cutoff=0.5) or names)
