"""`gateway discover`: what a source could read, and a field map to start from, which a person confirms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.deployment import declared_feeds, settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import StartError, UnknownName
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.domain.dataset import Dataset
    from gateway.interfaces import Found
    from gateway.operations.map_proposal import Proposal
    from gateway.plugin_loader import Plugins
    from gateway.settings import Settings

HELP = both(
    "列出一个来源中可读的内容：文件、工作表、数据库表等，及其各列。\n\n"
    "写明 --dataset 时，按列名和样本值提出字段映射的建议；建议须由人核对，不会自动采用。",
    "List what a source could read: files, sheets, tables and the like, with their columns.\n\n"
    "With --dataset a field map is proposed from the names of columns and sampled values; a person confirms it, it is "
    "never applied by itself.",
)
UNDER_WAY = Message("cli.discover.under_way", zh="正在查看 {what}……", en="looking at {what} …")
NOTHING = Message(
    "cli.discover.nothing", zh="没有找到可读的内容；请核对选项", en="there is nothing to read; check the options"
)
NOT_INBOUND = Message(
    "cli.discover.not_inbound",
    zh="数据流“{feed}”是报送的，没有来源；请写 inbound 数据流或来源类型",
    en="the feed {feed!r} sends and has no source; name an inbound feed or a kind of source",
)
SEVERAL = Message(
    "cli.discover.several",
    zh="找到 {count} 处内容，字段映射只能为其中一处提出；请用选项指明一处，如 {options}",
    en="{count} things are there, and a map is proposed for one; name it by its options, as in {options}",
)
NONE_TO_MAP = Message(
    "cli.discover.none_to_map",
    zh="没有找到可读的内容，无从提出字段映射；请核对选项",
    en="there is nothing to read, so no map can be proposed; check the options",
)
NO_DATASET = Message(
    "cli.discover.no_dataset",
    zh="--out 是写字段映射的，须同时用 --dataset 写明数据集",
    en="--out is for a field map, so name the dataset by --dataset too",
)
EXISTS = Message(
    "cli.discover.exists",
    zh="文件 {file} 已经存在，没有改动；请另写文件名，或先移走它",
    en="the file {file} is there already and was left alone; name another, or move it away",
)
NOT_WRITTEN = Message(
    "cli.discover.not_written",
    zh="文件 {file} 无法写入：{reason}；请检查文件夹和权限",
    en="the file {file} cannot be written: {reason}; check its folder and the permissions",
)
WRITTEN = Message(
    "cli.discover.written",
    zh="已写出建议：{file}；采用 {matched} 列，{unsure} 列把握小，{unmatched} 列没有去处，"
    "缺 {missing} 个必填字段；核对后删去“待确认”一行",
    en="the proposal is in {file}: {matched} columns taken, {unsure} unsure, {unmatched} without a field, {missing} "
    "required fields without a column; take the line 待确认 out once it is confirmed",
)
COLUMN, KIND, SAMPLE = both("列", "column"), both("类型", "type"), both("样本值", "sampled values")
NOTHING_THERE = 1

_SHOWN_VALUES, _SHOWN_CHARACTERS = 3, 24


def command(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar=both("类型或数据流", "TYPE|FEED"),
            help=both("来源类型，如 csv；或一个数据流的名称", "a kind of source, as csv, or the name of a feed"),
            show_default=False,
        ),
    ],
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=both("名称=值…", "NAME=VALUE…"),
            help=both(
                "来源的选项，不必写全；[…] 和 {…} 按 YAML 读作列表和映射",
                "options of the source, which need not be complete; […] and {…} are read as YAML",
            ),
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            metavar="DATASET",
            help=both("为这个数据集提出字段映射", "propose a field map for this dataset"),
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar=both("文件.yml", "FILE.yml"),
            help=both("把建议写到这个新文件", "write the proposal to this new file"),
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
) -> int:
    """List what a source could read, or propose a field map."""
    terminal: Terminal = context.obj
    wanted = _dataset(dataset) if dataset else None
    if out and not wanted:
        raise StartError(NO_DATASET)
    if out and out.exists():
        raise StartError(EXISTS, file=out)
    settings = settings_of(terminal, directory)
    found = _found(terminal, settings, what, options or ())
    if wanted is None:
        _list(terminal, found, as_json)
    elif as_json:
        terminal.json(_proposal_rows(terminal, _proposed(wanted, found)))
    else:
        _give(terminal, _proposed(wanted, found), out)
    return 0 if found else NOTHING_THERE


def _dataset(name: str) -> Dataset:
    from gateway.domain.datasets import DATASETS

    if name not in DATASETS:
        raise UnknownName("dataset", "数据集", name, DATASETS)
    return DATASETS[name]


def _found(terminal: Terminal, settings: Settings, what: str, typed: Sequence[str]) -> Sequence[Found]:
    from gateway.interfaces import Surroundings
    from gateway.operations.discovery import discover, typed_options
    from gateway.plugin_loader import load_plugins

    plugins = load_plugins(settings.disabled_plugins)
    kind, options = _source(settings, plugins, what)
    surroundings = Surroundings(settings.directory, settings.secret, settings.environment)
    with terminal.busy(UNDER_WAY, what=what):
        return discover(plugins, surroundings, kind, {**options, **typed_options(typed)})


def _source(settings: Settings, plugins: Plugins, what: str) -> tuple[str, Mapping[str, Any]]:
    """The kind of source and its options so far, from a kind or from a feed."""
    from gateway.operations.discovery import feed_options
    from gateway.pipeline.feeds import InboundFeed

    if what in plugins.sources():
        return what, {}
    feeds = declared_feeds(settings) if (settings.directory / "config" / "feeds").is_dir() else {}
    if what not in feeds:
        raise UnknownName("kind of source or feed", "来源类型或数据流", what, [*plugins.sources(), *feeds])
    feed = feeds[what]
    if not isinstance(feed, InboundFeed):
        raise StartError(NOT_INBOUND, feed=what)
    return feed.source["type"], feed_options(feed)


def _list(terminal: Terminal, found: Sequence[Found], as_json: bool) -> None:
    if as_json:
        terminal.json([_row(each) for each in found])
    elif found:
        for each in found:
            _show(terminal, each)
    else:
        terminal.say(NOTHING)


def _row(found: Found) -> dict[str, Any]:
    columns = [{"name": each.name, "type": each.type, "values": list(each.values)} for each in found.columns]
    return {"title": found.title, "source": dict(found.source), "columns": columns}


def _show(terminal: Terminal, found: Found) -> None:
    from gateway.cli.tables import plain_table

    terminal.lines(found.title or _options(found), style="bold")
    terminal.lines(f"source: {_options(found)}", style="dim")
    table = plain_table()
    for heading in (COLUMN, KIND, SAMPLE):
        table.add_column(terminal.word(heading), overflow="fold")
    for each in found.columns:
        table.add_row(*map(_one_line, (each.name, each.type, _sample(each.values))))
    terminal.show(table, "")


def _options(found: Found) -> str:
    """What a feed's `source` has to say, as YAML on one line."""
    from gateway.operations.map_proposal_text import flow

    return flow(dict(found.source))


