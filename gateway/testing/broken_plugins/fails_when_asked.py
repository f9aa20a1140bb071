"""Raises when it is asked what it offers."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.hookspecs import offers
from gateway.interfaces import SandboxOffer


@offers
def gateway_sandboxes() -> Sequence[SandboxOffer]:
    """A hook that works instead of naming things."""
    raise OSError("licence file not found")
