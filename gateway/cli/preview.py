"""`gateway preview`: what a run would do, without doing any of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.options import AsJson, Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import NothingThere
from gateway.messages import Language, Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.preview import Preview

HELP = both(
    "预演一个数据流：若现在运行会怎样；不写入任何内容。\n\n列出将新增、变更、撤回、退回、挂起或报送多少，以及每个问题。",
    "Preview a feed: what a run now would do; nothing is written.\n\nIt tells how much would be inserted, changed, "
    "withdrawn, rejected, held or sent, and every issue.",
)
UNDER_WAY = Message("cli.preview.under_way", zh="正在预演 {feed}……", en="previewing {feed} …")
INBOUND = Message(
    "cli.preview.inbound",
    zh="预演 {feed}：读入 {read} 行，若现在运行",
    en="preview of {feed}: {read} rows were read; a run now would",
)
OUTBOUND = Message("cli.preview.outbound", zh="预演 {feed}：若现在运行", en="preview of {feed}: a run now would")
NOTHING_WRITTEN = Message("cli.preview.nothing_written", zh="没有写入任何内容", en="nothing was written")
SHOWN = Message(
    "cli.preview.shown",
    zh="以上是前 {shown} 条，共 {total} 条；运行后可用 gateway issues 查看和导出全部",
    en="these are the first {shown} of {total}; after a run, gateway issues lists and exports them all",
)
NAMES = {
    "inbound": {
        "inserted": both("新增", "insert"),
        "changed": both("变更", "change"),
        "unchanged": both("未变", "leave unchanged"),
        "withdrawn": both("撤回", "withdraw"),
        "withdrawals_held_back": both("暂不撤回（待核实）", "hold back withdrawals"),
        "rejected": both("退回", "reject"),
        "held": both("挂起", "hold"),
        "left_out": both("略过", "leave out"),
    },
    "outbound": {
        "sent": both("报送", "send"),
        "refused": both("无法按格式表达", "refuse as not expressible"),
    },
}
_ALWAYS = ("inserted", "changed", "unchanged", "withdrawn", "rejected", "held", "sent")
_SHOWN_ISSUES = 10


def command(
    context: typer.Context,
    feed: Annotated[
        str, typer.Argument(metavar="FEED", help=both("数据流的名称", "the name of a feed"), show_default=False)
    ],
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Preview a feed."""
    terminal: Terminal = context.obj
    with opened_to_look(terminal, directory) as gateway:
        runner = gateway.runner(feed)
        with terminal.busy(UNDER_WAY, feed=feed):
            preview, remark = _previewed(runner, terminal.language)
        if as_json:
            terminal.json(_row(preview, remark, gateway, terminal))
        elif remark:
            terminal.lines(remark)
        else:
            _show(terminal, gateway, preview)


def _previewed(runner: Any, language: Language) -> tuple[Preview, str]:
    """What a run would do, and why there is nothing yet that it could read, if so."""
    from gateway.operations.preview import Preview, preview_inbound, preview_outbound
    from gateway.pipeline.inbound import InboundRunner

    if not isinstance(runner, InboundRunner):
        return preview_outbound(runner), ""
    try:
        return preview_inbound(runner), ""
    except NothingThere as nothing:
        return Preview(feed=runner.name, direction="inbound"), nothing.text(language)


def _row(preview: Preview, remark: str, gateway: Gateway, terminal: Terminal) -> dict[str, Any]:
    from gateway.cli.issue_rows import issue_row

    issues = [issue_row(issue, gateway, terminal.language) for issue in preview.issues]
    return {**asdict(preview), "issues": issues, "remark": remark}


def _show(terminal: Terminal, gateway: Gateway, preview: Preview) -> None:
    from rich.table import Table

    from gateway.cli.issue_lines import show_issues

    terminal.say(INBOUND if preview.direction == "inbound" else OUTBOUND, feed=preview.feed, read=preview.read)
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for name, words in NAMES[preview.direction].items():
        count = getattr(preview, name)
        if count or name in _ALWAYS:
            table.add_row(f"  {terminal.word(words)}", str(count))
    terminal.show(table, "")
    show_issues(terminal, gateway, preview.issues[:_SHOWN_ISSUES])
    if len(preview.issues) > _SHOWN_ISSUES:
        terminal.say(SHOWN, style="dim", shown=_SHOWN_ISSUES, total=len(preview.issues))
    terminal.say(NOTHING_WRITTEN, style="dim")
