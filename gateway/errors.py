"""Every exception, grouped by what happens next.

GatewayError
├── StartError            the command stops before anything runs: someone mends the configuration
│   ├── UnknownName       a feed, plugin, dataset… that is not there; the nearest names are offered
│   └── OptionError       an option that cannot be right
├── RunError              this run fails, nothing of it is stored, the other feeds go on
│   ├── SourceError       the source cannot be read as declared
│   │   └── NothingThere  it is as declared and holds nothing yet
│   └── LeaseLost         another process took the feed over; this one stops writing
└── DeliveryError         handing a document over did not end in receipts
    ├── TryAgain          nothing took effect: send again later, not before `retry_after`
    ├── OutcomeUnknown    it may have taken effect: ask (`find`) before anything is sent again
    ├── DocumentRefused   the receiver refused the whole document: a person must look at it
    └── AccessRefused     the receiver refuses us, not the document: nothing more is sent in this run

A row that is wrong is data, never an exception: see `gateway.domain.findings`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from gateway.messages import Language, Message, listed


class GatewayError(Exception):
    """Anything the gateway says to a person: a message and the values of its blanks."""

    def __init__(self, message: Message, **values: Any) -> None:
        self.message = message
        self.values = values
        super().__init__(message.text("en", values))

    def text(self, language: Language) -> str:
        """Word the error for its reader."""
        return self.message.text(language, self.values)


class StartError(GatewayError):
    """The command stops before anything runs."""


UNKNOWN_NAME = Message(
    "start.unknown_name",
    zh="没有名为“{name}”的{kind_zh}；{these_zh}：{nearest}",
    en="there is no {kind} named {name!r}; {these}: {nearest}",
)


class UnknownName(StartError):
    """A name that nothing answers to; says the nearest ones, or all where none is near."""

    def __init__(self, kind: str, kind_zh: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        these, these_zh = ("the nearest are", "最接近的是") if near else ("there are", "现有的有")
        words = {"kind": kind, "kind_zh": kind_zh, "these": these, "these_zh": these_zh}
        super().__init__(UNKNOWN_NAME, name=name, nearest=listed(near or names), **words)


class OptionError(StartError, ValueError):
    """An option that cannot be right; also a ValueError, so that pydantic says where in the options it stands."""


class RunError(GatewayError):
    """This run fails and stores nothing; the other feeds go on."""


class SourceError(RunError):
    """The source cannot be read as declared."""


class NothingThere(SourceError):
    """A source is as declared and holds nothing that could be read now, not even columns; later it may."""


class LeaseLost(RunError):
    """Another process holds the feed now; this one must not write."""


class DeliveryError(GatewayError):
    """Handing a document over did not end in receipts."""


class TryAgain(DeliveryError):
    """Nothing took effect; send the same document again later."""

    def __init__(self, message: Message, *, retry_after: float | None = None, **values: Any) -> None:
        super().__init__(message, **values)
        self.retry_after = retry_after


class OutcomeUnknown(DeliveryError):
    """The document may have taken effect; ask before anything is sent again."""


class DocumentRefused(DeliveryError):
    """The receiver refused the whole document; nothing took effect and sending it again would not help."""


class AccessRefused(DeliveryError):
    """The receiver refuses the sender (signature, account, rights): every document would be, so none is sent."""
