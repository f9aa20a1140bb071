"""`gateway targets confirm`: record a decided proposal, and write the list that a feed reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import opened_to_work, settings_of
from gateway.cli.named_files import refuse_missing
from gateway.cli.options import Directory
from gateway.cli.targets_propose import EXISTS, NOT_WRITTEN
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.operations.target_confirmation import Confirmed

HELP = both(
    "确认已逐行决定的检查对象名录建议：记入日志，并写出名录（CSV）。\n\n"
    "名录由数据流用字段映射 departments/template/inspection_targets 读入；本命令不向交换库写入检查对象。",
    "Confirm a proposal of targets that is decided row by row: it is logged, and the list is written as CSV.\n\n"
    "A feed reads the list with the field map departments/template/inspection_targets; this command puts no target "
    "into the exchange.",
)
CONFIRMED = Message(
    "cli.targets.confirmed",
    zh="已确认并写出名录：{file}；列入 {listed} 户，不列入 {declined} 户，确认人 {by}",
    en="the list is confirmed and written to {file}: {listed} listed, {declined} not, confirmed by {by}",
)
GONE = Message(
    "cli.targets.gone",
    zh="{count} 户已不在登记数据中，没有列入：{keys}",
    en="{count} are not in the register any more and were not listed: {keys}",
)
READ_BY = Message(
    "cli.targets.read_by",
    zh="请用数据流读入：source: {{type: csv, path: …}}，map: departments/template/inspection_targets",
    en="read it by a feed: source: {{type: csv, path: …}}, map: departments/template/inspection_targets",
)
_NAMED = 5


def command(
    context: typer.Context,
    proposal: Annotated[
        Path,
        typer.Argument(
            metavar=both("建议.xlsx", "PROPOSAL.xlsx"),
            help=both("已逐行决定的建议", "the proposal, each row decided"),
            show_default=False,
        ),
    ],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar=both("姓名", "NAME"),
            help=both("确认人", "who confirms it"),
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar=both("文件.csv", "FILE.csv"),
            help=both(
                "把名录写到这个新文件；缺省与建议同名", "the new file for the list; by default named as the proposal"
            ),
            show_default=False,
        ),
    ] = None,
    directory: Directory = None,
) -> None:
    """Confirm a list of targets."""
    terminal: Terminal = context.obj
    file = out or proposal.with_suffix(".csv")
    refuse_missing(proposal)
    settings = settings_of(terminal, directory)
    with opened_to_work(settings) as gateway:
        from gateway.operations.target_confirmation import confirm_targets

        try:
            confirmed = confirm_targets(gateway.database, gateway.dataset("inspection_targets"), proposal, by, file)
        except FileExistsError as error:
            raise StartError(EXISTS, file=file) from error
        except OSError as error:
            raise StartError(NOT_WRITTEN, file=file, reason=error.strerror or error) from error
    _say(terminal, confirmed, file, by)


def _say(terminal: Terminal, confirmed: Confirmed, file: Path, by: str) -> None:
    terminal.say(CONFIRMED, file=file, listed=confirmed.listed, declined=confirmed.declined, by=by)
    if confirmed.gone:
        keys = ", ".join(confirmed.gone[:_NAMED]) + (" …" if len(confirmed.gone) > _NAMED else "")
        terminal.say(GONE, style="yellow", count=len(confirmed.gone), keys=keys)
    terminal.say(READ_BY, style="dim")
