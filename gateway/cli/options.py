"""The options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.words import both

Directory = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        "-d",
        metavar=both("目录", "DIR"),
        help=both(
            "部署目录；缺省为环境变量 GATEWAY_DIRECTORY 所指，否则为当前目录",
            "the deployment directory; by default GATEWAY_DIRECTORY, else the current one",
        ),
        show_default=False,
    ),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help=both("只输出 JSON，供程序读取", "print JSON only, for programs"), show_default=False),
]
