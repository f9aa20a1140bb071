"""Workbooks as a source: .xlsx or .xls by content, one file or several with the same columns, read in name order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import Field

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, Options, Surroundings
from gateway.messages import Message
from gateway.transport import files, workbooks
from gateway.transport.files import find_files, place_of, unchanged
from gateway.transport.workbooks import open_workbook
from gateway_files import workbook_layout, workbook_left_out, workbook_rows
from gateway_files.workbook_layout import Layout, find_layout
from gateway_files.workbook_left_out import LeftOutRule, rows_left_out
from gateway_files.workbook_rows import SheetRows

COLUMNS_DIFFER = Message(
    "workbook.columns_differ",
    zh="“{place}”的列与“{first}”不同：缺少 {missing}；多出 {extra}；同一来源的工作簿列名必须一致（次序可以不同）",
    en="the columns of {place!r} differ from those of {first!r}: missing {missing}; extra {extra}; the workbooks of "
    "one source need the same columns, in any order",
)
MESSAGES = (
    *files.MESSAGES,
    *workbooks.MESSAGES,
    *workbook_layout.MESSAGES,
    *workbook_left_out.MESSAGES,
    *workbook_rows.MESSAGES,
    COLUMNS_DIFFER,
)


class WorkbookOptions(Options):
    """Where the workbooks are and how their forms are laid out; `path` may be a pattern."""

    path: str = Field(min_length=1)
    sheet: str = ""  # a name, or a number from 1 among the sheets that are shown
    header: tuple[str, ...] = ()  # columns that the header must name
    hint_rows: int | None = Field(default=None, ge=0)
    fill_down: tuple[str, ...] = ()
    left_out: tuple[LeftOutRule, ...] = ("hint", "sample", "total", "signature")


class WorkbookSource:
    """Reads workbooks; every cell comes as text, and a row whose cells cannot be taken is set aside as a fault."""

    def __init__(self, options: WorkbookOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._directory = surroundings.directory

    def check(self) -> None:
        """Raise SourceError unless every workbook opens and has one usable header."""
        first: tuple[str, Sequence[str]] | None = None
        for path in self._paths():
            place, layout = self._recognise(path)
            first = first or (place, layout.columns)
            self._rows(place, layout)
            _refuse_other_columns(*first, place, layout.columns)

    def read(self) -> Iterator[Batch]:
        """Read the workbooks one after the other, each held in memory whole."""
        paths = self._paths()
        first: tuple[str, Sequence[str]] | None = None
        with ExitStack() as stack:
            for path in paths:
                stack.enter_context(unchanged(path))
            for path in paths:
                place, layout = self._recognise(path)
                first = first or (place, layout.columns)
                _refuse_other_columns(*first, place, layout.columns)
                for batch in self._rows(place, layout).batches():
                    yield Batch(batch.place, batch.rows.select(ROW, *first[1]), batch.faults, batch.left_out)

    def _paths(self) -> list[Path]:
        # Excel and WPS keep a file named ~$… beside each workbook that somebody has open.
        found = [path for path in find_files(self._directory, self._options.path) if not path.name.startswith("~$")]
        if not found:
            raise SourceError(files.MISSING, path=self._options.path, folder=str(self._directory), nearest="-")
        return found

    def _recognise(self, path: Path) -> tuple[str, Layout]:
        name = place_of(path, self._directory)
        with open_workbook(path) as workbook:
            layout = find_layout(workbook, name, self._options.sheet, self._options.header)
        return f"{name}›{layout.sheet.name}", layout

    def _rows(self, place: str, layout: Layout) -> SheetRows:
        options = self._options
        taken = {cell.row for cell in layout.sheet.odd}
        left_out = rows_left_out(layout, options.left_out, options.hint_rows, taken)
        return SheetRows(layout, place, options.fill_down, left_out)


def _refuse_other_columns(first: str, expected: Sequence[str], place: str, found: Sequence[str]) -> None:
    missing = [each for each in expected if each not in found]
    extra = [each for each in found if each not in expected]
    if missing or extra:
        raise SourceError(
            COLUMNS_DIFFER,
            place=place,
            first=first,
            missing="、".join(missing) or "-",
            extra="、".join(extra) or "-",
        )
