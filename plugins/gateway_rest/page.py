"""One page of a pull, read strictly: an answer that does not say success in so many words holds no rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import SourceError, TryAgain
from gateway.messages import Message
from gateway.transport.http import Reply
from gateway_rest.content import Encoding, is_web_page, read_content, text_at, value_at
from gateway_rest.platform_facts import PlatformFacts
from gateway_rest.veil import Veil

BUSY = Message(
    "rest.busy",
    zh="{url} 现在不能应答查询（HTTP {status}，代码“{code}”）：{said}；稍后再查",
    en="{url} cannot answer the question now (HTTP {status}, code {code!r}): {said}; it is asked again later",
)
QUESTION_REFUSED = Message(
    "rest.question_refused",
    zh="{url} 拒绝了查询（HTTP {status}，代码“{code}”）：{said}；请核对网址、请求方、密钥、本机时钟与查询选项",
    en="{url} refuses the question (HTTP {status}, code {code!r}): {said}; check the address, the requester, the "
    "secret, this machine's clock and the options of the question",
)
REDIRECTED = Message(
    "rest.redirected",
    zh="{url} 没有给出数据，而是要求转到“{location}”（HTTP {status}），多半是网址已变或登录已失效；网关不跟随转向，"
    "请核对网址与 auth",
    en="{url} gives no data and leads to {location!r} instead (HTTP {status}), its address changed perhaps, or the "
    "login has run out; redirections are not followed, check the address and auth",
)
WEB_PAGE = Message(
    "rest.web_page",
    zh="{url} 返回的是网页“{page}”而不是数据（HTTP {status}），可能是代理或登录页；请检查网址与网络",
    en="{url} answers with a web page {page!r} instead of data (HTTP {status}), a proxy or a login page perhaps; check "
    "the address and the network",
)
UNREADABLE = Message(
    "rest.unreadable_page",
    zh="{url} 的应答无法读懂：{why}（内容：{excerpt}）；请核对 total、rows 等选项与平台的接口版本",
    en="the answer of {url} cannot be read: {why} (content: {excerpt}); compare the options total and rows with the "
    "platform's version",
)

MESSAGES = (BUSY, QUESTION_REFUSED, REDIRECTED, WEB_PAGE, UNREADABLE)

_BUSY_STATUSES = {408, 425, 429}
_EXCERPT = 200


class AccessExpired(SourceError):
    """The question is refused because whoever asks is no longer let in."""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page as they were answered, and how many rows there are in all pages, where that is said.

    `content` is the whole answer, and `reply` what it was read from.
    """

    rows: Sequence[Any]
    total: int | None
    content: Any
    reply: Reply


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads what one address answers; with `expired`, 401 and those codes raise AccessExpired."""

    url: str
    facts: PlatformFacts
    veil: Veil
    encoding: Encoding = "stated"
    expired: frozenset[str] | None = None

    def page(self, reply: Reply, rows_path: str, total_path: str | None) -> Page:
        """Read a page; raises TryAgain where asking again may help, else SourceError."""
        content = self.content(reply)
        rows = value_at(rows_path, content)
        if self.facts.format == "xml":
            rows = _listed(rows, total_path)
        if not isinstance(rows, list):
            raise self.unreadable(f"no list at {rows_path}", reply)
        return Page(rows, self._total(content, total_path, reply), content, reply)

    def content(self, reply: Reply) -> Any:
        """The content of an answer that says success; every other answer raises."""
        content = self._read(reply)
        answer = self.facts.answer
        code = text_at(answer.code, content) if answer else ""
        if not 200 <= reply.status < 300 or (answer and code not in answer.success):
            said = text_at(answer.message, content) if answer and answer.message else ""
            raise self._refusal(reply, code, self.veil.over(said) or self.excerpt(reply.body))
        return content

    def unreadable(self, why: str, reply: Reply) -> SourceError:
        """The error for an answer that is not as declared."""
        return SourceError(UNREADABLE, url=self.url, why=why, excerpt=self.excerpt(reply.body))

    def excerpt(self, body: bytes) -> str:
        """The beginning of an answer, for a person to see what came."""
        return self.veil.over(body.decode("utf-8", "replace"))[:_EXCERPT]

    def _total(self, content: Any, path: str | None, reply: Reply) -> int | None:
        if path is None:
            return None
        total = text_at(path, content)
        if not (total.isascii() and total.isdigit()):
            raise self.unreadable(f"no whole number at {path}", reply)
        return int(total)

    def _read(self, reply: Reply) -> Any:
        if 300 <= reply.status < 400 and reply.location:
            raise SourceError(REDIRECTED, url=self.url, status=reply.status, location=self.veil.over(reply.location))
        if is_web_page(reply, self.facts.format):
            page = self.veil.over(_title(reply.body))
            raise TryAgain(WEB_PAGE, url=self.url, status=reply.status, page=page, retry_after=reply.retry_after)
        try:
            return read_content(reply, self.facts.format, self.encoding)
        except (ValueError, LookupError, RecursionError) as error:
            if not 200 <= reply.status < 300:
                raise self._refusal(reply, "", self.excerpt(reply.body)) from error
            why, excerpt = str(error), self.excerpt(reply.body)
            raise TryAgain(UNREADABLE, url=self.url, why=why, excerpt=excerpt) from error

    def _refusal(self, reply: Reply, code: str, said: str) -> TryAgain | SourceError:
        values = {"url": self.url, "status": reply.status, "code": self.veil.over(code), "said": said or "-"}
        if self.expired is not None and (reply.status == 401 or code in self.expired):
            return AccessExpired(QUESTION_REFUSED, **values)
        again = bool(self.facts.answer and code in self.facts.answer.try_again)
        if again or reply.status in _BUSY_STATUSES or reply.status >= 500:
            return TryAgain(BUSY, retry_after=reply.retry_after, **values)
        return SourceError(QUESTION_REFUSED, **values)


def _listed(rows: Any, total_path: str | None) -> Any:
    """XML writes a list of one as one element, and a list of none as nothing, which only a total bears out."""
    if rows is None:
        return [] if total_path else None
    return rows if isinstance(rows, list) else [rows]


def _title(body: bytes) -> str:
    found = re.search(rb"<title[^>]*>(.*?)</title>", body[:65_536], re.IGNORECASE | re.DOTALL)
    return " ".join((found[1] if found else b"-").decode("utf-8", "replace").split())[:_EXCERPT]
