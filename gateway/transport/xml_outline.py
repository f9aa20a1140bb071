"""What stands in an XML document, as far as its beginning shows: the paths of its elements and its namespaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.transport.document_text import document_pieces
from gateway.transport.text_encoding import Encoding
from gateway.transport.xml import events, feed, pull_parser
from gateway.transport.xml_prolog import without_doctype

_LOOKED_AT = 4 << 20  # characters
_SHOWN = 12

Tags = tuple[Any, ...]


@dataclass
class Outline:
    """How often an element stands at each path, by the tags from the root."""

    counts: Counter[Tags] = field(default_factory=Counter)

    @property
    def namespaces(self) -> Sequence[str]:
        """The namespaces, in the order in which they first stand."""
        found = [etree.QName(tag).namespace for path in self.counts for tag in path]
        return list(dict.fromkeys(filter(None, found)))

    @property
    def repeated(self) -> Sequence[Tags]:
        """The paths at which elements stand more than once, the outermost alone, most of them first."""
        often = [path for path, count in self.counts.most_common() if count > 1]
        return [path for path in often if not any(path[:length] in often for length in range(1, len(path)))]

    def shown(self) -> Sequence[str]:
        """Some of the paths by local names, those that repeat first."""
        return list(dict.fromkeys(local_path(path) for path in (*self.repeated, *self.counts)))[:_SHOWN]


def local_path(path: Tags) -> str:
    """A path by local names."""
    return "/".join(etree.QName(tag).localname for tag in path)


def named_path(path: Tags, prefixes: Mapping[str, str]) -> str:
    """A path by names behind the prefixes of their namespaces."""
    names = [etree.QName(tag) for tag in path]
    return "/".join(
        f"{prefixes[name.namespace]}:{name.localname}" if name.namespace else name.localname for name in names
    )


def outline(file: Path, encoding: Encoding) -> Outline:
    """Look at the beginning of a document; raises NotXml."""
    found, parser, fed = Outline(), pull_parser(), 0
    open_tags: list[Any] = []
    for piece in without_doctype(document_pieces(file, encoding)):
        feed(parser, piece)
        _count(parser, open_tags, found)
        fed += len(piece)
        if fed > _LOOKED_AT:
            return found
    with suppress(etree.XMLSyntaxError):  # what stands before the place where it is broken is told all the same
        parser.close()  # a parser waits for more of a document that is very short
    _count(parser, open_tags, found)
    return found


def _count(parser: etree.XMLPullParser, open_tags: list[Any], found: Outline) -> None:
    for event, element in events(parser):
        if event == "start":
            open_tags.append(element.tag)
            found.counts[tuple(open_tags)] += 1
        else:
            open_tags.pop()
