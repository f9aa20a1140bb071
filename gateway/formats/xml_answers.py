"""The content of an answer in XML: held against its XSD before anything is read from it."""

from __future__ import annotations

import email.message
import re
from typing import Any

from gateway.errors import OutcomeUnknown
from gateway.formats.answer_content import UNREADABLE, WEB_PAGE, excerpt, page_title
from gateway.formats.xml_schema import XmlSchema

_PAGE = re.compile(rb"\A\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def read_xml_content(schema: XmlSchema, status: int, content_type: str, body: bytes) -> Any:
    """What a valid answer holds; raises OutcomeUnknown for a web page and for everything else that is none.

    The paths of a profile read it as they read JSON.
    """
    header = email.message.Message()
    header["Content-Type"] = content_type
    if "html" in header.get_content_type() or _PAGE.match(body):
        raise OutcomeUnknown(WEB_PAGE, status=status, page=page_title(body))
    try:
        return schema.read(body, header.get_content_charset() or "")
    except ValueError as error:
        raise OutcomeUnknown(UNREADABLE, why=str(error), excerpt=excerpt(body)) from error
