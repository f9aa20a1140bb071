"""Finds plugins, refuses what cannot work, and answers with types, so that nobody else touches a hook.

Everything a plugin offers is asked for and judged once, at the start: a plugin that cannot load, or that offers what
another one offers already, stops the start with its name, the cause and the switch that disables it.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.plugin_loader.installed import Plugin, installed_plugins
from gateway.plugin_loader.plugins import Described, Plugins

__all__ = ["Described", "Plugin", "Plugins", "installed_plugins", "load_plugins"]


def load_plugins(disabled: Collection[str] = ()) -> Plugins:
    """Every installed plugin but the disabled ones; StartError for one that cannot load."""
    return Plugins(installed_plugins(disabled))
