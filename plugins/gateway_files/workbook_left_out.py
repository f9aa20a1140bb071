"""Rows of a form that are no records: title, filling hints, sample rows, 合计 lines, signatures, blank rows.

A rule leaves out what cannot be a record by the shape of its whole row and by where it stands. A row of which that is
not certain is read, and what is wrong with it as a record is said of it then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from gateway.messages import Message
from gateway_files.workbook_layout import WHITE, Layout

LeftOutRule = Literal["hint", "sample", "total", "signature"]

ABOVE_HEADER = Message(
    "workbook.above_header",
    zh="表头之上的行（标题、填报单位等）",
    en="a row above the header",
)
BLANK = Message("workbook.blank_row", zh="空行，不计入读取的行", en="a blank row, which is not counted as read")
HINT = Message(
    "workbook.hint_row",
    zh="紧接表头的填写说明行",
    en="a row of filling hints below the header",
)
SAMPLE = Message(
    "workbook.sample_row",
    zh="标明“案例（请删除）”的样例行",
    en="a sample row, marked 案例（请删除） as one to be deleted",
)
TOTAL = Message(
    "workbook.total_row",
    zh="合计行（合计、总计、小计，其余各格只有数字）",
    en="a row of totals (合计, 总计, 小计, with nothing but numbers beside)",
)
SIGNATURE = Message(
    "workbook.signature_row",
    zh="表尾的签字或附注行（填表人、审核人、备注等）",
    en="a row of signatures or remarks (填表人, 审核人, 备注…) below the list",
)
MESSAGES = (ABOVE_HEADER, BLANK, HINT, SAMPLE, TOTAL, SIGNATURE)

# What a cell of hints says. A row is one of hints where half of its filled cells, two at least, say such a thing.
_HINT = re.compile(
    r"[*＊（(【\[]?(?:非?必填|选填|可不填|可为空|请?填写|请?从?下拉|请选择|例如|例：|如：|格式[：:为是]|不超过 ?[0-9])"
    "|YYYY|yyyy"
    "|.*(?:从下拉列表选择|不超过 ?[0-9]+ ?[个位]?字|[，,；;（(](?:必填|选填))",
    re.DOTALL,
)
_SAMPLE = re.compile("(?:案例|样例|示例|范例)[（(]请?删除[）)]")
_UNITS = "(?:[万亿]?元|[人名户家个项条件次份起张台辆处])"
_TOTAL = re.compile(rf"[合总小共累]\s*计\s*(?:[（(]{_UNITS}[）)])?\s*[:：]?\s*(?:[0-9][0-9.,]{{0,14}}\s*{_UNITS}?)?")
# A total of fifteen digits at most: what is longer, or begins with a zero, is a code.
_NUMBER = re.compile(rf"[-—–/]+|[¥￥]?-?(?:0|[1-9](?:,?[0-9]){{0,14}})(?:\.[0-9]+)?\s*(?:%|{_UNITS})?")
# Who fills a form in, and what a person may be as well; (签字) or (盖章) may stand behind either.
_FORM = (
    "填表人|制表人|填报人|审核人|复核人|审批人|填表单位|填报单位|制表单位|填表日期|填报日期|填报时间|制表日期"
    "|单位盖章|盖章|签字|签名"
)
_ROLE = "经办人|负责人|单位负责人|主要负责人|分管领导|联系人|联系电话|日期"
_LABEL = re.compile(
    rf"(?:(?P<form>{_FORM})|{_ROLE})\s*(?P<sign>[（(][^）)]*[签章][^）)]*[）)])?\s*(?:$|(?P<colon>[:：])(?P<said>.*))",
    re.DOTALL,
)
_REMARK = re.compile(r"(?:备注|附注|注|说明|填表说明)\s*[0-9]?[:：]")
_LONGEST_NAME = 40

Cells = Sequence[str]


def rows_left_out(
    layout: Layout, rules: Collection[LeftOutRule], hint_rows: int | None, taken: Collection[int]
) -> Mapping[int, Message]:
    """Which rows are left out, by their number, and why; `taken` are rows that hold something although they look blank.

    Rows above the header and blank rows are always left out.
    """
    cells = layout.sheet.cells.slice(layout.row).select(pl.all().str.strip_chars(WHITE))
    below = _Below(cells, layout.row + 1, len(layout.columns), frozenset(taken))
    found = dict.fromkeys(range(1, layout.row), ABOVE_HEADER)
    found.update(dict.fromkeys(below.blank(), BLANK))
    if "total" in rules:
        found.update(dict.fromkeys(below.totals(), TOTAL))
    if "signature" in rules:
        found.update(dict.fromkeys(below.signatures(), SIGNATURE))
    found.update(below.hints_and_samples(rules, hint_rows))
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Below:
    """The cells below a header, without the white space around them; `first` is the number of their first row."""

    cells: pl.DataFrame
    first: int
    columns: int  # that have a name
    taken: Collection[int]

    def filled(self, at: int) -> Cells:
        return [cell for cell in self.cells.row(at) if cell]

    def leading(self) -> pl.Series:
        """The first filled cell of each row, null where there is none."""
        filled = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in self.cells.columns]
        return self.cells.select(pl.coalesce(filled)).to_series()

    def blank(self) -> Iterator[int]:
        for at in self.leading().is_null().arg_true():
            if at + self.first not in self.taken:
                yield at + self.first

    def totals(self) -> Iterator[int]:
        for at in self.leading().str.contains(r"^[合总小共累]\s*计").fill_null(value=False).arg_true():
            if _is_total(self.filled(at)):
                yield at + self.first

    def signatures(self) -> Iterator[int]:
        """Those below the last row that could be a record."""
        for at in reversed(range(self.cells.height)):
            filled = self.filled(at)
            if _is_signature(filled, self.columns):
                yield at + self.first
            elif not _is_total(filled) and len(filled) > (1 if self.columns > 2 else 0):
                return

    def hints_and_samples(self, rules: Collection[LeftOutRule], hint_rows: int | None) -> Iterator[tuple[int, Message]]:
        """Those above the first row that could be a record."""
        for at in range(self.cells.height):
            filled = self.filled(at)
            if "hint" in rules and (at < hint_rows if hint_rows is not None else _is_hint(filled)):
                yield at + self.first, HINT
            elif "sample" in rules and any(map(_SAMPLE.match, filled)):
                yield at + self.first, SAMPLE
            elif filled or at + self.first in self.taken:
                return


def _is_hint(filled: Cells) -> bool:
    return sum(map(bool, map(_HINT.match, filled))) >= max(2, len(filled) / 2)


def _is_total(filled: Cells) -> bool:
    return bool(filled and _TOTAL.fullmatch(filled[0])) and all(map(_NUMBER.fullmatch, filled[1:]))


def _is_signature(filled: Cells, columns: int) -> bool:
    """Labels, each with what it asks for behind it; without a colon or (签字), only where no record looks like it."""
    if len(filled) == 1 and _REMARK.match(filled[0]):
        return True
    labels = _labels(filled)
    if any(label["colon"] or label["sign"] for label in labels):
        return True
    of_forms = all(label["form"] for label in labels)
    return bool(labels) and of_forms and (len(labels) > 1 or len(filled) <= columns / 2)


def _labels(filled: Cells) -> Sequence[re.Match[str]]:
    """The labels of a row that holds nothing but labels and a name or a date behind each; none of any other row."""
    found: list[re.Match[str]] = []
    asks = False
    for cell in filled:
        label = _LABEL.fullmatch(cell)
        if label:
            found.append(label)
        elif not asks or len(cell) > _LONGEST_NAME:
            return []
        asks = label is not None and not label["said"]
    return found
