"""The content of an answer: from bytes to values, strictly; whatever cannot be read is an unknown outcome."""

from __future__ import annotations

import email.message
import json
import re
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from gateway.errors import OutcomeUnknown
from gateway.messages import Message

WEB_PAGE = Message(
    "answer.web_page",
    zh="得到的是网页“{page}”而不是平台的应答（HTTP {status}），可能是代理或登录页；"
    "结果未知，再次发送前会先查询；请检查网址与网络",
    en="a web page {page!r} came instead of the platform's answer (HTTP {status}), a proxy or a login page perhaps; "
    "the outcome is unknown and is asked about before anything is sent again; check the address and the network",
)
UNREADABLE = Message(
    "answer.unreadable",
    zh="应答无法读懂：{why}（内容：{excerpt}）；结果未知，再次发送前会先查询；若反复出现，请核对报送格式的版本",
    en="the answer cannot be read: {why} (content: {excerpt}); the outcome is unknown and is asked about before "
    "anything is sent again; if it happens again, compare the profile's version",
)

# Two codecs that platforms name and do not keep to: both are parts of GB18030.
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8": "utf-8-sig"}
_EXCERPT = 200
_LONGEST_NUMBER = 18  # digits; what a 64-bit number can hold


def read_content(status: int, content_type: str, body: bytes) -> Any:
    """The JSON of a body; raises OutcomeUnknown for a web page and for what is no JSON in the charset stated."""
    if "html" in content_type.lower() or body.lstrip()[:1] == b"<":
        raise OutcomeUnknown(WEB_PAGE, status=status, page=page_title(body))
    try:
        return json.loads(_decode(content_type, body))
    except (ValueError, LookupError, RecursionError) as error:
        raise OutcomeUnknown(UNREADABLE, why=str(error), excerpt=excerpt(body)) from error


def _decode(content_type: str, body: bytes) -> str:
    """The text in the character set that the answer states (UTF-8 where it states none), strictly."""
    header = email.message.Message()
    header["Content-Type"] = content_type
    charset = (header.get_content_charset() or "utf-8").lower()
    return body.decode(_CODECS.get(charset, charset))


def value_at(path: str, content: Any) -> Any:
    """What stands at a JMESPath; None where nothing does."""
    try:
        return jmespath.search(path, content)
    except JMESPathError as error:
        raise unreadable(f"{path}: {error}", content) from error


def text_at(path: str, content: Any) -> str:
    """A plain value as text; absent is empty, and a list or an object is not what was declared."""
    value = value_at(path, content)
    if isinstance(value, dict | list):
        raise unreadable(f"{path} is no plain value", content)
    return "" if value is None else _well_formed(str(value))


def number_at(path: str, content: Any) -> int:
    """A whole number, said as a number or as text."""
    said = text_at(path, content)
    if not (said.isascii() and said.isdigit() and len(said) <= _LONGEST_NUMBER):
        raise unreadable(f"{path} is no number: {said!r}", content)
    return int(said)


def unreadable(why: str, content: Any) -> OutcomeUnknown:
    """The error for content that was not as declared."""
    shown = _well_formed(json.dumps(content, ensure_ascii=False)[:_EXCERPT])
    return OutcomeUnknown(UNREADABLE, why=why, excerpt=shown)


def _well_formed(text: str) -> str:
    """JSON may escape half a character, which no database keeps."""
    return text.encode(errors="replace").decode()


def page_title(body: bytes) -> str:
    """The title of a web page, or - where it has none."""
    found = re.search(rb"<title[^>]*>(.*?)</title>", body[:65_536], re.IGNORECASE | re.DOTALL)
    return " ".join((found[1] if found else b"-").decode("utf-8", "replace").split())[:_EXCERPT]


def excerpt(body: bytes) -> str:
    """The beginning of a body, for a person to see what came."""
    return body[: 4 * _EXCERPT].decode("utf-8", "replace")[:_EXCERPT]
