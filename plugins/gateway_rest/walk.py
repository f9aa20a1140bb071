"""The pages of one list as they come: each must fit those before it, or the list changed meanwhile.

A row that is added or taken away in front of where the walk is moves the others by one: one comes twice or is passed
over, whatever the total says. So the first page is asked for again at the end, and no row may stand on two pages.
"""

from __future__ import annotations

import hashlib
import json
from array import array

import polars as pl

from gateway.errors import SourceError
from gateway.messages import Message
from gateway_rest.page import Page
from gateway_rest.pagination import Pagination, Step, Walked

CHANGED = Message(
    "rest.changed_while_pulled",
    zh="{url} 的内容在取数过程中变了（第 {page} 页：{what_zh}）；没有保存任何数据，下次运行重新取数；"
    "若反复出现，请向平台方询问分页是否按固定次序",
    en="what {url} holds changed while it was pulled (page {page}: {what}); nothing was stored, the next run pulls "
    "all pages again; if it happens again, ask the platform's operators whether pages have a fixed order",
)

MESSAGES = (CHANGED,)

_written = json.JSONEncoder(sort_keys=True).encode


class Walk:
    """Holds each page against those before it; keeps digests of them, and no rows."""

    def __init__(self, url: str, pagination: Pagination, *, rows_once: bool = True) -> None:
        self._url = url
        self._keeps_rows = rows_once and not pagination.stable_order
        self._pagination = pagination
        self._walked = Walked()
        self._asked: set[object] = set()
        self._seen: set[bytes] = set()
        self._first: tuple[bytes, int | None] | None = None
        self._pages = 0
        # One entry a row: its digest in two halves, and its page.
        self._rows = (array("Q"), array("Q"), array("L"))

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return self._walked.rows

    @property
    def may_have_moved(self) -> bool:
        """Whether rows can have moved from page to page; one page alone is one state of the list."""
        return self._pages > 1 and not self._pagination.stable_order

    def take(self, step: Step, page: Page) -> Step | None:
        """Take a page in and say what to ask next; raises SourceError for one that does not fit, and NotNamed."""
        if self._walked.first_length is None:
            self._walked = Walked(total=page.total)
        self._pages += 1
        self._assert_total(step, page)
        self._assert_length(step, page)
        self._assert_new(step, page)
        walked = self._walked = self._behind(page)
        following = self._pagination.after(step, page, walked)
        if following is None and walked.total is not None and walked.rows != walked.total:
            raise self._not_so_many(step, walked.rows, walked.total)
        self._assert_onward(step, following)
        return following

    def beyond(self, step: Step, page: Page) -> Step | None:
        """The page behind the last one, where rows may stand that the total does not count."""
        return self._pagination.beyond(step, page, self._walked)

    def assert_nothing_beyond(self, step: Step, page: Page) -> None:
        """Raise SourceError for a page behind the last one with rows of its own; some platforms repeat the last."""
        if page.rows and _digest(_digests(page)) not in self._seen:
            total = self._walked.total
            raise self._changed(step, f"there are more rows than the {total} announced", f"还有超出总数 {total} 的行")

    def assert_same_start(self, step: Step, page: Page) -> None:
        """Raise SourceError unless the first page, asked for again, is what it was."""
        if self._first != (_digest(_digests(page)), page.total):
            raise self._changed(step, "it is another one when it is asked for again", "结束时再查，已与先前不同")

    def assert_rows_once(self, step: Step) -> None:
        """Raise SourceError where a row stands on two pages."""
        rows = pl.DataFrame(dict(zip(("a", "b", "page"), (pl.Series(list(each)) for each in self._rows), strict=True)))
        twice = rows.unique().filter(pl.struct("a", "b").is_duplicated())
        if twice.height:
            pages = sorted(twice["page"].unique())
            some = ", ".join(map(str, pages[:5]))
            raise self._changed(step, f"a row stands on several of the pages {some}", f"第 {some} 页中有相同的行")

    def _behind(self, page: Page) -> Walked:
        length, walked = len(page.rows), self._walked
        first = length if walked.first_length is None else walked.first_length
        return Walked(walked.rows + length, first, length, walked.total)

    def _assert_total(self, step: Step, page: Page) -> None:
        now, before = page.total, self._walked.total
        if now != before:
            raise self._changed(step, f"{now} rows in all instead of {before}", f"共 {now} 条而非 {before} 条")

    def _assert_length(self, step: Step, page: Page) -> None:
        least, most = self._pagination.lengths(self._walked)
        if not least <= len(page.rows) <= most:
            raise self._not_so_many(step, len(page.rows), most)

    def _assert_new(self, step: Step, page: Page) -> None:
        digests = _digests(page)
        content = _digest(digests)
        if page.rows and content in self._seen:
            raise self._changed(step, "it repeats an earlier page", "与前面的页相同")
        self._seen.add(content)
        self._first = self._first or (content, page.total)
        for digest in digests if self._keeps_rows else ():
            for place, half in zip(self._rows, (digest[:8], digest[8:]), strict=False):
                place.append(int.from_bytes(half))
            self._rows[2].append(step.number)

    def _assert_onward(self, step: Step, following: Step | None) -> None:
        """No cursor and no link leads twice to the same page."""
        asked = following and (following.link, *following.members.items())
        if asked and asked in self._asked:
            raise self._changed(step, "it leads back to an earlier page", "又指回前面的页")
        self._asked.add(asked)

    def _not_so_many(self, step: Step, rows: int, expected: int) -> SourceError:
        return self._changed(step, f"{rows} rows instead of {expected}", f"{rows} 条而非 {expected} 条")

    def _changed(self, step: Step, what: str, what_zh: str) -> SourceError:
        return SourceError(CHANGED, url=self._url, page=step.number, what=what, what_zh=what_zh)


def _digests(page: Page) -> list[bytes]:
    return [hashlib.blake2b(_written(row).encode(), digest_size=16).digest() for row in page.rows]


def _digest(digests: list[bytes]) -> bytes:
    return hashlib.sha256(b"".join(digests)).digest()
