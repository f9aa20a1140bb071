"""Where the rows of a workbook begin: the sheet that holds the header, the header's row, and its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.errors import SourceError
from gateway.interfaces import ROW
from gateway.messages import Message
from gateway.transport.workbooks import Sheet, Workbook
from gateway.transport.workbooks.odd_cells import column_letters

NO_SHEET = Message(
    "workbook.no_sheet",
    zh="工作簿“{place}”中没有工作表“{sheet}”；现有：{sheets}；请更正 sheet",
    en="the workbook {place!r} has no sheet {sheet!r}; there are: {sheets}; correct `sheet`",
)
NO_HEADER = Message(
    "workbook.no_header",
    zh="工作簿“{place}”的工作表 {sheets} 前 {rows} 行中找不到表头；最接近的一行缺少：{missing}；"
    "请核对表样，或更正 header",
    en="the first {rows} rows of the sheets {sheets} of {place!r} hold no header; the nearest row lacks: {missing}; "
    "compare it with the form, or correct `header`",
)
SEVERAL_SHEETS = Message(
    "workbook.several_sheets",
    zh="工作簿“{place}”有几个工作表都带有表头：{sheets}；请在 sheet 中写明读取哪一个，其余另设数据流",
    en="several sheets of {place!r} have a header: {sheets}; name the one to read in `sheet`, and give the others "
    "feeds of their own",
)
DOUBLED_NAME = Message(
    "workbook.doubled_column_name",
    zh="“{place}”的表头（第 {row} 行）有同名的列：“{name}”在 {cells}；请让每列的名称各不相同",
    en="two columns of {place!r} (header in row {row}) have one name: {name!r} at {cells}; give each its own name",
)
RESERVED_NAME = Message(
    "workbook.reserved_column_name",
    zh="“{place}”的表头单元格 {cells} 名为“{name}”，这是网关保留的名称；请改名",
    en="the heading {cells} of {place!r} is {name!r}, which the gateway keeps for itself; rename it",
)
MESSAGES = (NO_SHEET, NO_HEADER, SEVERAL_SHEETS, DOUBLED_NAME, RESERVED_NAME)

WHITE = " \t\r\n\u00a0\u3000\ufeff"  # what a cell may hold and still be empty
SEARCHED_ROWS = 20
# Sheets beside the list itself: 参数表 of code lists, 填表说明, 数据字典.
_BESIDE = re.compile("参数|说明|字典|代码表")


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet with its header: its row (from 1), and the name of each column of `cells`, "" where it has none."""

    sheet: Sheet
    row: int
    names: Sequence[str]

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns that have one."""
        return [name for name in self.names if name]


def find_layout(workbook: Workbook, place: str, sheet: str, wanted: int | Sequence[str]) -> Layout:
    """Find the sheet and the header; raises SourceError where there is none, or more than one.

    `sheet` is a name, a 1-based number among the sheets that are shown, or "" to look through these. `wanted` is the
    header's row, or the columns that it must name; without either it is the first row that fills more than half of the
    used columns.
    """
    names_wanted = () if isinstance(wanted, int) else wanted
    names = _sheets(workbook, place, sheet, names_wanted)
    found: list[Layout] = []
    missing: list[Sequence[str]] = []
    for name in names:
        read = workbook.read(name)
        heads = _head(read)
        row = _row(heads, wanted)
        if row:
            found.append(Layout(read, row, heads[row - 1]))
        missing.append(_missing(heads, names_wanted))
    if not found:
        nearest = min(missing, key=len, default=names_wanted)
        said = {"sheets": "、".join(names) or "-", "missing": "、".join(nearest) or "-"}
        raise SourceError(NO_HEADER, place=place, rows=SEARCHED_ROWS, **said)
    if len(found) > 1:
        raise SourceError(SEVERAL_SHEETS, place=place, sheets="、".join(each.sheet.name for each in found))
    _check_names(found[0], f"{place}›{found[0].sheet.name}")
    return found[0]


def sheets_with_header(workbook: Workbook, place: str) -> list[str]:
    """The sheets of which `find_layout` could take any."""
    found = []
    for name in _sheets(workbook, place, "", ()):
        with suppress(SourceError):
            found.append(find_layout(workbook, place, name, ()).sheet.name)
    return found


def _sheets(workbook: Workbook, place: str, sheet: str, wanted: Sequence[str]) -> Sequence[str]:
    if not sheet:
        return [each for each in workbook.visible if wanted or not _BESIDE.search(each)]
    if sheet in (*workbook.visible, *workbook.hidden):
        return [sheet]
    if sheet.isdecimal() and 1 <= int(sheet) <= len(workbook.visible):
        return [workbook.visible[int(sheet) - 1]]
    known = [*workbook.visible, *workbook.hidden]
    nearest = get_close_matches(sheet, known, n=3, cutoff=0.4) or known
    raise SourceError(NO_SHEET, place=place, sheet=sheet, sheets="、".join(nearest) or "-")


def _head(sheet: Sheet) -> list[list[str]]:
    """The texts of the first rows, as names: without line breaks, and without white space around them."""
    rows = sheet.cells.head(SEARCHED_ROWS).rows()
    return [[re.sub(r"[\r\n]+", "", cell).strip(WHITE) for cell in row] for row in rows]


def _row(heads: Sequence[Sequence[str]], wanted: int | Sequence[str]) -> int:
    """The header's row, 0 where there is none."""
    if isinstance(wanted, int):
        return wanted if wanted <= len(heads) and any(heads[wanted - 1]) else 0
    return _row_of_names(heads, wanted) if wanted else _row_of_many(heads)


def _row_of_names(heads: Sequence[Sequence[str]], wanted: Sequence[str]) -> int:
    return next((at for at, names in enumerate(heads, 1) if set(wanted) <= set(names)), 0)


def _row_of_many(heads: Sequence[Sequence[str]]) -> int:
    used = sum(any(names) for names in zip(*heads, strict=True))
    return next((at for at, names in enumerate(heads, 1) if sum(map(bool, names)) > used / 2), 0)


def _missing(heads: Sequence[Sequence[str]], wanted: Sequence[str]) -> Sequence[str]:
    return min(([each for each in wanted if each not in names] for names in heads), key=len, default=wanted)


def _check_names(layout: Layout, place: str) -> None:
    cells: dict[str, list[str]] = {}
    for at, name in enumerate(layout.names, layout.sheet.first_column):
        if name:
            cells.setdefault(name, []).append(f"{column_letters(at)}{layout.row}")
    for name, named in cells.items():
        wrong = RESERVED_NAME if name == ROW else DOUBLED_NAME if len(named) > 1 else None
        if wrong:
            raise SourceError(wrong, place=place, row=layout.row, name=name, cells="、".join(named))
