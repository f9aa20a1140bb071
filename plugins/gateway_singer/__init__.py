"""`singer`: any Singer tap as a source, run as a program of its own, so that what others wrote for a system serves."""

from __future__ import annotations

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer
from gateway_singer.catalog import MESSAGES as CATALOG_MESSAGES
from gateway_singer.options import MESSAGES as OPTION_MESSAGES
from gateway_singer.options import SingerOptions
from gateway_singer.source import MESSAGES as SOURCE_MESSAGES
from gateway_singer.source import SingerSource, discover
from gateway_singer.tap import MESSAGES as TAP_MESSAGES


@offers
def gateway_sources() -> list[SourceOffer]:
    """Offer the source `singer`."""
    return [
        SourceOffer(
            name="singer",
            title="Singer 取数程序（tap）",
            options=SingerOptions,
            open=SingerSource,
            messages=(*OPTION_MESSAGES, *TAP_MESSAGES, *CATALOG_MESSAGES, *SOURCE_MESSAGES),
            discover=discover,
        )
    ]
