"""Workbooks as a source: .xlsx or .xls by content, one file or several with the same columns, read in name order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, PositiveInt

from gateway.interfaces import Surroundings
from gateway.messages import Message
from gateway.transport import workbooks
from gateway.transport.workbooks import open_workbook
from gateway_files import places, workbook_layout, workbook_left_out, workbook_rows
from gateway_files.file_source import FileSource, OpenedFile
from gateway_files.places import FileOptions
from gateway_files.workbook_layout import find_layout, sheets_with_header
from gateway_files.workbook_left_out import LeftOutRule, rows_left_out
from gateway_files.workbook_rows import SheetRows

COLUMNS_DIFFER = Message(
    "workbook.columns_differ",
    zh="“{place}”的列与“{first}”不同：缺少 {missing}；多出 {extra}；同一来源的工作簿列名必须一致（次序可以不同）",
    en="the columns of {place!r} differ from those of {first!r}: missing {missing}; extra {extra}; the workbooks of "
    "one source need the same columns, in any order",
)
MESSAGES = (
    *places.MESSAGES,
    *workbooks.MESSAGES,
    *workbook_layout.MESSAGES,
    *workbook_left_out.MESSAGES,
    *workbook_rows.MESSAGES,
    COLUMNS_DIFFER,
)


class WorkbookOptions(FileOptions, defer_build=True):
    """Where the workbooks are and how their forms are laid out."""

    sheet: str = ""  # a name, or a number from 1 among the sheets that are shown
    header: PositiveInt | tuple[str, ...] = ()  # its row, or columns that it must name
    hint_rows: int | None = Field(default=None, ge=0)
    fill_down: tuple[str, ...] = ()
    left_out: tuple[LeftOutRule, ...] = ("hint", "sample", "total", "signature")


class WorkbookSource(FileSource):
    """Reads workbooks; every cell comes as text, and a row whose cells cannot be taken is set aside as a fault."""

    columns_differ = COLUMNS_DIFFER
    order_counts = False

    def __init__(self, options: WorkbookOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._options = options

    @classmethod
    def proposals(cls, path: Path, given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Each sheet that has a header, where there are several and none is named."""
        if given.get("sheet") or given.get("header"):
            return [given]
        with open_workbook(path) as workbook:
            sheets = sheets_with_header(workbook, path.name)
        return [{**given, "sheet": sheet} for sheet in sheets] if len(sheets) > 1 else [given]

    def opened(self, path: Path, place: str) -> OpenedFile:
        """Find the sheet and its header; the workbook is held in memory whole."""
        options = self._options
        with open_workbook(path) as workbook:
            layout = find_layout(workbook, place, options.sheet, options.header)
        taken = {cell.row for cell in layout.sheet.odd}
        left_out = rows_left_out(layout, options.left_out, options.hint_rows, taken)
        shown = f"{place}›{layout.sheet.name}"
        rows = SheetRows(layout, shown, options.fill_down, left_out)
        return OpenedFile(shown, layout.columns, rows.batches)
