"""`push`: rows that a department's system sends by itself, as JSON over HTTP; `gateway serve` takes them."""

from __future__ import annotations

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer
from gateway_push.source import MESSAGES, PushOptions, PushSource


@offers
def gateway_sources() -> list[SourceOffer]:
    """Offer the source `push`."""
    return [
        SourceOffer(name="push", title="推送（JSON）", options=PushOptions, open=PushSource, messages=MESSAGES),
    ]
