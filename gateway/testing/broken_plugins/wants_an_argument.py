"""Declares a hook with an argument that the gateway does not give."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer


@offers
def gateway_sources(settings: object) -> Sequence[SourceOffer]:  # noqa: ARG001
    """A hook that wants to be told the settings."""
    return []
