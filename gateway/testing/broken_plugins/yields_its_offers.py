"""Gives a generator where a list is expected."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.hookspecs import offers
from gateway.interfaces import ProfileOffer


@offers
def gateway_profiles() -> Iterator[ProfileOffer]:
    """A hook that yields."""
    yield ProfileOffer("nowhere/platform/2024-01", "乌有平台")
