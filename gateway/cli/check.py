"""`gateway check`: everything that is wrong with a deployment, in one list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from gateway.cli.deployment import settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import GatewayError, StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.cli.deployment import Feeds
    from gateway.plugin_loader import Plugins
    from gateway.settings import Settings

HELP = both(
    "检查部署，一次列出全部问题；不写入、不报送。\n\n"
    "检查设置、插件、数据库、数据流声明、字段映射、来源的列，以及目的地能否连通。有问题时退出码为 1。",
    "Check the deployment and list every problem at once; nothing is written or sent.\n\n"
    "It looks at settings, plugins, the database, feed declarations, field maps, the columns of sources and the reach "
    "of destinations. Exit code 1 where there is a problem.",
)
UNDER_WAY = Message("cli.check.under_way", zh="正在检查 {part}……", en="checking {part} …")
ALL_WELL = Message(
    "cli.check.all_well",
    zh="检查通过：{feeds} 个数据流，没有问题",
    en="all is well: {feeds} feeds, no problem",
)
PROBLEMS = Message(
    "cli.check.problems", zh="发现 {count} 个问题，请逐一更正", en="{count} problems, correct each of them"
)

SETTINGS, PLUGINS, DATABASE = both("设置", "settings"), both("插件", "plugins"), both("数据库", "database")
DECLARATIONS = both("数据流声明", "feed declarations")
_PARTS = (SETTINGS, PLUGINS, DATABASE, DECLARATIONS)
PROBLEM, REMARK, WELL = both("问题", "problem"), both("提示", "remark"), both("正常", "ok")
WITH_PROBLEMS = 1

Part = TypeVar("Part")


@dataclass(frozen=True)
class Checked:
    """What was found of one part of the deployment; a feed goes by its name."""

    part: str
    problems: Sequence[GatewayError] = ()
    remarks: Sequence[GatewayError] = ()


def command(context: typer.Context, as_json: AsJson = False, directory: Directory = None) -> int:
    """Check the deployment."""
    terminal: Terminal = context.obj
    checked: list[Checked] = []
    with ExitStack() as stack:
        for each in _check(terminal, directory, stack):
            checked.append(each)
            if not as_json:
                _show(terminal, each)
    problems = sum(len(each.problems) for each in checked)
    if as_json:
        terminal.json([row for each in checked for row in _rows(terminal, each)])
    elif problems:
        terminal.say(PROBLEMS, style="red", count=problems)
    else:
        terminal.say(ALL_WELL, style="green", feeds=len(checked) - len(_PARTS))
    return WITH_PROBLEMS if problems else 0


def _check(terminal: Terminal, directory: Path | None, stack: ExitStack) -> Iterator[Checked]:
    """Check part by part; where settings or plugins are wrong the list ends, as feeds cannot be opened without."""
    from gateway.plugin_loader import load_plugins

    settings, problems = _tried(lambda: settings_of(terminal, directory))
    yield Checked(SETTINGS, problems)
    plugins, problems = _tried(lambda: load_plugins(settings.disabled_plugins if settings else ()))
    yield Checked(PLUGINS, problems)
    if settings and plugins:
        yield from _check_deployment(terminal, settings, plugins, stack)


def _tried(open_part: Callable[[], Part]) -> tuple[Part | None, tuple[StartError, ...]]:
    try:
        return open_part(), ()
    except StartError as error:
        return None, (error,)


def _check_deployment(terminal: Terminal, settings: Settings, plugins: Plugins, stack: ExitStack) -> Iterator[Checked]:
    from gateway.app import Gateway
    from gateway.operations.check import check_feed
    from gateway.state.reading import opened_for_reading

    database, problems = _tried(
        lambda: stack.enter_context(opened_for_reading(settings.database_url, settings.environment))
    )
    yield Checked(DATABASE, problems)
    database = database or stack.enter_context(opened_for_reading("sqlite://"))
    gateway = Gateway(settings, plugins, database, stack.enter_context(ThreadPoolExecutor(1)))
    feeds, wrong = _declared(settings)
    if not wrong:
        _, wrong = _tried(lambda: gateway.precedence)
    yield Checked(DECLARATIONS, wrong)
    told = {str(each) for each in wrong}  # no feed can be run before these are mended; they are not its own faults
    for name, feed in feeds.items():
        with terminal.busy(UNDER_WAY, part=name):
            findings = check_feed(gateway, name, feed)
        yield Checked(name, [each for each in findings.problems if str(each) not in told], findings.remarks)


def _declared(settings: Settings) -> tuple[Feeds, tuple[StartError, ...]]:
    from gateway.pipeline.feeds import NO_FEEDS, read_feeds

    folder = settings.directory / "config" / "feeds"
    feeds, wrong = read_feeds(folder)
    return feeds, tuple(wrong) if feeds or wrong else (StartError(NO_FEEDS, folder=folder),)


def _show(terminal: Terminal, checked: Checked) -> None:
    from rich.text import Text

    word, style = (PROBLEM, "red") if checked.problems else (REMARK, "yellow") if checked.remarks else (WELL, "green")
    terminal.show(Text.assemble((f"{terminal.word(word)}  ", style), terminal.word(checked.part)))
    for error in (*checked.problems, *checked.remarks):
        terminal.lines(error.text(terminal.language), indent=4)


def _rows(terminal: Terminal, checked: Checked) -> Iterator[dict[str, str]]:
    for severity, errors in (("problem", checked.problems), ("remark", checked.remarks)):
        for error in errors:
            yield {
                "part": terminal.word(checked.part),
                "severity": severity,
                "code": error.message.code,
                "sentence": error.text(terminal.language),
            }
