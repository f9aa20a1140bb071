"""What a simulated platform needs to know of the feeds that will talk to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from gateway.pipeline.feeds import Connector, InboundFeed, OutboundFeed

_LOOPBACK = {"127.0.0.1", "localhost"}


def known_requesters(feeds: Mapping[str, InboundFeed | OutboundFeed], secret: Callable[[str], str]) -> dict[str, str]:
    """The secret of every requester that a feed signs as; StartError where one is missing."""
    signing = [_connector(each) for each in feeds.values()]
    return {each["requester"]: secret(each["secret"]) for each in signing if {"requester", "secret"} <= set(each)}


def named_port(feeds: Mapping[str, InboundFeed | OutboundFeed], platform: str = "") -> int:
    """The port on this machine that an outbound feed to the platform names, of any platform unless named; else 0."""
    outbound = [each for each in feeds.values() if isinstance(each, OutboundFeed)]
    named = [each for each in outbound if not platform or each.destination["name"] == platform]
    parts = [urlsplit(str(each.destination.get("url", ""))) for each in named]
    return next((each.port for each in parts if each.hostname in _LOOPBACK and each.port), 0)


def _connector(feed: InboundFeed | OutboundFeed) -> Connector:
    return feed.destination if isinstance(feed, OutboundFeed) else feed.source
