"""`gateway plugins`: which plugins are loaded, and what each offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.deployment import settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both

if TYPE_CHECKING:
    from gateway.plugin_loader import Described

HELP = both("列出已加载的插件及其提供的内容。", "List the plugins that are loaded and what each offers.")
HEADINGS = (both("插件", "plugin"), both("版本", "version"), both("提供", "offers"))
OFFERS: Mapping[str, str] = {
    "gateway_sources": both("来源", "source"),
    "gateway_destinations": both("目的地", "destination"),
    "gateway_profiles": both("报文规格", "profile"),
    "gateway_jurisdictions": both("辖区", "jurisdiction"),
    "gateway_rules": both("规则", "rule"),
    "gateway_sandboxes": both("模拟平台", "sandbox"),
}


def command(context: typer.Context, as_json: AsJson = False, directory: Directory = None) -> None:
    """List plugins."""
    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    from gateway.plugin_loader import load_plugins

    described = load_plugins(settings.disabled_plugins).described()
    if as_json:
        terminal.json([_row(each) for each in described])
    else:
        _show(terminal, described)


def _row(described: Described) -> dict[str, Any]:
    offers = {hook.removeprefix("gateway_"): list(names) for hook, names in described.offers.items()}
    return {"plugin": described.name, "version": described.version, "offers": offers}


def _show(terminal: Terminal, described: list[Described]) -> None:
    from gateway.cli.tables import plain_table

    table = plain_table()
    for heading in HEADINGS:
        table.add_column(terminal.word(heading), overflow="fold")
    for each in described:
        offers = [f"{terminal.word(OFFERS[hook])} {', '.join(names)}" for hook, names in each.offers.items()]
        table.add_row(each.name, each.version, "\n".join(offers))
    terminal.show(table)
