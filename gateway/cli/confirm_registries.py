"""`gateway confirm-registries`: both registries of a department refreshed and confirmed before a draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.deployment import declared_feeds, opened_to_work, settings_of
from gateway.cli.options import AsJson, Directory
from gateway.cli.run import run_all
from gateway.cli.terminal import Terminal
from gateway.cli.words import both, pick
from gateway.errors import StartError
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.confirm_registries import Act
    from gateway.pipeline.run_report import RunReport
    from gateway.state.registry_state import RegistryState

HELP = both(
    "抽取之前更新并确认一个部门的两库，留下记录。\n\n"
    "先运行该部门检查对象名录库和执法检查人员名录库的全部汇入数据流，再把两库的记录数、变更号和摘要连同确认人、"
    "事由记入日志链。有数据流失败或待核实时不确认，退出码为 1。",
    "Refresh and confirm both registries of a department before a draw, on record.\n\n"
    "Every inbound feed of the department's inspection targets and inspectors is run; then the number of records, the "
    "change number and the digest of both registries are entered in the hash-linked log, with who confirmed them and "
    "why. Where a feed failed or waits for a person nothing is confirmed, and the exit code is 1.",
)
TASK_OR_PLAN = Message(
    "cli.confirm.task_or_plan",
    zh="请用 --task 或 --plan 写明为哪个抽查任务或计划确认两库，只写其中一个",
    en="say by --task or --plan for which task or plan the registries are confirmed, and name one of the two",
)
EMPTY = Message("cli.confirm.empty", zh="{option} 的值为空；请写明{what_zh}", en="{option} is empty; say {what}")
CONFIRMED = Message(
    "cli.confirm.confirmed",
    zh="已确认：{registry_zh} {records} 条，变更号 {number}，摘要 {digest}",
    en="confirmed: {registry} with {records} records, change number {number}, digest {digest}",
)


def command(
    context: typer.Context,
    department: Annotated[
        str,
        typer.Argument(
            metavar=both("部门编码", "DEPARTMENT"),
            help=both("数据流中 department 的值", "what `department` of the feeds says"),
            show_default=False,
        ),
    ],
    by: Annotated[
        str,
        typer.Option("--by", metavar=both("姓名", "NAME"), help=both("确认人", "who confirms"), show_default=False),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar=both("事由", "TEXT"), help=both("确认的事由", "why it is confirmed"), show_default=False
        ),
    ],
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar=both("任务编号", "NUMBER"),
            help=both("为哪个抽查任务确认", "the task that is to be drawn"),
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar=both("计划编号", "NUMBER"),
            help=both("为哪个抽查计划确认", "the plan that is to be drawn"),
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
) -> None:
    """Refresh and confirm both registries."""
    from gateway.operations.confirm_registries import Act, confirm, refuse_drawn, registry_feeds

    terminal: Terminal = context.obj
    settings = settings_of(terminal, directory)
    declared = declared_feeds(settings)
    act = Act(department=department, task=task, plan=plan, by=by, reason=reason)
    _refuse(act)
    with opened_to_work(settings) as gateway:
        names = registry_feeds(declared, gateway.datasets, department)
        refuse_drawn(gateway.database, gateway.datasets, task)
        runners = [gateway.runner(name) for name in names]
        reports = [_decisive(list(run_all(terminal, runner))) for runner in runners]
        if not as_json:
            _show_reports(terminal, gateway, reports)
        states = confirm(gateway.database, gateway.datasets, act, reports)
        _show(terminal, gateway, states, as_json=as_json)


def _refuse(act: Act) -> None:
    if (act.task is None) == (act.plan is None):
        raise StartError(TASK_OR_PLAN)
    said = {
        "--by": (act.by, both("确认人", "who confirms")),
        "--reason": (act.reason, both("事由", "why it is confirmed")),
        "--task": (act.task, both("任务编号", "the number of the task")),
        "--plan": (act.plan, both("计划编号", "the number of the plan")),
    }
    for option, (value, what) in said.items():
        if value is not None and not value.strip():
            raise StartError(EMPTY, option=option, what=pick(what, "en"), what_zh=pick(what, "zh"))


def _decisive(reports: Sequence[RunReport]) -> RunReport:
    """Of the runs of one feed the first that speaks against a confirmation, else the last."""
    return next((report for report in reports if report.status in {"failed", "held"}), reports[-1])


def _show_reports(terminal: Terminal, gateway: Gateway, reports: Sequence[RunReport]) -> None:
    from gateway.cli.report_tables import show_reports

    show_reports(terminal, gateway, reports)


def _show(terminal: Terminal, gateway: Gateway, states: Sequence[RegistryState], *, as_json: bool) -> None:
    if as_json:
        terminal.json([asdict(state) for state in states])
        return
    for state in states:
        terminal.say(
            CONFIRMED,
            style="green",
            registry=state.dataset,
            registry_zh=gateway.datasets[state.dataset].title,
            records=state.records,
            number=state.last_change_number,
            digest=state.digest[:16],
        )
