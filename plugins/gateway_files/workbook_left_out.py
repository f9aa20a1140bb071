"""Rows of a form that are no records: title, filling hints, sample rows, 合计 lines, signatures, blank rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

import polars as pl

from gateway.messages import Message
from gateway_files.workbook_layout import WHITE, Layout

LeftOutRule = Literal["hint", "sample", "total", "signature"]

ABOVE_HEADER = Message("workbook.above_header", zh="表头之上的行（标题、填报单位等）", en="a row above the header")
BLANK = Message("workbook.blank_row", zh="空行，不计入读取的行", en="a blank row, which is not counted as read")
HINT = Message("workbook.hint_row", zh="表头之下的填写说明行", en="a row of filling hints below the header")
SAMPLE = Message(
    "workbook.sample_row",
    zh="样例行（“案例（请删除）”）",
    en="a sample row, marked 案例（请删除） as one to be deleted",
)
TOTAL = Message("workbook.total_row", zh="合计行（合计、总计、小计）", en="a row of totals (合计, 总计, 小计)")
SIGNATURE = Message(
    "workbook.signature_row",
    zh="签字或附注行（填表人、审核人、负责人、备注等）",
    en="a row of signatures or remarks (填表人, 审核人, 负责人, 备注…)",
)
MESSAGES = (ABOVE_HEADER, BLANK, HINT, SAMPLE, TOTAL, SIGNATURE)

# Words that hints are made of. A row is one of hints where half of its filled cells, two at least, hold such a word.
_HINT = re.compile("必填|选填|可不填|可为空|填写|格式|例如|如：|下拉|不超过|[0-9] ?[个位]?字|YYYY|yyyy")
_SAMPLE = "(?:案例|样例|示例|范例)[（(]请?删除[）)]"
# Of the first filled cell of a row, which in a record is a number, a name or a code.
_TOTAL = r"^(?:合|总|小|共|累)[\s\u3000]*计[\s\u3000]*(?:$|[:：（(0-9])"
_SIGNATURE = (
    "^(?:填表人|制表人|填报人|经办人|审核人|复核人|审批人|负责人|单位负责人|主要负责人|分管领导|联系人|联系电话|填表单位|填报单位"
    r"|填表日期|填报日期|填报时间|制表日期|制表单位|单位盖章|盖章|签字|签名|日期)[\s\u3000]*(?:[（(][^）)]*[）)])?[\s\u3000]*(?:$|[:：])"
    r"|^(?:备注|附注|注|说明|填表说明)[\s\u3000]*[0-9]?[:：]"
)


def rows_left_out(
    layout: Layout, rules: Collection[LeftOutRule], hint_rows: int | None, taken: Collection[int]
) -> Mapping[int, Message]:
    """Which rows are left out, by their number, and why; `taken` are rows that hold something although they look blank.

    Rows above the header and blank rows are always left out.
    """
    cells = layout.sheet.cells
    found: dict[int, Message] = {}
    if "hint" in rules:
        found.update(dict.fromkeys(_hints(layout, hint_rows), HINT))
    if cells.height > layout.row:
        below = cells.slice(layout.row).select(pl.all().str.strip_chars(WHITE))
        for number, message in _below(below, rules, taken, layout.row + 1):
            found.setdefault(number, message)
    for number in range(1, layout.row):
        blank = not any(cell.strip(WHITE) for cell in cells.row(number - 1))
        found[number] = BLANK if blank else ABOVE_HEADER
    return dict(sorted(found.items()))


def _below(
    cells: pl.DataFrame, rules: Collection[LeftOutRule], taken: Collection[int], first: int
) -> Iterator[tuple[int, Message]]:
    filled = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in cells.columns]
    leading = cells.select(pl.coalesce(filled)).to_series()
    for at in leading.is_null().arg_true():
        if at + first not in taken:
            yield at + first, BLANK
    asked = {"total": (TOTAL, _TOTAL), "signature": (SIGNATURE, _SIGNATURE)}
    if "sample" in rules:
        sample = cells.select(pl.any_horizontal(pl.all().str.contains(_SAMPLE))).to_series()
        yield from ((at + first, SAMPLE) for at in sample.arg_true())
    for name, (message, pattern) in asked.items():
        if name in rules:
            yield from ((at + first, message) for at in leading.str.contains(pattern).fill_null(False).arg_true())


def _hints(layout: Layout, count: int | None) -> Iterator[int]:
    """The rows directly below the header that hold hints: as many as declared, or those that read like hints."""
    rows = layout.sheet.cells
    if count is not None:
        yield from range(layout.row + 1, min(layout.row + count, rows.height) + 1)
        return
    for number in range(layout.row + 1, rows.height + 1):
        filled = [cell for cell in rows.row(number - 1) if cell.strip(WHITE)]
        hints = sum(bool(_HINT.search(cell)) for cell in filled)
        if hints < max(2, len(filled) / 2):
            return
        yield number
