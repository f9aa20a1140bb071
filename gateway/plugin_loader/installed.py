"""Which plugins are installed, found by the entry-point group `gateway` and imported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from itertools import pairwise
from operator import attrgetter

from gateway.errors import StartError, UnknownName
from gateway.messages import Message
from gateway.plugin_loader.switch import SWITCH_EN, SWITCH_ZH

GROUP = "gateway"

IMPORT_FAILED = Message(
    "plugin.import_failed",
    zh="插件“{plugin}”（版本 {version}）无法导入（{cause}）；请修复或重新安装该插件" + SWITCH_ZH,
    en="plugin {plugin!r} (version {version}) cannot be imported ({cause}); repair or reinstall it" + SWITCH_EN,
)
INSTALLED_TWICE = Message(
    "plugin.installed_twice",
    zh="名为“{plugin}”的插件由两个已安装的软件包同时提供（{packages}）；请卸载其中一个" + SWITCH_ZH,
    en="a plugin named {plugin!r} is provided by two installed packages ({packages}); uninstall one of them"
    + SWITCH_EN,
)


@dataclass(frozen=True, slots=True)
class Plugin:
    """An imported plugin; `hooks` is the module or object whose functions are marked with `@offers`."""

    name: str
    version: str
    hooks: object


def installed_plugins(disabled: Collection[str] = ()) -> list[Plugin]:
    """Import the installed plugins, sorted by name; a disabled one is not imported."""
    points = sorted(entry_points(group=GROUP), key=attrgetter("name"))
    names = {point.name for point in points}
    for name in disabled:
        if name not in names:
            raise UnknownName("plugin", "插件", name, names)
    enabled = [point for point in points if point.name not in disabled]
    _refuse_doubled(enabled)
    return [_import(point) for point in enabled]


def _refuse_doubled(points: list[EntryPoint]) -> None:
    for first, second in pairwise(points):
        if first.name == second.name:
            packages = ", ".join(point.dist.name for point in (first, second) if point.dist)
            raise StartError(INSTALLED_TWICE, plugin=first.name, packages=packages)


def _import(point: EntryPoint) -> Plugin:
    version = point.dist.version if point.dist else "-"
    try:
        return Plugin(point.name, version, point.load())
    except (Exception, SystemExit) as error:
        cause = f"{type(error).__name__}: {error}"
        raise StartError(IMPORT_FAILED, plugin=point.name, version=version, cause=cause) from error
