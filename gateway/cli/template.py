"""`gateway template`: the workbook that a department fills in for a dataset, or the map that reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import StartError, UnknownName
from gateway.messages import Message

HELP = both(
    "生成一个数据集的填报表（.xlsx），供部门填写。\n\n表中有填写说明、样例行和下拉列表；填好后由 workbook 来源配合"
    "字段映射 departments/template/数据集 读入。",
    "Write the form of a dataset (.xlsx) for a department to fill in.\n\nIt holds hints, a sample row and drop-downs; "
    "the source workbook with the field map departments/template/DATASET reads it back.",
)
WRITTEN = Message(
    "cli.template.written",
    zh="已生成“{title}”的填报表：{file}；读入时用字段映射 departments/template/{dataset}",
    en="the form of {title} was written to {file}; the field map departments/template/{dataset} reads it back",
)
EXISTS = Message(
    "cli.template.exists",
    zh="文件 {file} 已经存在，没有改动；请用 --out 另写文件名，或先移走它",
    en="the file {file} is there already and was left alone; name another with --out, or move it away",
)
NOT_WRITTEN = Message(
    "cli.template.not_written",
    zh="文件 {file} 无法写入：{reason}；请检查文件夹和权限",
    en="the file {file} cannot be written: {reason}; check its folder and the permissions",
)


def command(
    context: typer.Context,
    dataset: Annotated[
        str,
        typer.Argument(metavar="DATASET", help=both("数据集的名称", "the name of a dataset"), show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help=both(
                "写到这个文件；缺省为当前目录中的 数据集.xlsx",
                "the file to write; by default DATASET.xlsx in the current directory",
            ),
            show_default=False,
        ),
    ] = None,
    as_map: Annotated[
        bool,
        typer.Option(
            "--map",
            help=both("改为输出读入填报表的字段映射（YAML）", "print the field map that reads the form back, as YAML"),
            show_default=False,
        ),
    ] = False,
) -> None:
    """Write the form of a dataset."""
    from gateway.domain.datasets import DATASETS
    from gateway.operations.template import template_map, write_template

    terminal: Terminal = context.obj
    if dataset not in DATASETS:
        raise UnknownName("dataset", "数据集", dataset, DATASETS)
    declared = DATASETS[dataset]
    if as_map:
        typer.echo(template_map(declared), nl=False)
        return
    file = out or Path(f"{dataset}.xlsx")
    if file.exists():
        raise StartError(EXISTS, file=file)
    try:
        write_template(declared, file)
    except OSError as error:
        raise StartError(NOT_WRITTEN, file=file, reason=error.strerror or error) from error
    terminal.say(WRITTEN, title=declared.title, file=file, dataset=dataset)
