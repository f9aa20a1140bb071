"""Offers a source whose options are a dictionary, so that a misspelt option would pass in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.hookspecs import offers
from gateway.interfaces import Batch, SourceOffer, Surroundings


class EmptySource:
    """A source without rows."""

    def __init__(self, options: Any, surroundings: Surroundings) -> None:
        self.options, self.surroundings = options, surroundings

    def check(self) -> None:
        """Nothing to check."""

    def read(self) -> Iterator[Batch]:
        """No batches."""
        return iter(())


@offers
def gateway_sources() -> Sequence[SourceOffer]:
    """A source with undeclared options."""
    return [SourceOffer("anything", "任意来源", dict, EmptySource)]  # type: ignore[arg-type]
