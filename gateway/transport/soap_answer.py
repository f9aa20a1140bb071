"""What a SOAP service answers, read strictly: the members of the response, or why there is none."""

from __future__ import annotations

import email.message
import re
from collections.abc import Mapping
from typing import Any

from gateway.errors import SourceError, TryAgain
from gateway.messages import Message
from gateway.transport.http import Reply
from gateway.transport.text_encoding import is_surely_utf_8
from gateway.transport.xml import NotXml
from gateway.transport.xml_content import read_members

FAULT = Message(
    "soap.fault",
    zh="{url} 以 SOAP 错误应答（{code}）：{said}；请核对 parameters、用户和密钥，或向对方询问",
    en="{url} answers with a SOAP fault ({code}): {said}; check parameters, user and secret, or ask its operators",
)
BUSY = Message(
    "soap.busy",
    zh="{url} 现在不能应答（{code}）：{said}；稍后再查",
    en="{url} cannot answer now ({code}): {said}; it is asked again later",
)
REFUSED = Message(
    "soap.refused",
    zh="{url} 拒绝了查询（HTTP {status}）：{said}；请核对网址、用户和密钥",
    en="{url} refuses the question (HTTP {status}): {said}; check the address, the user and the secret",
)
WEB_PAGE = Message(
    "soap.web_page",
    zh="{url} 返回的是网页“{page}”而不是 SOAP 应答（HTTP {status}），可能是代理或登录页；请检查网址与网络",
    en="{url} answers with a web page {page!r} instead of SOAP (HTTP {status}), a proxy or a login page perhaps; check "
    "the address and the network",
)
UNREADABLE = Message(
    "soap.unreadable",
    zh="{url} 的应答无法读懂：{why}（内容：{excerpt}）；请核对网址与 WSDL 的版本",
    en="the answer of {url} cannot be read: {why} (content: {excerpt}); check the address and the WSDL's version",
)

MESSAGES = (FAULT, BUSY, REFUSED, WEB_PAGE, UNREADABLE)

_HTML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_OURS = {"server", "receiver"}  # fault codes that speak of the service, and not of the question
_BUSY_STATUSES = {408, 425, 429}
_EXCERPT = 200


def read_response(url: str, reply: Reply) -> Any:
    """What the first element of the body holds, its own name left out; raises SourceError, or TryAgain."""
    if "html" in reply.content_type.lower().split(";")[0] or _HTML.match(reply.body):
        raise TryAgain(WEB_PAGE, url=url, status=reply.status, page=_title(reply.body), retry_after=reply.retry_after)
    try:
        content = read_members(reply.body, _charset(reply))
    except NotXml as error:
        raise _without_content(url, reply, str(error)) from error
    body = content.get("Body") if isinstance(content, dict) else None
    if not isinstance(body, dict):
        raise _without_content(url, reply, "no SOAP body")
    if "Fault" in body:
        raise _fault(url, reply, body["Fault"])
    if not 200 <= reply.status < 300:
        raise _without_content(url, reply, f"HTTP {reply.status}")
    return next((each for name, each in body.items() if not name.startswith(("@", "#"))), "")


def excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    return " ".join(text[: 4 * _EXCERPT].split())[:_EXCERPT] or "-"


def _without_content(url: str, reply: Reply, why: str) -> SourceError | TryAgain:
    said = excerpt(reply.body[: 8 * _EXCERPT].decode("utf-8", "replace"))
    if reply.status in _BUSY_STATUSES or reply.status >= 500:
        return TryAgain(BUSY, url=url, code=f"HTTP {reply.status}", said=said, retry_after=reply.retry_after)
    if 200 <= reply.status < 300:
        return TryAgain(UNREADABLE, url=url, why=why, excerpt=said)
    return SourceError(REFUSED, url=url, status=reply.status, said=said)


def _fault(url: str, reply: Reply, fault: Any) -> SourceError | TryAgain:
    """SOAP 1.1 says faultcode and faultstring, 1.2 Code/Value and Reason/Text."""
    members: Mapping[str, Any] = fault if isinstance(fault, dict) else {}
    code = _text(members.get("faultcode") or _inside(members, "Code", "Value"))
    said = excerpt(_text(members.get("faultstring") or _inside(members, "Reason", "Text")))
    if code.rpartition(":")[2].partition(".")[0].lower() in _OURS:
        return TryAgain(BUSY, url=url, code=code, said=said, retry_after=reply.retry_after)
    return SourceError(FAULT, url=url, code=code or "-", said=said)


def _inside(members: Mapping[str, Any], outer: str, inner: str) -> Any:
    inside = members.get(outer)
    return inside.get(inner) if isinstance(inside, dict) else inside


def _text(value: Any) -> str:
    """The text of an element, of the first of several, and of one that has attributes."""
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, dict):
        value = value.get("#text")
    return value if isinstance(value, str) else ""


def _charset(reply: Reply) -> str:
    """What the header says, unless the bytes are plainly UTF-8 under another label."""
    if is_surely_utf_8(reply.body):
        return "utf-8"
    header = email.message.Message()
    header["Content-Type"] = reply.content_type
    return (header.get_content_charset() or "").lower()


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:65_536])
    return excerpt((found[1] if found else b"-").decode("utf-8", "replace"))
