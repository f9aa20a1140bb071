"""The feeds that are pushed to, as their files stand when a batch comes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from contextlib import suppress

from gateway.errors import StartError, UnknownName
from gateway.pipeline.feeds import InboundFeed, OutboundFeed
from gateway.service.standing_feeds import Runner, StandingFeeds


class PushFeeds:
    """Feeds and their runners; changed files count at once, and wrong ones leave those of before in force."""

    def __init__(self, standing: StandingFeeds, datasets: Collection[str]) -> None:
        self._standing = standing
        self._datasets = datasets
        self._lock = threading.Lock()

    def feeds(self) -> Mapping[str, InboundFeed | OutboundFeed]:
        """The feeds by name."""
        with self._lock:
            with suppress(StartError):  # said by /health and `gateway check`
                self._standing.refresh()
            return self._standing.feeds

    def runner(self, name: str) -> Runner:
        """What runs a feed; StartError where its map or connector is wrong."""
        with self._lock:
            return self._standing.runner(name)

    def assert_dataset(self, name: str) -> None:
        """Raise UnknownName, with the nearest ones, for a dataset that is not there."""
        if name not in self._datasets:
            raise UnknownName("dataset", "数据集", name, self._datasets)
