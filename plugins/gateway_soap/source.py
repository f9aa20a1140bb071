"""An operation of a SOAP service as a source: once or page by page; a list that changes meanwhile is not taken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import polars as pl
from pydantic import ValidationError

from gateway.domain import exact_json
from gateway.domain.wrong_values import wrong_values
from gateway.errors import SourceError, StartError
from gateway.interfaces import ROW, Batch, Found, FoundColumn, RowFault, Surroundings
from gateway.messages import Message
from gateway_soap.asking import Asking, wsdl_of
from gateway_soap.options import WRONG_OPTIONS, ServiceOptions, SoapOptions
from gateway_soap.page import Page

CHANGED = Message(
    "soap.changed_while_asked",
    zh="{url} 的内容在取数过程中变了（第 {page} 页：{what_zh}）；没有保存任何数据，下次运行从头再取；"
    "若反复出现，请向对方询问分页是否按固定次序",
    en="what {url} holds changed while it was asked (page {page}: {what}); nothing was stored, the next run asks from "
    "the beginning; if it happens again, ask its operators whether pages have a fixed order",
)
NEW_COLUMN = Message(
    "soap.new_column",
    zh="{url} 的第 {page} 页有未声明的数据项：{columns}；没有保存任何数据，请把它们写入数据流的 columns",
    en="page {page} of {url} has members that are not declared: {columns}; nothing was stored, name them in the feed's "
    "columns",
)
NO_MEMBERS = Message(
    "soap.row_without_members",
    zh="第 {row} 条不是由数据项组成的记录，或有数据项写了两次；请核对 rows，或向对方询问",
    en="row {row} is no record of members, or says one of them twice; check rows or ask its operators",
)

MESSAGES = (CHANGED, NEW_COLUMN, NO_MEMBERS)

_SAMPLES = 5


class SoapSource:
    """Asks for every page once, in order."""

    def __init__(self, options: SoapOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._asking = Asking(options, surroundings)

    def check(self) -> None:
        """Raise SourceError unless the first page can be read; keep nothing of it."""
        self._asking.page(self._options.first_page, 0)

    def read(self) -> Iterator[Batch]:
        """Every page as a batch; raises SourceError, also where the list changes between two pages."""
        before, total, seen = 0, None, set[str]()
        for number in count(self._options.first_page):
            page = self._asking.page(number, before)
            total = page.total if before == 0 else total
            self._assert_unchanged(number, page, total, before, seen)
            yield self._batch(number, page.rows, before)
            before += len(page.rows)
            if self._is_last(page, before):
                return

    def sample(self) -> list[FoundColumn]:
        """The members of the rows of the first page, with a few values; raises SourceError."""
        rows = [row for row in self._asking.page(self._options.first_page, 0).rows if _is_record(row)]
        names = dict.fromkeys(name for row in rows for name in row)
        return [FoundColumn(name, "", _values(rows, name)) for name in names]

    def _is_last(self, page: Page, before: int) -> bool:
        size = self._options.page_size
        if size is None:
            return True
        return len(page.rows) < size if page.total is None else before >= page.total

    def _assert_unchanged(self, number: int, page: Page, total: int | None, before: int, seen: set[str]) -> None:
        """A page is as long as it must be, repeats none, and the total stays what the first page announced."""
        rows, content = len(page.rows), exact_json.written(page.rows)
        fewest, most = self._bounds(total, before)
        if page.total != total:
            what, what_zh = f"{page.total} rows in all instead of {total}", f"共 {page.total} 条而非 {total} 条"
        elif not fewest <= rows <= most:
            what, what_zh = f"{rows} rows instead of {most:.0f}", f"{rows} 条而非 {most:.0f} 条"
        elif rows and content in seen:
            what, what_zh = "it repeats an earlier page", "与前面的页相同"
        else:
            seen.add(content)
            return
        raise SourceError(CHANGED, url=self._options.url, page=number, what=what, what_zh=what_zh)

    def _bounds(self, total: int | None, before: int) -> tuple[float, float]:
        """How few and how many rows the next page may have."""
        longest = self._options.page_size or math.inf
        if total is None:
            return 0, longest
        exactly = min(longest, total - before)
        return exactly, exactly

    def _batch(self, number: int, rows: Sequence[Any], before: int) -> Batch:
        columns = self._options.columns
        numbered = list(enumerate(rows, start=before + 1))
        whole = [(at, row) for at, row in numbered if _is_record(row)]
        if unknown := sorted({name for _, row in whole for name in row} - set(columns)):
            raise SourceError(NEW_COLUMN, url=self._options.url, page=number, columns=", ".join(unknown))
        cells = {name: [exact_json.cell(row.get(name)) for _, row in whole] for name in columns}
        frame = pl.DataFrame(
            {ROW: [at for at, _ in whole], **cells},
            schema={ROW: pl.Int64(), **dict.fromkeys(columns, pl.String())},
        )
        faults = [_fault(at, row) for at, row in numbered if not _is_record(row)]
        return Batch(self._options.operation, frame, faults=faults)


def discover(given: Mapping[str, Any], surroundings: Surroundings) -> Sequence[Found]:
    """What a whole declaration gives, else the operations of the WSDL; raises SourceError or StartError."""
    known = {name: value for name, value in given.items() if name != "type"}
    try:
        if "rows" in known:
            return [_found(known, surroundings)]
        service = ServiceOptions.model_validate(
            {name: known[name] for name in ServiceOptions.model_fields.keys() & known.keys()}
        )
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        allowed = ", ".join(SoapOptions.model_fields)
        raise StartError(WRONG_OPTIONS, reason=reason, reason_zh=reason_zh, allowed=allowed) from error
    found = wsdl_of(service, surroundings).operations()
    return [Found({"type": "soap", **known, "operation": name}, (), title=signature) for name, signature in found]


def _found(known: Mapping[str, Any], surroundings: Surroundings) -> Found:
    options = SoapOptions.model_validate({"columns": ("-",), **known})
    columns = SoapSource(options, surroundings).sample()
    declared = {"type": "soap", **known, "columns": [column.name for column in columns]}
    return Found(declared, columns, title=options.operation)


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    cells = (exact_json.cell(row.get(name)) for row in rows)
    return list(dict.fromkeys(cell for cell in cells if cell))[:_SAMPLES]


def _is_record(row: Any) -> bool:
    return isinstance(row, dict) and not isinstance(row, exact_json.Doubled)


def _fault(number: int, row: Any) -> RowFault:
    return RowFault(number, NO_MEMBERS, {"row": number}, exact_json.shown(row))
