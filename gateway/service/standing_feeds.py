"""The feeds that stand to be run, with their runners: made once, and again when a file they are made of changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from gateway.pipeline.feeds import InboundFeed, OutboundFeed
from gateway.pipeline.inbound import InboundRunner
from gateway.pipeline.outbound import OutboundRunner
from gateway.pipeline.pushed import is_pushed
from gateway.service.agenda import ScheduledFeed, scheduled

Runner = InboundRunner | OutboundRunner


class Deployment(Protocol):
    """What is asked of a deployment; both raise StartError where a part of it is wrong."""

    @property
    def feeds(self) -> Mapping[str, InboundFeed | OutboundFeed]:
        """Its feeds by name."""

    def runner(self, name: str) -> Runner:
        """What runs a feed."""


class StandingFeeds:
    """The feeds of a deployment as its files stand; `compose` reads them anew."""

    def __init__(self, compose: Callable[[], Deployment], folders: Sequence[Path]) -> None:
        self._compose = compose
        self._folders = folders
        self._files: Mapping[str, tuple[int, int, int]] = {}
        self._runners: dict[str, Runner] = {}
        self.feeds: Mapping[str, InboundFeed | OutboundFeed] = {}
        self.names: tuple[str, ...] = ()
        self.scheduled: Mapping[str, ScheduledFeed] = {}
        self.followed_pushes: tuple[str, ...] = ()  # those that are pushed to and that others come after
        self.refresh()

    def another(self) -> StandingFeeds:
        """The same feeds with runners of their own."""
        return StandingFeeds(self._compose, self._folders)

    def refresh(self) -> bool:
        """Take changed files over and return whether there were any; StartError leaves everything as it was."""
        files = dict(_files(self._folders))
        if files == self._files:
            return False
        self._files = files  # also of declarations that are wrong: said once, and read again when they change
        deployment = self._compose()
        self.feeds = deployment.feeds
        self.names = tuple(self.feeds)
        self.scheduled = {name: when for name, feed in self.feeds.items() if (when := scheduled(feed))}
        followed = {name for each in self.scheduled.values() for name in each.after}
        self.followed_pushes = tuple(name for name, feed in self.feeds.items() if name in followed and is_pushed(feed))
        self._deployment = deployment
        self.drop_runners()
        return True

    def drop_runners(self) -> None:
        """Make runners anew, as after those there are were told to stop."""
        self._runners = {}

    def runner(self, name: str) -> Runner:
        """What runs a feed; StartError where its map, profile or connector is wrong."""
        runners = self._runners
        if name not in runners:
            runners[name] = self._deployment.runner(name)
        return runners[name]


def _files(folders: Sequence[Path]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Every file and what shows that it was changed."""
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                file = os.path.join(place, name)  # noqa: PTH118 - hundreds of files, every few seconds
                try:
                    state = os.stat(file)  # noqa: PTH116
                except FileNotFoundError:  # an editor's own, gone already
                    continue
                yield file, (state.st_mtime_ns, state.st_size, state.st_ino)
