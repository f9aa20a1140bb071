"""Offers nothing, because its hook is not marked with `@offers`."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.interfaces import Jurisdiction


def gateway_jurisdictions() -> Sequence[Jurisdiction]:
    """A hook that nobody calls."""
    return [Jurisdiction("nowhere", "乌有省", "00")]
