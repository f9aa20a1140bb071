"""`gateway map test`: whether field maps still make of rows what their golden pairs say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.golden_pairs_of_deployment import Tested

HELP = both(
    "检验字段映射：对照样例（映射旁的 映射名.golden.yml）中的每一行，得到的记录或问题是否仍如所写。\n\n"
    "不写名称时检验全部有样例的映射，包括随网关发布的。退出码：0 全部相符；3 有不符；2 映射或样例有误。",
    "Test field maps: whether each row of the golden pairs beside a map (MAP.golden.yml) still gives the record or the "
    "findings that are written there.\n\nWithout names every map with pairs is tested, the shipped ones included. Exit "
    "code: 0 all are as written; 3 some differ; 2 a map or its pairs are wrong.",
)
AS_WRITTEN = Message("cli.map_test.as_written", zh="{map}：{pairs} 对，相符", en="{map}: {pairs} pairs, as written")
DIFFERS = Message(
    "cli.map_test.differs",
    zh="{map}：{pairs} 对，{count} 处不符",
    en="{map}: {pairs} pairs, {count} differences",
)
NO_MAPS = Message("cli.map_test.none", zh="没有带对照样例的字段映射", en="no field map has golden pairs")
DIFFERENT = 3


def command(
    context: typer.Context,
    maps: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=both("映射…", "MAP…"),
            help=both("字段映射在 mappings/ 下的路径，不带 .yml", "paths of field maps below mappings/, without .yml"),
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
) -> int:
    """Test field maps."""
    terminal: Terminal = context.obj
    with opened_to_look(terminal, directory) as gateway:
        results = _tested(gateway, maps)
    if as_json:
        terminal.json([_row(terminal, each) for each in results])
    else:
        _show(terminal, results)
    return DIFFERENT if any(each.differences for each in results) else 0


def _tested(gateway: Gateway, maps: list[str] | None) -> list[Tested]:
    from gateway.operations.golden_pairs_of_deployment import names_with_pairs, tested

    names = maps or names_with_pairs(_roots(gateway))
    return list(tested(gateway, names, named=bool(maps)))


def _roots(gateway: Gateway) -> list[Path]:
    from gateway.shipped import shipped

    return [gateway.settings.directory / "mappings", shipped("mappings")]


def _row(terminal: Terminal, tested: Tested) -> dict[str, Any]:
    found = [
        {"pair": each.number, "note": each.note, "code": each.message.code, "sentence": each.text(terminal.language)}
        for each in tested.differences
    ]
    return {"map": tested.map, "pairs": tested.pairs, "differences": found}


def _show(terminal: Terminal, results: list[Tested]) -> None:
    if not results:
        terminal.say(NO_MAPS)
    for each in results:
        if not each.differences:
            terminal.say(AS_WRITTEN, map=each.map, pairs=each.pairs)
            continue
        terminal.say(DIFFERS, style="red", map=each.map, pairs=each.pairs, count=len(each.differences))
        for difference in each.differences:
            terminal.lines(difference.text(terminal.language), indent=2)
