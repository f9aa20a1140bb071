"""`rest`: documents handed over by HTTP with an answer for each record, and lists pulled page by page."""

from __future__ import annotations

from gateway.hookspecs import offers
from gateway.interfaces import DestinationOffer, SourceOffer
from gateway.transport import http
from gateway_rest.destination import MESSAGES, RestDestination, RestOptions
from gateway_rest.discover import MESSAGES as DISCOVER_MESSAGES
from gateway_rest.discover import discover_rest
from gateway_rest.source import MESSAGES as SOURCE_MESSAGES
from gateway_rest.source import open_rest
from gateway_rest.source_options import RestSourceOptions


@offers
def gateway_destinations() -> list[DestinationOffer]:
    """Documents over HTTP, in the format of the profile."""
    return [
        DestinationOffer(
            name="rest",
            title="HTTP 接口（JSON、XML）",
            options=RestOptions,
            open=RestDestination,
            messages=(*http.MESSAGES, *MESSAGES),
        )
    ]


@offers
def gateway_sources() -> list[SourceOffer]:
    """Lists that a platform holds for us."""
    return [
        SourceOffer(
            name="rest",
            title="HTTP 接口（JSON、XML，分页查询）",
            options=RestSourceOptions,
            open=open_rest,
            messages=(*http.MESSAGES, *SOURCE_MESSAGES, *DISCOVER_MESSAGES),
            discover=discover_rest,
        )
    ]
