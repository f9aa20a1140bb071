"""Issues as a workbook to hand back to a department: a sheet a feed, every original cell in its own column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from gateway.domain.dataset import Dataset
from gateway.messages import Catalogue, Language, Message
from gateway.operations.issue_sentences import OUTCOMES, field_title, issue_sentence, original_cells
from gateway.state.database import Database
from gateway.state.issue_list import IssueFilter, ListedIssue, count_issues, read_issues

# Excel's own limits.
_MOST_ROWS, _MOST_CHARACTERS, _LONGEST_NAME = 1_048_575, 32_767, 31
_NOT_IN_A_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))


@dataclass(frozen=True)
class Reader:
    """Who the workbook is for: the language, and what the sentences are made of."""

    messages: Catalogue
    datasets: Mapping[str, Dataset]
    language: Language

    def outcome(self, issue: ListedIssue) -> str:
        """The outcome in a word."""
        message = OUTCOMES.get(issue.outcome)
        return message.text(self.language, {}) if message else issue.outcome

    def reason(self, issue: ListedIssue) -> str:
        """The sentence."""
        return issue_sentence(issue, self.messages, self.datasets, self.language)

    def field(self, issue: ListedIssue) -> str:
        """The field as its reader calls it."""
        return field_title(issue, self.datasets) if self.language == "zh" else issue.field


@dataclass(frozen=True)
class _Column:
    heading: Message
    width: int
    cell: Callable[[Reader, ListedIssue], Any]


_COLUMNS = (
    _Column(Message("export.number", "编号", "number"), 8, lambda _, issue: issue.id),
    _Column(Message("export.outcome", "结果", "outcome"), 9, Reader.outcome),
    _Column(Message("export.place", "位置", "place"), 30, lambda _, issue: issue.place),
    _Column(Message("export.row", "行", "row"), 8, lambda _, issue: issue.row),
    _Column(Message("export.reason", "原因", "reason"), 70, Reader.reason),
    _Column(Message("export.field", "字段", "field"), 16, Reader.field),
    _Column(Message("export.column", "来源列", "column"), 16, lambda _, issue: issue.column),
    _Column(Message("export.value", "值", "value"), 24, lambda _, issue: issue.value),
    _Column(Message("export.record_key", "记录标识", "record key"), 40, lambda _, issue: issue.record_key),
    _Column(Message("export.first_run", "首次运行", "first run"), 9, lambda _, issue: issue.first_run),
    _Column(Message("export.last_run", "最近运行", "last run"), 9, lambda _, issue: issue.last_run),
    _Column(
        Message("export.raw_line", "原始行", "raw line"),
        30,
        lambda _, issue: None if original_cells(issue) else issue.original,
    ),
)
_ORIGINAL_WIDTH = 18


def export_issues(database: Database, wanted: IssueFilter, reader: Reader, file: Path) -> int:
    """Write the wanted issues and return how many there were; every cell is text, so none becomes a formula.

    The file appears when it is complete. Raises OSError where it cannot be written.
    """
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("wb") as stream:  # opened first: a workbook that cannot be saved leaves its parts behind
            count = _write(database, wanted, reader, stream)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _write(database: Database, wanted: IssueFilter, reader: Reader, stream: BinaryIO) -> int:
    with database.read() as connection, xlsxwriter.Workbook(stream, {"constant_memory": True}) as workbook:
        feeds = list(dict.fromkeys(feed for feed, _ in count_issues(connection, wanted)))
        names = _sheet_names(feeds)
        if not feeds:
            _Sheet(workbook, "-", [], reader)
        return sum(_write_feed(connection, workbook, names[feed], replace(wanted, feed=feed), reader) for feed in feeds)


def _write_feed(connection: Any, workbook: Any, name: str, wanted: IssueFilter, reader: Reader) -> int:
    originals: dict[str, None] = {}
    for issue in read_issues(connection, wanted):
        originals.update(dict.fromkeys(original_cells(issue)))
    sheet = _Sheet(workbook, name, list(originals), reader)
    for issue in read_issues(connection, wanted):
        sheet.write(issue)
    sheet.finish()
    return sheet.written


class _Sheet:
    """One sheet, written from the top; what does not fit into a sheet goes on in the next one."""

    def __init__(self, workbook: Any, name: str, originals: list[str], reader: Reader) -> None:
        self._workbook, self._name, self._originals, self._reader = workbook, name, originals, reader
        self.written = 0
        self._begin(name)

    def write(self, issue: ListedIssue) -> None:
        """Write one issue."""
        if self._row == _MOST_ROWS:
            self.finish()
            self._begin(f"{self._name[: _LONGEST_NAME - 4]}({self.written // _MOST_ROWS + 1})")
        cells = original_cells(issue)
        self._row += 1
        self.written += 1
        for place, cell in enumerate(
            [
                *(column.cell(self._reader, issue) for column in _COLUMNS),
                *(cells.get(name) for name in self._originals),
            ]
        ):
            if cell is not None and cell != "":
                self._sheet.write_string(self._row, place, str(cell)[:_MOST_CHARACTERS])

    def finish(self) -> None:
        """Let the reader filter what was written."""
        self._sheet.autofilter(0, 0, max(self._row, 1), len(_COLUMNS) + len(self._originals) - 1)

    def _begin(self, name: str) -> None:
        self._sheet = self._workbook.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        ours = self._workbook.add_format({"bold": True, "bg_color": "#DDEBF7"})
        theirs = self._workbook.add_format({"bold": True, "bg_color": "#FFF2CC"})
        self._sheet.set_column(len(_COLUMNS), len(_COLUMNS) + max(len(self._originals) - 1, 0), _ORIGINAL_WIDTH)
        for place, column in enumerate(_COLUMNS):
            self._sheet.set_column(place, place, column.width)
            self._sheet.write_string(0, place, column.heading.text(self._reader.language, {}), ours)
        for place, original in enumerate(self._originals, len(_COLUMNS)):
            self._sheet.write_string(0, place, original[:_MOST_CHARACTERS], theirs)
        self._row = 0


def _sheet_names(feeds: list[str]) -> dict[str, str]:
    """A name that Excel takes for each feed, no two alike whatever the case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for number, feed in enumerate(feeds, 1):
        name = feed.translate(_NOT_IN_A_NAME)[: _LONGEST_NAME - 6].strip() or "-"
        if name.lower() in taken or name.lower() == "history":  # Excel keeps "History" for itself
            name = f"{name} ({number})"
        names[feed] = name
        taken.add(name.lower())
    return names
