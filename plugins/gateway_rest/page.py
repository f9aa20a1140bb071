"""One page of a pull, read strictly: an answer that does not say success in so many words holds no rows."""

from __future__ import annotations

import email.message
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from gateway.errors import SourceError, TryAgain
from gateway.messages import Message
from gateway.transport.http import Reply
from gateway_rest.source_options import PlatformFacts, RestSourceOptions

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

MESSAGES = (BUSY, QUESTION_REFUSED, WEB_PAGE, UNREADABLE)

# Two codecs that platforms name and do not keep to: both are parts of GB18030.
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8": "utf-8-sig"}
_BUSY_STATUSES = {408, 425, 429}
_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page as they were answered, and how many rows there are in all pages."""

    rows: Sequence[Any]
    total: int


def read_page(url: str, reply: Reply, options: RestSourceOptions, facts: PlatformFacts) -> Page:
    """Read an answer; raises TryAgain where asking again may help, else SourceError."""
    content = _content(url, reply)
    code = _text(content, facts.answer.code)
    if not 200 <= reply.status < 300 or code not in facts.answer.success:
        raise _refusal(url, reply, code, _text(content, facts.answer.message), again=code in facts.try_again)
    rows, total = _at(content, options.rows), _at(content, options.total)
    if not isinstance(rows, list):
        raise _unreadable(url, f"no list at {options.rows}", reply.body)
    if not (isinstance(total, str) and total.isascii() and total.isdigit()):
        raise _unreadable(url, f"no whole number at {options.total}", reply.body)
    return Page(rows, int(total))


def _refusal(url: str, reply: Reply, code: str, said: str, *, again: bool) -> TryAgain | SourceError:
    values = {"url": url, "status": reply.status, "code": code, "said": said or "-"}
    if again or reply.status in _BUSY_STATUSES or reply.status >= 500:
        return TryAgain(BUSY, retry_after=reply.retry_after, **values)
    return SourceError(QUESTION_REFUSED, **values)


def _content(url: str, reply: Reply) -> Any:
    if "html" in reply.content_type.lower() or reply.body.lstrip()[:1] == b"<":
        raise TryAgain(WEB_PAGE, url=url, status=reply.status, page=_title(reply.body), retry_after=reply.retry_after)
    try:
        # Numbers stay as they were written: no digit of a long one is lost.
        return json.loads(_decoded(reply), parse_int=str, parse_float=str)
    except (ValueError, LookupError, RecursionError) as error:
        if not 200 <= reply.status < 300:
            raise _refusal(url, reply, "", _excerpt(reply.body), again=False) from error
        raise TryAgain(UNREADABLE, url=url, why=str(error), excerpt=_excerpt(reply.body)) from error


def _decoded(reply: Reply) -> str:
    header = email.message.Message()
    header["Content-Type"] = reply.content_type
    charset = (header.get_content_charset() or "utf-8").lower()
    return reply.body.decode(_CODECS.get(charset, charset))


def _text(content: Any, path: str) -> str:
    value = _at(content, path)
    return value if isinstance(value, str) else ""


def _at(content: Any, path: str) -> Any:
    """What stands at a JMESPath; None where nothing does, or where its functions do not fit what does."""
    try:
        return jmespath.search(path, content)
    except JMESPathError:
        return None


def _unreadable(url: str, why: str, body: bytes) -> SourceError:
    return SourceError(UNREADABLE, url=url, why=why, excerpt=_excerpt(body))


def _title(body: bytes) -> str:
    found = re.search(rb"<title[^>]*>(.*?)</title>", body[:65_536], re.IGNORECASE | re.DOTALL)
    return " ".join((found[1] if found else b"-").decode("utf-8", "replace").split())[:_EXCERPT]


def _excerpt(body: bytes) -> str:
    return body[: 4 * _EXCERPT].decode("utf-8", "replace")[:_EXCERPT]
