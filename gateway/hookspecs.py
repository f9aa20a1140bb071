"""Read this first: what a plugin can offer. Each hook returns offers and does no work.

A plugin is an importable package named in the entry-point group ``gateway``; it marks what it offers:

    from gateway.hookspecs import offers

    @offers
    def gateway_sources() -> list[SourceOffer]:
        return [SourceOffer("csv", "CSV 文件", CsvOptions, CsvSource)]
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from gateway.interfaces import DestinationOffer, Jurisdiction, ProfileOffer, RuleOffer, SandboxOffer, SourceOffer

hookspec = pluggy.HookspecMarker("gateway")
offers = pluggy.HookimplMarker("gateway")


@hookspec
def gateway_sources() -> Sequence[SourceOffer]:  # type: ignore[empty-body]
    """Kinds of source, as `csv` or `sql`."""


@hookspec
def gateway_destinations() -> Sequence[DestinationOffer]:  # type: ignore[empty-body]
    """Kinds of destination, as `rest`."""


@hookspec
def gateway_profiles() -> Sequence[ProfileOffer]:  # type: ignore[empty-body]
    """Wire formats, as `shandong/platform/2023-01`."""


@hookspec
def gateway_jurisdictions() -> Sequence[Jurisdiction]:  # type: ignore[empty-body]
    """A province or the nation, as `shandong`."""


@hookspec
def gateway_rules() -> Sequence[RuleOffer]:  # type: ignore[empty-body]
    """Checks that a jurisdiction adds to the datasets of the exchange."""


@hookspec
def gateway_sandboxes() -> Sequence[SandboxOffer]:  # type: ignore[empty-body]
    """Simulated platforms to rehearse against, as `shandong`."""
