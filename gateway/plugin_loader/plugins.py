"""What all plugins offer: one typed method a hook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pluggy

from gateway import hookspecs
from gateway.domain.dataset import Rule
from gateway.errors import StartError
from gateway.interfaces import DestinationOffer, Jurisdiction, ProfileOffer, RuleOffer, SandboxOffer, SourceOffer
from gateway.messages import Message
from gateway.plugin_loader.installed import Plugin
from gateway.plugin_loader.shelf import Shelf
from gateway.plugin_loader.switch import SWITCH_EN, SWITCH_ZH

UNKNOWN_HOOK = Message(
    "plugin.unknown_hook",
    zh="插件“{plugin}”实现了网关没有的接口“{hook}”，网关的接口有：{allowed}；请更正拼写，或安装与本网关版本相符的插件"
    + SWITCH_ZH,
    en="plugin {plugin!r} implements the hook {hook!r}, which the gateway does not have; it has: {allowed}; correct "
    "the name or install the version of the plugin that fits this gateway" + SWITCH_EN,
)
WRONG_HOOK = Message(
    "plugin.wrong_hook",
    zh="插件“{plugin}”的接口写法与网关不符（{cause}）；请安装与本网关版本相符的插件" + SWITCH_ZH,
    en="plugin {plugin!r} declares a hook otherwise than the gateway does ({cause}); install the version of the plugin "
    "that fits this gateway" + SWITCH_EN,
)
OFFER_FAILED = Message(
    "plugin.offer_failed",
    zh="插件“{plugin}”的接口“{hook}”出错（{cause}）；请修复或重新安装该插件" + SWITCH_ZH,
    en="the hook {hook!r} of plugin {plugin!r} fails ({cause}); repair or reinstall it" + SWITCH_EN,
)
OFFERS_NOTHING = Message(
    "plugin.offers_nothing",
    zh="插件“{plugin}”没有提供任何内容；请在其接口函数前加上 @offers，或卸载该插件" + SWITCH_ZH,
    en="plugin {plugin!r} offers nothing; mark its hook functions with @offers, or uninstall it" + SWITCH_EN,
)
CODE_TAKEN = Message(
    "plugin.code_taken",
    zh="插件“{plugin}”为消息代码“{code}”写的句子与插件“{first}”的不同；一个代码只能有一种说法，请换一个代码"
    + SWITCH_ZH,
    en="plugin {plugin!r} words the message code {code!r} otherwise than plugin {first!r}; a code has one wording, so "
    "choose another code" + SWITCH_EN,
)


@dataclass(frozen=True, slots=True)
class Described:
    """A plugin as a person sees it: the names of its offers by hook, hooks without offers left out."""

    name: str
    version: str
    offers: Mapping[str, Sequence[str]]


class Plugins:
    """What all plugins offer, by name; built from plugins already imported, as `load_plugins` does."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._plugins = tuple(plugins)
        name = attrgetter("name")
        self._sources = Shelf("gateway_sources", "kind of source", "来源类型", SourceOffer, name)
        self._destinations = Shelf("gateway_destinations", "kind of destination", "目的地类型", DestinationOffer, name)
        self._profiles = Shelf("gateway_profiles", "profile", "报文规格", ProfileOffer, name)
        self._jurisdictions = Shelf("gateway_jurisdictions", "jurisdiction", "辖区", Jurisdiction, attrgetter("slug"))
        self._rules = Shelf("gateway_rules", "rule", "规则", RuleOffer, _rule_name)
        self._sandboxes = Shelf("gateway_sandboxes", "sandbox", "模拟平台", SandboxOffer, name)
        self._collect()
        self._refuse_two_wordings()

    def sources(self) -> Mapping[str, SourceOffer]:
        """Kinds of source by the name that a feed's `source.type` says."""
        return self._sources.offers

    def source(self, name: str) -> SourceOffer:
        """The kind of source of that name, or UnknownName."""
        return self._sources.pick(name)

    def destinations(self) -> Mapping[str, DestinationOffer]:
        """Kinds of destination by the name that a feed's `destination.type` says."""
        return self._destinations.offers

    def destination(self, name: str) -> DestinationOffer:
        """The kind of destination of that name, or UnknownName."""
        return self._destinations.pick(name)

    def profiles(self) -> Mapping[str, ProfileOffer]:
        """Wire formats by their path under `mappings/`."""
        return self._profiles.offers

    def profile(self, name: str) -> ProfileOffer:
        """The wire format of that name, or UnknownName."""
        return self._profiles.pick(name)

    def jurisdictions(self) -> Mapping[str, Jurisdiction]:
        """Jurisdictions by slug."""
        return self._jurisdictions.offers

    def jurisdiction(self, slug: str) -> Jurisdiction:
        """The jurisdiction of that slug, or UnknownName."""
        return self._jurisdictions.pick(slug)

    def sandboxes(self) -> Mapping[str, SandboxOffer]:
        """Simulated platforms by name."""
        return self._sandboxes.offers

    def sandbox(self, name: str) -> SandboxOffer:
        """The simulated platform of that name, or UnknownName."""
        return self._sandboxes.pick(name)

    def rules(self) -> Mapping[str, RuleOffer]:
        """Added checks by `dataset:message code`."""
        return self._rules.offers

    def rules_of(self, dataset: str) -> tuple[Rule, ...]:
        """The checks that plugins add to one dataset."""
        return tuple(offer.rule for offer in self.rules().values() if offer.dataset == dataset)

    def messages(self) -> Iterator[Message]:
        """Every message that the offers declare."""
        return (message for _, message in self._owned_messages())

    def described(self) -> list[Described]:
        """Every plugin with its version and the names of its offers."""
        return [Described(plugin.name, plugin.version, self._offers_of(plugin.name)) for plugin in self._plugins]

    @property
    def _shelves(self) -> Iterable[Shelf[Any]]:
        return (
            self._sources,
            self._destinations,
            self._profiles,
            self._jurisdictions,
            self._rules,
            self._sandboxes,
        )

    def _offers_of(self, plugin: str) -> dict[str, list[str]]:
        return {shelf.hook: names for shelf in self._shelves if (names := shelf.names_from(plugin))}

    def _collect(self) -> None:
        manager = pluggy.PluginManager("gateway")
        manager.add_hookspecs(hookspecs)
        shelves = {shelf.hook: shelf for shelf in self._shelves}
        for plugin in self._plugins:
            for hook, function in _hooks_of(manager, plugin):
                shelves[hook].put(plugin.name, _call(plugin.name, hook, function))
            if not self._offers_of(plugin.name):
                raise StartError(OFFERS_NOTHING, plugin=plugin.name)

    def _owned_messages(self) -> Iterator[tuple[str, Message]]:
        for name, rule_offer in self._rules.offers.items():
            yield self._rules.owners[name], rule_offer.rule.message
        for shelf in (self._sources, self._destinations):
            for name, offer in shelf.offers.items():
                for message in offer.messages:
                    yield shelf.owners[name], message

    def _refuse_two_wordings(self) -> None:
        worded: dict[str, tuple[str, Message]] = {}
        for plugin, message in self._owned_messages():
            first, wording = worded.setdefault(message.code, (plugin, message))
            if wording != message:
                raise StartError(CODE_TAKEN, plugin=plugin, first=first, code=message.code)


def _rule_name(offer: RuleOffer) -> str:
    return f"{offer.dataset}:{offer.rule.message.code}"


def _hooks_of(manager: pluggy.PluginManager, plugin: Plugin) -> Iterator[tuple[str, Callable[[], object]]]:
    try:
        manager.register(plugin.hooks, plugin.name)
    except pluggy.PluginValidationError as error:
        cause = str(error).splitlines()[-1].strip()
        raise StartError(WRONG_HOOK, plugin=plugin.name, cause=cause) from error
    for hook in manager.get_hookcallers(plugin.hooks) or ():
        if not hook.has_spec():
            allowed = ", ".join(sorted(name for name in vars(hookspecs) if name.startswith("gateway_")))
            raise StartError(UNKNOWN_HOOK, plugin=plugin.name, hook=hook.name, allowed=allowed)
        for implementation in hook.get_hookimpls():
            if implementation.plugin_name == plugin.name:
                yield hook.name, implementation.function


def _call(plugin: str, hook: str, function: Callable[[], object]) -> object:
    try:
        return function()
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise StartError(OFFER_FAILED, plugin=plugin, hook=hook, cause=cause) from error
