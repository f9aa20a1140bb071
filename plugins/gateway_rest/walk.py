"""The pages of one list as they come: each must fit those before it, or the list changed meanwhile."""

from __future__ import annotations

import hashlib
import json

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


class Walk:
    """Holds each page against those before it; keeps digests of them, and no rows."""

    def __init__(self, url: str, pagination: Pagination) -> None:
        self._url = url
        self._pagination = pagination
        self._walked = Walked()
        self._asked: set[object] = set()
        self._seen: set[bytes] = set()

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return self._walked.rows

    def take(self, step: Step, page: Page) -> Step | None:
        """Take a page in and say what to ask next; raises SourceError for one that does not fit, and NotNamed."""
        if self._walked.first_length is None:
            self._walked = Walked(total=page.total)
        self._assert_total(step, page)
        self._assert_length(step, page)
        self._assert_new(step, page)
        walked = self._walked = self._behind(page)
        following = self._pagination.after(step, page, walked)
        if following is None and walked.total is not None and walked.rows != walked.total:
            raise self._not_so_many(step, walked.rows, walked.total)
        self._assert_onward(step, following)
        return following

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
        content = hashlib.sha256(json.dumps(page.rows, sort_keys=True).encode()).digest()
        if page.rows and content in self._seen:
            raise self._changed(step, "it repeats an earlier page", "与前面的页相同")
        self._seen.add(content)

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
