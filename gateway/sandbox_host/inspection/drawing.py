"""抽取: which targets a task draws. The same seed over the same registry draws the same list, whatever its order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.sandbox_host.inspection.records import NotAllowed, Target, TaskOrder

# 存续, 其他 and unsaid (CA19): whoever is revoked, cancelled or gone is not drawn.
_INSPECTED_STATES = frozenset({"", "1", "9"})
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn of how many holders, and which of them exceed the yearly limit."""

    targets: tuple[Target, ...]
    population: int
    over_limit: tuple[Target, ...]


def draw(
    registry: Iterable[Target], order: TaskOrder, seed: str, *, drawn_this_year: Mapping[str, int], limit: int
) -> Draw:
    """Draw each holder at most once; those that reached the limit (L6) only where the others do not suffice."""
    by_holder: dict[str, Target] = {}
    for entry in sorted(_eligible(registry, order), key=lambda each: lot(seed, each.key)):
        by_holder.setdefault(entry.holder, entry)

    def exceeds(each: Target) -> bool:
        return drawn_this_year.get(each.holder, 0) >= limit

    in_order = sorted(by_holder.values(), key=lambda each: (exceeds(each), lot(seed, each.holder)))
    chosen = in_order[: how_many(order, len(in_order))]
    return Draw(tuple(chosen), len(in_order), tuple(filter(exceeds, chosen)))


def how_many(order: TaskOrder, population: int) -> int:
    """The number of targets to draw: a rate is rounded up, so that it is never missed."""
    if (order.rate is None) == (order.count is None):
        raise NotAllowed("rate（万分之）与 count（户数）应写且只写一个")
    if order.rate is not None:
        return -(-population * order.rate // _WHOLE)
    return min(order.count or 0, population)


def lot(seed: str, name: str) -> str:
    """The lot of a name: unforeseeable without the seed, and anybody can work it out again with it."""
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()


def lies_within(region: str, wanted: str) -> bool:
    """Whether a GB/T 2260 code lies within another: 370481 within 370400 and 370000."""
    return region.startswith(_leading(wanted))


def _leading(code: str) -> str:
    while code.endswith("00"):
        code = code[:-2]
    return code


def _eligible(registry: Iterable[Target], order: TaskOrder) -> Iterable[Target]:
    return (
        each
        for each in registry
        if each.state in _INSPECTED_STATES
        and lies_within(each.region, order.region)
        and (not order.kinds or each.kind in order.kinds)
    )
