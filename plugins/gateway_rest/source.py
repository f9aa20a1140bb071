"""A platform as a source: what it holds for us, pulled page by page; a list that changes meanwhile is not taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.errors import SourceError
from gateway.interfaces import ROW, Batch, Memory, Source, Surroundings
from gateway.messages import Message
from gateway_rest.access import MESSAGES as ACCESS_MESSAGES
from gateway_rest.asking import MESSAGES as ASKING_MESSAGES
from gateway_rest.asking import Asking
from gateway_rest.cursor import Cursor
from gateway_rest.page import MESSAGES as PAGE_MESSAGES
from gateway_rest.page import QUESTION_REFUSED, UNREADABLE, Page
from gateway_rest.pagination import NotNamed, Step
from gateway_rest.platform_facts import MESSAGES as PLATFORM_MESSAGES
from gateway_rest.rows import MESSAGES as ROW_MESSAGES
from gateway_rest.rows import batch, members
from gateway_rest.source_options import MESSAGES as OPTION_MESSAGES
from gateway_rest.source_options import RestSourceOptions
from gateway_rest.tide import MESSAGES as TIDE_MESSAGES
from gateway_rest.tide import Tide, asked_from
from gateway_rest.walk import MESSAGES as WALK_MESSAGES
from gateway_rest.walk import Walk

NEW_COLUMN = Message(
    "rest.new_column",
    zh="{url} 的第 {page} 页有前面没有的数据项：{columns}；没有保存任何数据，请把它们写入数据流的 columns",
    en="page {page} of {url} has members that no page had before: {columns}; nothing was stored, name them in the "
    "feed's columns",
)
RESERVED_COLUMN = Message(
    "rest.reserved_column",
    zh="{url} 的记录有数据项“{columns}”，与网关自用的列同名；请在 rows 中改名，例如 list[].{example}",
    en="the rows of {url} have a member {columns!r}, which is the name of the gateway's own column; rename it in rows, "
    "as in list[].{example}",
)

MESSAGES = (
    *PAGE_MESSAGES,
    *ACCESS_MESSAGES,
    *ASKING_MESSAGES,
    *WALK_MESSAGES,
    *ROW_MESSAGES,
    *TIDE_MESSAGES,
    *PLATFORM_MESSAGES,
    *OPTION_MESSAGES,
    NEW_COLUMN,
    RESERVED_COLUMN,
)


def open_rest(options: RestSourceOptions, surroundings: Surroundings) -> Source:
    """The source that a feed declares: one that resumes, where it has a cursor."""
    if options.cursor:
        return ResumingRestSource(options, surroundings, options.cursor)
    return RestSource(options, surroundings)


class RestSource:
    """Pulls every page once, in order, one request each."""

    def __init__(self, options: RestSourceOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._asking = Asking(options, surroundings)

    def check(self) -> None:
        """Raise SourceError unless the first page can be read; keep nothing of it."""
        next(self._pages(self._options.constants))

    def read(self) -> Iterator[Batch]:
        """Every page as a batch; raises SourceError, also where the list changes between two pages."""
        return self._batches(self._options.constants)

    def _batches(self, constants: Mapping[str, Any], *, rows_once: bool = True) -> Iterator[Batch]:
        columns: Sequence[str] = ()
        for number, before, page in self._pages(constants, rows_once=rows_once):
            columns = columns or tuple(dict.fromkeys((*self._options.columns, *sorted(members(page.rows)))))
            self._assert_known(number, members(page.rows) - set(columns))
            if ROW in columns:
                raise SourceError(RESERVED_COLUMN, url=self._asking.url, columns=ROW, example="{row: _row}")
            yield batch(self._options.path, page.rows, columns, before)

    def _assert_known(self, page: int, unknown: Collection[str]) -> None:
        if unknown:
            raise SourceError(NEW_COLUMN, url=self._asking.url, page=page, columns=", ".join(sorted(unknown)))

    def _pages(self, constants: Mapping[str, Any], *, rows_once: bool = True) -> Iterator[tuple[int, int, Page]]:
        """Each page with its number and the rows before it; at the end, SourceError where the list has moved."""
        walk, url = Walk(self._asking.url, self._options.paging, rows_once=rows_once), self._asking.url
        step: Step | None = self._options.paging.first()
        while step is not None:
            page, before = self._asking.page(step, constants, url), walk.rows
            url = self._asking.address(step, url)
            following = self._taken(walk, step, page)
            yield step.number, before, page
            last, step = step, following
        self._look_beyond(walk, last, page, constants, url)
        self._look_back(walk, constants, last)

    def _look_beyond(self, walk: Walk, last: Step, page: Page, constants: Mapping[str, Any], url: str) -> None:
        """See that no rows stand behind those that were announced; a platform that refuses the page has none."""
        beyond = walk.beyond(last, page)
        if beyond is None:
            return
        try:
            found = self._asking.page(beyond, constants, url)
        except SourceError as error:
            if error.message not in {QUESTION_REFUSED, UNREADABLE}:
                raise
        else:
            walk.assert_nothing_beyond(beyond, found)

    def _look_back(self, walk: Walk, constants: Mapping[str, Any], last: Step) -> None:
        """See that the list is still what it was when the walk began."""
        walk.assert_rows_once(last)
        if walk.may_have_moved:
            first = self._options.paging.first()
            walk.assert_same_start(first, self._asking.page(first, constants, self._asking.url))

    def _taken(self, walk: Walk, step: Step, page: Page) -> Step | None:
        try:
            return walk.take(step, page)
        except NotNamed as error:
            raise self._asking.reader.unreadable(str(error), page.reply) from error


class ResumingRestSource(RestSource):
    """Asks for what is new since the greatest value seen, less the look-back.

    The platform's order is not known, so reading goes on from there only once every page was read.
    """

    def __init__(self, options: RestSourceOptions, surroundings: Surroundings, cursor: Cursor) -> None:
        super().__init__(options, surroundings)
        self._cursor = cursor

    def read(self) -> Iterator[Batch]:
        """Every row from the start that is declared."""
        return self._from(Memory(), rows_once=True)

    def resume(self, memory: Memory) -> Iterator[Batch]:
        """Every row from where the memory ends; the last batch says where reading goes on.

        A row may come twice, since nothing is withdrawn for what is read so.
        """
        return self._from(memory, rows_once=False)

    def _from(self, memory: Memory, *, rows_once: bool) -> Iterator[Batch]:
        since = asked_from(self._cursor, memory)
        tide = Tide(self._cursor, memory, dt.datetime.now(dt.UTC))
        waiting: Batch | None = None
        asked = {**self._options.constants, **({self._cursor.ask: since} if since else {})}
        for each in self._batches(asked, rows_once=rows_once):
            if waiting:
                yield waiting
            waiting = tide.over(each)
        if waiting:
            yield replace(waiting, cursor=tide.cursor)

    def settle(self, *, stored: bool) -> None:
        """Nothing to do: the platform takes nothing away."""
