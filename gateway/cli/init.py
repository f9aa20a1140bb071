"""`gateway init`: a new deployment directory, ready to be checked, run and changed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message

HELP = both(
    "建立部署目录：设置、数据流和字段映射的范例、一份示例数据，都有注释，建好即可检查和运行。\n\n"
    "目录不存在时新建；不是空目录时不改动它。",
    "Make a deployment directory: settings, feeds and maps to start from, sample data, all annotated, ready to be "
    "checked and run.\n\nThe directory is made where it is missing, and left alone where it is not empty.",
)
MADE = Message(
    "cli.init.made",
    zh="已建立部署目录 {directory}（演练），说明见其中的 README.md",
    en="the deployment directory {directory} is made (rehearsal); its README.md says what is where",
)
NEXT = Message(
    "cli.init.next",
    zh="下一步：gateway check --dir {directory}，再运行 gateway run --all --dir {directory}",
    en="next: gateway check --dir {directory}, then gateway run --all --dir {directory}",
)


def command(
    context: typer.Context,
    directory: Annotated[
        Path,
        typer.Argument(metavar=both("目录", "DIR"), help=both("要建立的部署目录", "the deployment directory to make")),
    ],
) -> None:
    """Make a deployment directory."""
    from gateway.operations.new_deployment import make

    terminal: Terminal = context.obj
    make(directory)
    shown = shlex.quote(str(directory))
    terminal.say(MADE, directory=shown, style="green")
    terminal.say(NEXT, directory=shown)
