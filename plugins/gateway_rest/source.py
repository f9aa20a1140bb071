"""A platform as a source: what it holds for us, pulled page by page; a list that changes meanwhile is not taken."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import polars as pl

from gateway.errors import DeliveryError, SourceError, StartError
from gateway.interfaces import ROW, Batch, RowFault, Surroundings
from gateway.messages import Message
from gateway.transport.http import HttpClient
from gateway.transport.patience import ask_patiently
from gateway.transport.signatures import SignatureScheme, Signer
from gateway_rest.destination import WRONG_SIGNATURE
from gateway_rest.page import MESSAGES as PAGE_MESSAGES
from gateway_rest.page import Page, read_page
from gateway_rest.source_options import PLATFORM_NOT_READ, PlatformFacts, RestSourceOptions, platform_facts

NOT_PULLED = Message(
    "rest.not_pulled",
    zh="{url} 的第 {page} 页没有取到：{why_zh}；没有保存任何数据，下次运行从头再取",
    en="page {page} of {url} was not got: {why}; nothing was stored, the next run pulls from the beginning",
)
CHANGED = Message(
    "rest.changed_while_pulled",
    zh="{url} 的内容在取数过程中变了（第 {page} 页：{what_zh}）；没有保存任何数据，下次运行从头再取；"
    "若反复出现，请向平台方询问分页是否按固定次序",
    en="what {url} holds changed while it was pulled (page {page}: {what}); nothing was stored, the next run pulls "
    "from the beginning; if it happens again, ask the platform's operators whether pages have a fixed order",
)
NEW_COLUMN = Message(
    "rest.new_column",
    zh="{url} 的第 {page} 页有前面没有的数据项：{columns}；没有保存任何数据，请把它们写入数据流的 columns",
    en="page {page} of {url} has members that no page had before: {columns}; nothing was stored, name them in the "
    "feed's columns",
)
NO_OBJECT = Message(
    "rest.row_no_object",
    zh="第 {row} 条不是由数据项组成的记录；请向平台方询问",
    en="row {row} is no record of members; ask the platform's operators",
)

MESSAGES = (*PAGE_MESSAGES, PLATFORM_NOT_READ, NOT_PULLED, CHANGED, NEW_COLUMN, NO_OBJECT)


class RestSource:
    """Pulls every page once, in order, one request each."""

    def __init__(self, options: RestSourceOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._url = options.url + options.path
        self._facts = platform_facts(options, surroundings.directory)
        self._signer = Signer(
            scheme=_scheme(self._facts),
            requester=options.requester,
            service=options.service,
            secret=surroundings.secret(options.secret),
        )
        self._http = HttpClient(
            connect_seconds=options.connect_seconds,
            answer_seconds=options.timeout_seconds,
            limit_bytes=options.answer_bytes,
            ca_file=surroundings.directory / options.ca_file if options.ca_file else None,
            environment=surroundings.environment,
        )

    def check(self) -> None:
        """Raise SourceError unless the first page can be read; keep nothing of it."""
        self._page(self._options.first_page)

    def read(self) -> Iterator[Batch]:
        """Every page as a batch; raises SourceError, also where the list changes between two pages."""
        number = self._options.first_page
        first = self._page(number)
        columns = tuple(dict.fromkeys((*self._options.columns, *_members(first.rows))))
        seen: set[str] = set()
        page, before = first, 0
        while True:
            self._assert_unchanged(number, page, first.total, before, seen)
            self._assert_known(number, page, columns)
            yield _batch(self._options.path, page.rows, columns, before)
            before += len(page.rows)
            if before == first.total:
                return
            number += 1
            page = self._page(number)

    def _assert_unchanged(self, number: int, page: Page, total: int, before: int, seen: set[str]) -> None:
        """A page is as long as it must be, repeats none, and the total stays what the first page announced."""
        expected = min(self._options.page_size, total - before)
        content = json.dumps(page.rows, sort_keys=True)
        if page.total != total:
            raise self._changed(
                number, f"{page.total} rows in all instead of {total}", f"共 {page.total} 条而非 {total} 条"
            )
        if len(page.rows) != expected:
            raise self._changed(
                number, f"{len(page.rows)} rows instead of {expected}", f"{len(page.rows)} 条而非 {expected} 条"
            )
        if page.rows and content in seen:
            raise self._changed(number, "it repeats an earlier page", "与前面的页相同")
        seen.add(content)

    def _assert_known(self, number: int, page: Page, columns: Sequence[str]) -> None:
        if unknown := sorted(_members(page.rows) - set(columns)):
            raise SourceError(NEW_COLUMN, url=self._url, page=number, columns=", ".join(unknown))

    def _changed(self, page: int, what: str, what_zh: str) -> SourceError:
        return SourceError(CHANGED, url=self._url, page=page, what=what, what_zh=what_zh)

    def _page(self, number: int) -> Page:
        try:
            return ask_patiently(
                lambda: self._ask(number),
                attempts=self._options.attempts,
                first_wait_seconds=self._options.first_wait_seconds,
                longest_wait_seconds=self._options.longest_wait_seconds,
            )
        except DeliveryError as error:
            raise SourceError(
                NOT_PULLED, url=self._url, page=number, why=error.text("en"), why_zh=error.text("zh")
            ) from error

    def _ask(self, number: int) -> Page:
        options = self._options
        question = {**options.ask, options.page: number, options.page_size_name: options.page_size}
        if options.method == "get":
            reply = self._http.get(f"{self._url}?{urlencode(question)}", self._signer.headers(b""))
        else:
            body = json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()
            headers = {"Content-Type": "application/json; charset=utf-8", **self._signer.headers(body)}
            reply = self._http.post(self._url, body, headers)
        return read_page(self._url, reply, options, self._facts)


def _scheme(facts: PlatformFacts) -> SignatureScheme:
    signature = facts.signature
    try:
        return SignatureScheme(headers=signature.headers, signed=tuple(signature.signed), kind=signature.scheme)
    except ValueError as error:
        raise StartError(WRONG_SIGNATURE, why=str(error)) from error


def _members(rows: Sequence[Any]) -> set[str]:
    return {name for row in rows if isinstance(row, dict) for name in row}


def _batch(place: str, rows: Sequence[Any], columns: Sequence[str], before: int) -> Batch:
    numbered = list(enumerate(rows, start=before + 1))
    whole = [(number, row) for number, row in numbered if isinstance(row, dict)]
    cells = {name: [_cell(row.get(name)) for _, row in whole] for name in columns}
    frame = pl.DataFrame(
        {ROW: [number for number, _ in whole], **cells},
        schema={ROW: pl.Int64(), **dict.fromkeys(columns, pl.String())},
    )
    faults = [_fault(number, row) for number, row in numbered if not isinstance(row, dict)]
    return Batch(place, frame, faults=faults)


def _cell(value: Any) -> str | None:
    """Text as it is, numbers as they were written (see `page`), a list or an object as its JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fault(number: int, row: Any) -> RowFault:
    return RowFault(number, NO_OBJECT, {"row": number}, json.dumps(row, ensure_ascii=False))
