"""The content of an answer: from bytes to values, strictly, with nothing guessed and nothing lost."""

from __future__ import annotations

import codecs
import email.message
import re
from typing import Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError

from gateway.domain import exact_json
from gateway.transport.document_text import body_encoding
from gateway.transport.http import Reply
from gateway.transport.text_encoding import is_surely_utf_8
from gateway.transport.xml_content import read_members
from gateway_rest.platform_facts import Format

Encoding = Literal["stated", "utf-8", "gb18030"]

# Two codecs that platforms name and do not keep to: both are parts of GB18030.
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8": "utf-8-sig"}
_GZIP = b"\x1f\x8b"
_MARKUP = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<")
_HTML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def is_web_page(reply: Reply, answers: Format) -> bool:
    """Whether an answer is for people, whatever it says that it is."""
    start = _HTML if answers == "xml" else _MARKUP
    return "html" in reply.content_type.lower().partition(";")[0] or bool(start.match(reply.body))


def read_content(reply: Reply, answers: Format, encoding: Encoding) -> Any:
    """The values of an answer; raises ValueError, LookupError or RecursionError for what is none.

    With `stated`, the character set is what the header says, or else what the XML says, or else what the bytes say. A
    header that says GBK over what is surely UTF-8 is not believed.
    """
    if reply.body.startswith(_GZIP):
        raise ValueError("it is compressed (gzip) and its header Content-Encoding does not say so")
    charset = _charset(reply) if encoding == "stated" else encoding
    if answers == "xml":
        return read_members(reply.body, charset)
    believed = charset and not (encoding == "stated" and _codec(charset) == "gb18030" and is_surely_utf_8(reply.body))
    text = reply.body.decode(_codec(charset) if believed else _told(reply.body))
    return exact_json.read(text, constants=True)


def value_at(path: str, content: Any) -> Any:
    """What stands at a JMESPath; None where nothing does, or where its functions do not fit what does."""
    try:
        return jmespath.search(path, content)
    except JMESPathError:
        return None


def text_at(path: str, content: Any) -> str:
    """A plain value as text, without spaces around it; anything else is empty."""
    value = value_at(path, content)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip() if isinstance(value, str) else ""


def _charset(reply: Reply) -> str:
    header = email.message.Message()
    header["Content-Type"] = reply.content_type
    return (header.get_content_charset() or "").lower()


def _codec(charset: str) -> str:
    name = codecs.lookup(charset).name
    return _CODECS.get(name, name)


def _told(body: bytes) -> str:
    told = body_encoding(body)
    if told is None:
        raise ValueError(
            "its bytes are valid in UTF-8 and in GB18030, and what they say tells neither; state `encoding`"
        )
    return _codec(told)
