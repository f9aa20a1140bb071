"""`gateway merge`: a subject got another key; its life goes on under that, and nothing of it is lost."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import opened_to_work, settings_of
from gateway.cli.named_files import refuse_missing
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.domain.dataset import Dataset
    from gateway.operations.merge import Merge, Pairs
    from gateway.state.database import Database

HELP = both(
    "声明一条记录换了标识：历史保留，今后按新标识入库。\n\n"
    "标识写法与 gateway trace 所示相同。此后以旧标识到达的行按新标识入库；新标识的记录生效后，下一次运行撤回旧标识的"
    "记录；下级记录仍可写旧标识。成批声明用 --file 或 --field。先用 --dry-run 查看影响。",
    "Declare that a record got another key: its history stays, and from now on it lives under the new one.\n\n"
    "Keys are written as gateway trace shows them. Rows that come under the old key then take effect on the new "
    "record; once that is in force the next run withdraws the old one; children may go on naming the old key. Many are "
    "declared by --file or --field. See by --dry-run what it does.",
)
WHICH = Message(
    "cli.merge.which",
    zh="请写明旧、新两个标识，或只用 --file 写明文件（--field 需要旧、新两个值）",
    en="give the old and the new key, or a file by --file alone (--field takes an old and a new value)",
)
WHO_AND_WHY = Message(
    "cli.merge.who_and_why",
    zh="请用 --by 写明决定人（至多 100 个字），用 --reason 写明依据",
    en="say by --by who decided it (100 characters at most), and by --reason on what ground",
)
DONE = Message(
    "cli.merge.done",
    zh="已声明 {count} 个合并（另有 {already} 个早已声明）；下次运行 {dataset} 的数据流时生效",
    en="{count} merges are declared ({already} were before); they take effect in the next run of a feed of {dataset}",
)
WOULD = Message(
    "cli.merge.would",
    zh="将声明 {count} 个合并（另有 {already} 个早已声明）；没有写入任何内容",
    en="{count} merges would be declared ({already} were before); nothing was written",
)
HELD = Message(
    "cli.merge.held",
    zh="旧标识：{old_in_force} 个现行有效，{old_unknown} 个从未入库；新标识：{new_in_force} 个现行有效",
    en="old keys: {old_in_force} in force, {old_unknown} never held; new keys: {new_in_force} in force",
)
TAKEN_BACK = Message(
    "cli.merge.taken_back",
    zh="已撤销 {count} 个合并声明；下次运行起，旧标识的行重新按旧标识入库",
    en="{count} merges were taken back; from the next run on, rows of an old key take effect under it again",
)
WOULD_TAKE_BACK = Message(
    "cli.merge.would_take_back",
    zh="将撤销 {count} 个合并声明；没有写入任何内容",
    en="{count} merges would be taken back; nothing was written",
)
_LONGEST_NAME = 100


def command(
    context: typer.Context,
    dataset: Annotated[
        str,
        typer.Argument(
            metavar=both("数据集", "DATASET"),
            help=both("数据集的名称，如 inspection_targets", "the name of a dataset, as inspection_targets"),
            show_default=False,
        ),
    ],
    old: Annotated[
        str | None,
        typer.Argument(
            metavar=both("旧标识", "OLD"),
            help=both("旧标识；有 --field 时为该项的旧值", "the old key; with --field the field's old value"),
            show_default=False,
        ),
    ] = None,
    new: Annotated[
        str | None,
        typer.Argument(
            metavar=both("新标识", "NEW"),
            help=both("新标识；有 --field 时为该项的新值", "the new key; with --field the field's new value"),
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar=both("文件", "FILE"),
            help=both("成批声明的 CSV，表头 old_key,new_key", "a CSV file of many, with the header old_key,new_key"),
            show_default=False,
        ),
    ] = None,
    field: Annotated[
        str | None,
        typer.Option(
            "--field",
            metavar=both("字段", "FIELD"),
            help=both(
                "合并现行有效、该标识项为旧值的全部记录，如 department_code",
                "merge every record in force whose key field has the old value, as department_code",
            ),
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--by", metavar=both("姓名", "NAME"), help=both("决定人", "who decided it"), show_default=False),
    ] = "",
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar=both("依据", "TEXT"), help=both("决定的依据", "on what ground"), show_default=False
        ),
    ] = "",
    revoke: Annotated[
        bool,
        typer.Option("--revoke", help=both("撤销这些声明", "take these merges back"), show_default=False),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help=both("只查看影响，不写入", "only look, write nothing"), show_default=False),
    ] = False,
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Declare merges, or take them back."""
    terminal: Terminal = context.obj
    if (file is None) == (old is None) or (old is None) != (new is None) or (field is not None and old is None):
        raise StartError(WHICH)
    if not dry_run and not (by.strip() and reason.strip() and len(by) <= _LONGEST_NAME):
        raise StartError(WHO_AND_WHY)
    if file is not None:
        refuse_missing(file)
    with opened_to_work(settings_of(terminal, directory)) as gateway:
        known = gateway.dataset(dataset)
        pairs = _pairs(gateway.database, known, old or "", new or "", file, field, revoke=revoke)
        done = _done(gateway.database, known, pairs, by, reason, revoke=revoke, dry_run=dry_run)
        if as_json:
            terminal.json(asdict(done))
        else:
            _show(terminal, done, revoke=revoke, dry_run=dry_run)


def _pairs(
    database: Database, dataset: Dataset, old: str, new: str, file: Path | None, field: str | None, *, revoke: bool
) -> Pairs:
    from gateway.operations.merge import pairs_declared, pairs_of_field, pairs_of_file

    if file is not None:
        return pairs_of_file(file)
    if field is None:
        return {old: new}
    return (pairs_declared if revoke else pairs_of_field)(database, dataset, field, old, new)


def _done(
    database: Database, dataset: Dataset, pairs: Pairs, by: str, reason: str, *, revoke: bool, dry_run: bool
) -> Merge:
    from gateway.operations import merge as merging

    if dry_run:
        look = merging.preview_revoking if revoke else merging.preview_merge
        return look(database, dataset, pairs)
    act = merging.revoke if revoke else merging.merge
    return act(database, dataset, pairs, by=by.strip(), reason=reason.strip())


def _show(terminal: Terminal, done: Merge, *, revoke: bool, dry_run: bool) -> None:
    if revoke:
        terminal.say(WOULD_TAKE_BACK if dry_run else TAKEN_BACK, count=len(done.declared))
        return
    terminal.say(WOULD if dry_run else DONE, count=len(done.declared), already=done.already, dataset=done.dataset)
    terminal.say(HELD, old_in_force=done.old_in_force, new_in_force=done.new_in_force, old_unknown=done.old_unknown)
