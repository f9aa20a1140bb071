"""What stands before the first element of an XML document: the encoding that it claims, and a DOCTYPE, if it has one.

A DOCTYPE can declare entities that grow without end, or that name files and addresses. It is refused: no department's
data needs one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.transport.xml import NotXml

_LONGEST = 1 << 20  # characters
_DECLARATION = re.compile(r"""<\?xml\s[^>]*?\sencoding\s*=\s*["']\s*([A-Za-z0-9._-]{1,40})""")
_PASSED_OVER = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_BELIEVED = ("utf-8", "gb18030", "gbk", "gb2312", "utf-16", "us-ascii", "ascii")


def without_doctype(pieces: Iterator[str]) -> Iterator[str]:
    """The same pieces, the first of them as long as what stands before the first element; raises NotXml."""
    head, at = "", 0
    for piece in pieces:
        head += piece
        while passed := _PASSED_OVER.match(head, at):
            at = passed.end()
        if head.startswith("<!DOCTYPE", at):
            raise NotXml(head.count("\n", 0, at) + 1, "a DOCTYPE is not allowed")
        if len(head) - at >= len("<!DOCTYPE") and not head.startswith(("<?", "<!--"), at):
            break
        if len(head) > _LONGEST:
            raise NotXml(1, f"no element begins within {_LONGEST} characters")
    if head:
        yield head
    yield from pieces


def doubtful_label(head: str) -> str:
    """The encoding that a document claims, where it is one that is not read; "" for any other."""
    claimed = _DECLARATION.match(head.lstrip())
    label = claimed[1].lower() if claimed else ""
    return "" if label in _BELIEVED or label.startswith("utf-16") else label
