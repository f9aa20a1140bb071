"""`gateway targets propose`: a list of inspection targets found in the register, for a person to decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import opened_to_look
from gateway.cli.feed_names import refuse_unknown_feed
from gateway.cli.options import Directory
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.target_proposal import Criteria, TargetProposal

HELP = both(
    "从交换库的登记数据中，按行业和经营范围的关键词为一个部门提出检查对象名录，写成 Excel。\n\n"
    "每一户都写明理由；经营范围可能是排除（不含、除外等）的列为存疑。由人逐行决定后，用 gateway targets confirm 确认。",
    "Propose a department's list of targets from the register in the exchange, by industry and by keywords of the "
    "business scope, as a workbook.\n\nEach company has its reasons; where the scope may exclude a keyword it is "
    "marked doubtful. A person decides each row, then gateway targets confirm records it.",
)
UNDER_WAY = Message("cli.targets.under_way", zh="正在查找……", en="looking through the register …")
WRITTEN = Message(
    "cli.targets.written",
    zh="已写出建议：{file}；建议列入 {suggested} 户，存疑 {doubtful} 户",
    en="the proposal is in {file}: {suggested} suggested, {doubtful} doubtful",
)
OTHERS = Message(
    "cli.targets.others",
    zh="另有：名录中已有 {already} 户；登记数据没有写明经营范围或行业、无从判断的 {unknown} 户；不相符的 {others} 户",
    en="besides: {already} are listed already; of {unknown} the register says neither scope nor industry; {others} do "
    "not fit",
)
NEXT = Message(
    "cli.targets.next",
    zh="请在“是否列入”一列逐行写“是”或“否”，再运行 gateway targets confirm {file} --by 姓名",
    en="write yes or no in each row of its first column, then run gateway targets confirm {file} --by NAME",
)
NONE = Message(
    "cli.targets.none",
    zh="登记数据中没有相符的检查对象，没有写出文件",
    en="nothing in the register fits, so no file was written",
)
NOT_A_WORKBOOK = Message(
    "cli.targets.not_a_workbook",
    zh="建议文件“{file}”应以 .xlsx 结尾",
    en="the proposal {file!r} must end in .xlsx",
)
EXISTS = Message(
    "cli.targets.exists",
    zh="文件 {file} 已经存在，没有改动；请另写文件名，或先移走它",
    en="the file {file} is there already and was left alone; name another, or move it away",
)
NOT_WRITTEN = Message(
    "cli.targets.not_written",
    zh="文件 {file} 无法写入：{reason}；请检查文件夹和权限",
    en="the file {file} cannot be written: {reason}; check its folder and the permissions",
)
NOTHING_FOUND = 1


def command(
    context: typer.Context,
    department: Annotated[
        str,
        typer.Option(
            "--department",
            metavar=both("部门编码", "CODE"),
            help=both("名录是哪个部门的", "the department whose list it is"),
            show_default=False,
        ),
    ],
    label: Annotated[
        str,
        typer.Option(
            "--label",
            metavar=both("标签", "TEXT"),
            help=both(
                "名录中写入“许可证或标签”的名称，如 危险化学品经营",
                "what is written into the list as licence or label",
            ),
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar=both("文件.xlsx", "FILE.xlsx"),
            help=both("写到这个新文件", "the new file to write"),
            show_default=False,
        ),
    ],
    industry: Annotated[
        list[str] | None,
        typer.Option(
            "--industry",
            metavar=both("代码", "CODE"),
            help=both(
                "国民经济行业代码（GB/T 4754）：门类字母，或 2 至 4 位数字；可写多次",
                "an industry of GB/T 4754, a section letter or 2 to 4 digits; may be repeated",
            ),
            show_default=False,
        ),
    ] = None,
    keyword: Annotated[
        list[str] | None,
        typer.Option(
            "--keyword",
            metavar=both("关键词", "TEXT"),
            help=both("经营范围中的关键词；可写多次", "a keyword of the business scope; may be repeated"),
            show_default=False,
        ),
    ] = None,
    feed: Annotated[
        list[str] | None,
        typer.Option(
            "--feed",
            metavar=both("数据流", "FEED"),
            help=both(
                "只看这些数据流读入的登记数据；缺省为其他部门的全部；可写多次",
                "only what these feeds read; by default all of other departments; may be repeated",
            ),
            show_default=False,
        ),
    ] = None,
    directory: Directory = None,
) -> int:
    """Propose a list of targets."""
    terminal: Terminal = context.obj
    _check_out(out)
    with opened_to_look(terminal, directory) as gateway:
        for each in feed or ():
            refuse_unknown_feed(gateway, each)
        with terminal.busy(UNDER_WAY):
            proposal = _proposed(gateway, _criteria(department, label, industry, keyword, feed))
    if proposal.targets:
        _write(terminal, proposal, out)
    else:
        terminal.say(NONE)
    counts = {"already": proposal.already_listed, "unknown": proposal.unknown, "others": proposal.others}
    terminal.say(OTHERS, style="dim", **counts)
    return 0 if proposal.targets else NOTHING_FOUND


def _check_out(out: Path) -> None:
    if out.suffix != ".xlsx":
        raise StartError(NOT_A_WORKBOOK, file=str(out))
    if out.exists():
        raise StartError(EXISTS, file=out)


def _criteria(
    department: str, label: str, industry: list[str] | None, keyword: list[str] | None, feed: list[str] | None
) -> Criteria:
    from gateway.domain.industry import industry as industry_of
    from gateway.operations.target_proposal import Criteria

    keywords = dict.fromkeys(text for each in keyword or () if (text := each.strip()))
    return Criteria(department, label, tuple(map(industry_of, industry or ())), tuple(keywords), tuple(feed or ()))


def _proposed(gateway: Gateway, criteria: Criteria) -> TargetProposal:
    from gateway.operations.target_proposal import propose_targets

    with gateway.database.read() as connection:
        return propose_targets(connection, gateway.datasets, criteria)


def _write(terminal: Terminal, proposal: TargetProposal, out: Path) -> None:
    from gateway.operations.target_proposal_workbook import write_proposal

    try:
        write_proposal(proposal, out, terminal.language)
    except OSError as error:
        raise StartError(NOT_WRITTEN, file=out, reason=error.strerror or error) from error
    suggested = sum(each.suggested for each in proposal.targets)
    terminal.say(WRITTEN, file=out, suggested=suggested, doubtful=len(proposal.targets) - suggested)
    terminal.say(NEXT, file=out)
