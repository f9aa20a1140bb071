"""Steps that tidy or take apart texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import polars as pl
from pydantic import Field, field_validator

from gateway.domain.findings import Outcome
from gateway.mapping.map_errors import Wrong
from gateway.mapping.step import Fault, Step
from gateway.messages import Message

RAISED = Message(
    "map.upper",
    zh="“{column}”的值“{value}”含小写字母，已转为大写后采用；请在来源系统中改正",
    en="{column} {value!r} holds lower-case letters, it was raised to capitals and taken; correct it at the source",
)
NO_MATCH = Message(
    "map.pattern",
    zh="“{column}”的值“{value}”不符合约定的写法（{pattern}），无法取出{field}；请按约定写法更正",
    en="{column} {value!r} does not match {pattern}, so {field} cannot be taken from it; correct how it is written",
)
JOINED = Message(
    "map.join",
    zh="“{column}”的值“{value}”中有一项本身含有“{separator}”，以它连接后分不清各项，{field}没有采用；"
    "请更正该值，或由管理员改用别的连接符",
    en="a part of {column} {value!r} holds {separator!r} itself, and joined by it the parts could not be told apart, "
    "so {field} is not taken; correct the value, or have the map join by another sign",
)
BAD_PATTERN = Message(
    "map.bad_pattern",
    zh="{file} 的 {where}：正则表达式“{pattern}”不可用：{what}；须恰好有一个括号组，其他括号写成 (?:…)",
    en="{file}, {where}: the pattern {pattern!r} cannot be used: {what}; it needs one group, write the others (?:…)",
)

# White space and what has no width, at either end. C0 and C1 controls other than tab, LF and CR are left standing:
# they are a fault that the checks must see.
_STRIPPED = "".join(
    map(chr, (0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x1680, *range(0x2000, 0x200E), 0x2028, 0x2029, 0x202F, 0x205F, 0x2060))
) + "\u3000\u180e\ufeff"  # fmt: skip

_HALF_WIDTH = {chr(0xFF01 + offset): chr(0x21 + offset) for offset in range(94)} | {"\u3000": " "}


def means_empty(text: pl.Expr, empties: Sequence[str]) -> pl.Expr:
    """Whether a text is one of those that mean empty, with or without white space at its ends."""
    said = "|".join(map(pl.escape_regex, empties))
    return text.str.contains(rf"\A[{_STRIPPED}]*(?:{said})[{_STRIPPED}]*\z")


class Strip(Step):
    """Takes white space off both ends, U+3000 and what has no width included."""

    name = "strip"
    words = Message("step.strip", zh="去掉首尾空白（含全角空格、零宽字符）", en="without white space at the ends")
    each_element = True
    may_empty = True

    def _work(self, before: pl.Expr) -> pl.Expr:
        return before.str.strip_chars(_STRIPPED)


class HalfWidth(Step):
    """Brings full-width letters, digits, signs and spaces to half width."""

    name = "half_width"
    words = Message("step.half_width", zh="全角转半角", en="full width to half width")
    each_element = True

    def _work(self, before: pl.Expr) -> pl.Expr:
        return before.str.replace_many(_HALF_WIDTH)


class Upper(Step):
    """Raises letters to capitals; a value that it changed is noted."""

    name = "upper"
    words = Message("step.upper", zh="小写字母转大写并留注", en="raised to capitals, with a note")
    each_element = True
    fault = Fault(RAISED, Outcome.NOTE)

    def _work(self, before: pl.Expr) -> pl.Expr:
        return before.str.to_uppercase()

    def fails(self, before: pl.Expr, after: pl.Expr) -> pl.Expr:
        """Say which values it changed."""
        return before != after

    def fails_in_parts(self, before: pl.Expr, after: pl.Expr) -> pl.Expr:
        """Say which multi-values it changed."""
        return before != after


class Empty(Step):
    """Texts that mean empty at this point, compared whole, save white space at the ends."""

    name = "empty"
    words = Message("step.empty", zh="视为空：{texts}", en="empty if {texts}")
    argument = "texts"
    each_element = True
    may_empty = True

    texts: tuple[str, ...] = Field(min_length=1)

    @field_validator("texts", mode="before")
    @classmethod
    def _one_or_more(cls, said: object) -> object:
        return (said,) if isinstance(said, str) else said

    def _work(self, before: pl.Expr) -> pl.Expr:
        return pl.when(means_empty(before, self.texts)).then(pl.lit("")).otherwise(before)


class Extract(Step):
    """The part of a text that the one group of a pattern matches; an empty part means absent."""

    name = "extract"
    words = Message("step.extract", zh="取出 {pattern} 中括号所指部分", en="the group of {pattern}")
    argument = "pattern"
    each_element = True
    may_empty = True
    fault = Fault(NO_MATCH, Outcome.REJECTED)

    pattern: str

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        try:
            groups = pl.LazyFrame({"": [""]}).select(pl.col("").str.extract_groups(pattern)).collect_schema()[""]
        except pl.exceptions.PolarsError as error:
            what = str(error).splitlines()[-1].removeprefix("error: ")
            raise Wrong(BAD_PATTERN, pattern=pattern, what=what) from error
        if not isinstance(groups, pl.Struct) or len(groups.fields) != 1:
            count = len(groups.fields) if isinstance(groups, pl.Struct) else 0
            raise Wrong(BAD_PATTERN, pattern=pattern, what=f"{count} groups")
        return pattern

    def _work(self, before: pl.Expr) -> pl.Expr:
        return before.str.extract(self.pattern, 1)


class Split(Step):
    """Takes a multi-value apart; the steps up to the next `join` work on each part, and empty parts fall away."""

    name = "split"
    words = Message("step.split", zh="按“{separator}”拆成多值", en="split at {separator!r}")
    argument = "separator"
    may_empty = True

    separator: str = Field(min_length=1)

    def _work(self, before: pl.Expr) -> pl.Expr:
        return before.str.split(self.separator)


class Join(Step):
    """Puts the parts of a multi-value together again; by a sign that none of them holds, or by white space or none."""

    name = "join"
    words = Message("step.join", zh="多值以“{separator}”连接", en="joined by {separator!r}")
    argument = "separator"
    takes: ClassVar = (pl.List,)
    fault = Fault(JOINED, Outcome.REJECTED)

    separator: str

    def _work(self, before: pl.Expr) -> pl.Expr:
        parts = before.list.drop_nulls()
        together = parts.list.join(self.separator)
        if not self.separator.strip():
            return together
        return pl.when((parts.list.len() == 0) | (together.str.split(self.separator) == parts)).then(together)
