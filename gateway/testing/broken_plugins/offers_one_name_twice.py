"""Offers two jurisdictions under one slug."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.hookspecs import offers
from gateway.interfaces import Jurisdiction


@offers
def gateway_jurisdictions() -> Sequence[Jurisdiction]:
    """A hook that names two things alike."""
    return [Jurisdiction("nowhere", "乌有省", "00"), Jurisdiction("nowhere", "子虚省", "01")]
