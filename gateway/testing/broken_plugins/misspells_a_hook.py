"""Marks a function whose name is no hook of the gateway."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer


@offers
def gateway_sorces() -> Sequence[SourceOffer]:
    """A hook with a letter too few."""
    return []