def _sample(values: Sequence[str]) -> str:
    shown = [value[:_SHOWN_CHARACTERS] + "…" * (len(value) > _SHOWN_CHARACTERS) for value in values[:_SHOWN_VALUES]]
    return " | ".join(shown)


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _proposed(dataset: Dataset, found: Sequence[Found]) -> Proposal:
    from gateway.operations.map_proposal import propose_map

    if not found:
        raise StartError(NONE_TO_MAP)
    if len(found) > 1:
        raise StartError(SEVERAL, count=len(found), options=_telling_apart(found))
    return propose_map(dataset, found[0])


def _telling_apart(found: Sequence[Found]) -> str:
    """The options in which what was found differs, for the first and the second of them."""
    first, second = (dict(each.source) for each in found[:2])
    differing = [name for name in first if first[name] != second.get(name)]
    listed = [" ".join(f"{name}={each[name]}" for name in differing if name in each) for each in (first, second)]
    return " / ".join(each for each in listed if each) or "-"


def _proposal_rows(terminal: Terminal, proposal: Proposal) -> dict[str, Any]:
    matches = [
        {
            "field": each.field.name,
            "column": each.column,
            "confidence": each.confidence.value,
            "steps": list(each.reading.steps),
            "reasons": [message.text(terminal.language, blanks) for message, blanks in each.reasons],
        }
        for each in proposal.matches
    ]
    return {
        "dataset": proposal.dataset.name,
        "matches": matches,
        "constants": {field: text for field, (text, _) in proposal.constants.items()},
        "unmatched_columns": list(proposal.unmatched_columns),
        "unmatched_fields": [each.name for each in proposal.unmatched_fields],
    }


def _give(terminal: Terminal, proposal: Proposal, out: Path | None) -> None:
    from gateway.operations.map_proposal_text import proposal_text

    text = proposal_text(proposal, out.absolute() if out else None, terminal.language)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise StartError(NOT_WRITTEN, file=out, reason=error.strerror or error) from error
    terminal.say(
        WRITTEN,
        file=out,
        matched=len(proposal.taken),
        unsure=len(proposal.unsure),
        unmatched=len(proposal.unmatched_columns),
        missing=len(proposal.unmatched_fields),
    )
