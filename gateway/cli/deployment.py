"""Opening the deployment that a command is about: to work in it, or only to look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.terminal import Terminal
from gateway.errors import StartError

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.pipeline.feeds import InboundFeed, OutboundFeed
    from gateway.settings import Settings

    Feeds = Mapping[str, InboundFeed | OutboundFeed]


def settings_of(terminal: Terminal, directory: Path | None) -> Settings:
    """The settings of the deployment; from here on the terminal speaks its language."""
    from gateway.settings import load_settings

    settings = load_settings(directory or terminal.directory)
    terminal.language = settings.language
    return settings


def declared_feeds(settings: Settings) -> Feeds:
    """The feeds of the deployment, known before anything is opened; StartError where one is wrong or there is none."""
    from gateway.pipeline.feeds import NO_FEEDS, load_feeds

    folder = settings.directory / "config" / "feeds"
    feeds = load_feeds(folder)
    if not feeds:
        raise StartError(NO_FEEDS, folder=folder)
    return feeds


@contextmanager
def opened_to_work(settings: Settings) -> Iterator[Gateway]:
    """The deployment with its database brought up to date; StartError where a part of it is wrong."""
    from gateway.app import opened
    from gateway.plugin_loader import load_plugins

    with opened(settings, load_plugins(settings.disabled_plugins)) as gateway:
        yield gateway


@contextmanager
def opened_to_look(terminal: Terminal, directory: Path | None) -> Iterator[Gateway]:
    """The deployment with its database as it is, or an empty one in memory where there is none; nothing is written."""
    settings = settings_of(terminal, directory)
    from concurrent.futures import ThreadPoolExecutor

    from gateway.app import Gateway
    from gateway.plugin_loader import load_plugins
    from gateway.state.reading import opened_for_reading

    plugins = load_plugins(settings.disabled_plugins)
    with (
        opened_for_reading(settings.database_url, settings.environment) as database,
        ThreadPoolExecutor(settings.workers, thread_name_prefix="judge") as executor,
    ):
        yield Gateway(settings, plugins, database, executor)
