"""What a source could read: asked of its plugin, by the kind of source or by a feed that is declared already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError, UnknownName
from gateway.interfaces import Found, Options, Surroundings
from gateway.messages import Message
from gateway.pipeline.feeds import InboundFeed
from gateway.plugin_loader import Plugins

NOT_DISCOVERED = Message(
    "discover.not_offered",
    zh="来源类型“{type}”不能列出可读的内容；可以的有：{allowed}；请按该来源的文档填写选项",
    en="the kind of source {type!r} cannot list what there is; these can: {allowed}; fill in its options by its page",
)
NO_OPTION = Message(
    "discover.no_option",
    zh="“{value}”不是选项；请写成 名称=值，如 path=inbox/名录.csv",
    en="{value!r} is no option; write name=value, as in path=inbox/list.csv",
)
TWICE = Message(
    "discover.option_twice",
    zh="选项“{name}”写了两次；请只写一次",
    en="the option {name!r} is said twice; say it once",
)

# What a feed says of its source that is not the source's to know.
_FOR_US = {"type", "name"}


def discover(plugins: Plugins, surroundings: Surroundings, kind: str, options: Mapping[str, Any]) -> Sequence[Found]:
    """What a kind of source finds with these options; raises StartError, UnknownName or SourceError."""
    offer = plugins.source(kind)
    if offer.discover is None:
        able = ", ".join(name for name, each in plugins.sources().items() if each.discover)
        raise StartError(NOT_DISCOVERED, type=kind, allowed=able or "-")
    _assert_known(kind, offer.options, options)
    return offer.discover(options, surroundings)


def _assert_known(kind: str, declared: type[Options], options: Mapping[str, Any]) -> None:
    """Raise UnknownName for an option that this kind of source does not have, whatever else is not said yet."""
    known = [field.alias or name for name, field in declared.model_fields.items()]
    for name in options:
        if name not in known:
            raise UnknownName(f"option of {kind}", f"选项（来源类型 {kind}）", name, known)


def feed_options(feed: InboundFeed) -> dict[str, Any]:
    """What a feed tells its source."""
    return {name: value for name, value in feed.source.items() if name not in _FOR_US}


def typed_options(arguments: Sequence[str]) -> dict[str, Any]:
    """The options that a person types as ``name=value``; a value in [ ] or { } is a list or mapping as in YAML."""
    options: dict[str, Any] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not (equals and name):
            raise StartError(NO_OPTION, value=argument)
        if name in options:
            raise StartError(TWICE, name=name)
        options[name] = read_yaml_text(value, argument) if value.startswith(("[", "{")) else value
    return options
