"""Things made by threads a little ahead of who uses them, in order: neither waits, and memory stays flat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_AHEAD = 2


def made_ahead(executor: Executor, make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """What is made of each item, while those before it are used."""
    coming = (executor.submit(make, item) for item in items)
    waiting = deque(islice(coming, _AHEAD))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(islice(coming, 1))
