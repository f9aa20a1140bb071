"""The offers of one hook: each judged when it is put in, and found by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.errors import StartError, UnknownName
from gateway.interfaces import DestinationOffer, Options, SourceOffer
from gateway.messages import Message
from gateway.plugin_loader.switch import SWITCH_EN, SWITCH_ZH

WRONG_OFFER = Message(
    "plugin.wrong_offer",
    zh="插件“{plugin}”的接口“{hook}”给出了 {value}，应为 {allowed}；请安装与本网关版本相符的插件" + SWITCH_ZH,
    en="the hook {hook!r} of plugin {plugin!r} gives {value} where {allowed} is expected; install the version of the "
    "plugin that fits this gateway" + SWITCH_EN,
)
WRONG_OPTIONS = Message(
    "plugin.wrong_options",
    zh="插件“{plugin}”的{kind_zh}“{name}”的 options 是 {value}，应为 gateway.interfaces.Options 的子类；"
    "请安装与本网关版本相符的插件" + SWITCH_ZH,
    en="the options of the {kind} {name!r} of plugin {plugin!r} are {value}, where a subclass of "
    "gateway.interfaces.Options is expected; install the version of the plugin that fits this gateway" + SWITCH_EN,
)
NAME_TAKEN = Message(
    "plugin.name_taken",
    zh="插件“{plugin}”提供的{kind_zh}“{name}”已由插件“{first}”提供；一个名称只能有一个提供者，请改名或只保留其一"
    + SWITCH_ZH,
    en="plugin {plugin!r} offers the {kind} {name!r}, which plugin {first!r} offers already; a name has one owner, so "
    "rename one or keep only one" + SWITCH_EN,
)

OfferT = TypeVar("OfferT")


@dataclass(frozen=True, slots=True)
class Shelf(Generic[OfferT]):
    """The offers of one hook by name, and the plugin that each came from."""

    hook: str
    kind: str
    kind_zh: str
    offer: type[OfferT]
    name: Callable[[OfferT], str]
    offers: dict[str, OfferT] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def pick(self, name: str) -> OfferT:
        """The offer of that name, or UnknownName."""
        if name not in self.offers:
            raise UnknownName(self.kind, self.kind_zh, name, self.offers)
        return self.offers[name]

    def put(self, plugin: str, offered: object) -> None:
        """Take in what a plugin's hook gave; StartError for a wrong type or a name that is taken."""
        if not isinstance(offered, (list, tuple)):
            raise self._wrong(plugin, type(offered).__name__)
        for offer in offered:
            if not isinstance(offer, self.offer):
                raise self._wrong(plugin, repr(offer))
            self._put_one(plugin, self.name(offer), offer)

    def names_from(self, plugin: str) -> list[str]:
        """The names that a plugin offers here."""
        return [name for name, owner in self.owners.items() if owner == plugin]

    def _put_one(self, plugin: str, name: str, offer: OfferT) -> None:
        names = {"plugin": plugin, "name": name, "kind": self.kind, "kind_zh": self.kind_zh}
        if name in self.offers:
            raise StartError(NAME_TAKEN, first=self.owners[name], **names)
        if isinstance(offer, (SourceOffer, DestinationOffer)) and not _refuses_unknown(offer.options):
            raise StartError(WRONG_OPTIONS, value=repr(offer.options), **names)
        self.offers[name] = offer
        self.owners[name] = plugin

    def _wrong(self, plugin: str, value: str) -> StartError:
        allowed = f"[{self.offer.__name__}(…), …]"
        return StartError(WRONG_OFFER, plugin=plugin, hook=self.hook, value=value, allowed=allowed)


def _refuses_unknown(options: object) -> bool:
    # A dataclass takes anything for `options`; with any other type a misspelt option of a feed would pass in silence.
    return isinstance(options, type) and issubclass(options, Options)
