"""Both registries refreshed and confirmed before a draw (002§8, 004§9), as a recorded act.

The registries of a department are what its inbound feeds of 检查对象名录库 and 执法检查人员名录库 hold. They are run
first; what they hold then is confirmed by a named person, for one task or plan, in the hash-linked log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.domain.dataset import Dataset
from gateway.errors import RunError, StartError
from gateway.messages import Message
from gateway.pipeline.feeds import InboundFeed, OutboundFeed
from gateway.pipeline.run_report import RunReport
from gateway.state import event_log
from gateway.state.database import Connection, Database
from gateway.state.exchange import Exchange
from gateway.state.registry_state import RegistryState, drawn_for, registry_state
from gateway.state.run_list import list_runs

NO_REGISTRY_FEED = Message(
    "confirm.no_feed",
    zh="部门 {department} 没有{registry_zh}（{registry}）的汇入数据流，两库无法一并更新确认；"
    "有两库数据流的部门：{known}；请补充数据流或更正部门编码",
    en="department {department} has no inbound feed of {registry}, so both registries cannot be refreshed; departments "
    "with feeds of both: {known}; declare the feed or correct the department's code",
)
DRAWN_ALREADY = Message(
    "confirm.drawn_already",
    zh="任务 {task} 的抽取名单已入库（{targets} 个对象），两库应在抽取之前确认；请核对任务编号",
    en="the drawn list of task {task} is held already ({targets} targets), and registries are confirmed before the "
    "draw; check the number of the task",
)
NOT_REFRESHED = Message(
    "confirm.not_refreshed",
    zh="数据流 {feeds} 没有完成更新（失败或待核实），没有确认；请处理后重新运行",
    en="the feeds {feeds} were not refreshed (failed, or waiting for a person), so nothing was confirmed; settle that "
    "and run it again",
)
OVERTAKEN = Message(
    "confirm.overtaken",
    zh="数据流 {feeds} 在更新之后又有别的运行，所见数字已不是最新，没有确认；请重新运行",
    en="the feeds {feeds} ran again after they were refreshed, so the figures shown are stale and nothing was "
    "confirmed; run it again",
)
EMPTY_REGISTRY = Message(
    "confirm.empty_registry",
    zh="部门 {department} 的{registry_zh}（{registry}）没有有效记录，没有确认；请核对来源",
    en="{registry} of department {department} holds no record in force, so nothing was confirmed; check its source",
)

REGISTRIES = ("inspection_targets", "inspectors")

Feeds = Mapping[str, InboundFeed | OutboundFeed]


@dataclass(frozen=True, kw_only=True)
class Act:
    """Whose registries are confirmed, for which draw, by whom and why; one of task and plan is named."""

    department: str
    task: str | None
    plan: str | None
    by: str
    reason: str


def registry_feeds(feeds: Feeds, datasets: Mapping[str, Dataset], department: str) -> list[str]:
    """The feeds of both registries of a department; StartError where one of the two has none."""
    owners = {registry: _owners(feeds, registry) for registry in REGISTRIES}
    for registry, departments in owners.items():
        if department not in departments:
            known = ", ".join(name for name in owners[REGISTRIES[0]] if name in owners[REGISTRIES[1]]) or "-"
            title = datasets[registry].title
            raise StartError(NO_REGISTRY_FEED, department=department, registry=registry, registry_zh=title, known=known)
    return [name for each in owners.values() for name in each[department]]


def _owners(feeds: Feeds, registry: str) -> dict[str, list[str]]:
    """The inbound feeds of a registry by their department."""
    owners: dict[str, list[str]] = {}
    for name, feed in feeds.items():
        if isinstance(feed, InboundFeed) and feed.dataset == registry:
            owners.setdefault(feed.department, []).append(name)
    return owners


def refuse_drawn(database: Database, datasets: Mapping[str, Dataset], task: str | None) -> None:
    """Raise StartError where the task was drawn already."""
    if task is None:
        return
    with database.read() as connection:
        if drawn := drawn_for(connection, datasets["drawn_targets"], task):
            raise StartError(DRAWN_ALREADY, task=task, targets=drawn)


def confirm(
    database: Database, datasets: Mapping[str, Dataset], act: Act, reports: Sequence[RunReport]
) -> list[RegistryState]:
    """Record what both registries hold after these runs; RunError where that is not what was just refreshed."""
    unfinished = [report.feed for report in reports if report.status in {"failed", "held"}]
    if unfinished:
        raise RunError(NOT_REFRESHED, feeds=", ".join(unfinished))
    with database.write() as connection:
        for registry in REGISTRIES:
            Exchange(datasets[registry]).claim(connection)  # nobody stores records between the look and the entry
        _assert_last(connection, reports)
        states = [registry_state(connection, datasets[registry], act.department) for registry in REGISTRIES]
        _assert_filled(datasets, act.department, states)
        event_log.append(connection, "registries.confirmed", _detail(act, states, reports))
    return states


def _assert_last(connection: Connection, reports: Sequence[RunReport]) -> None:
    overtaken = [
        report.feed
        for report in reports
        if [each.id for each in list_runs(connection, feed=report.feed, at_most=1)] != [report.run]
    ]
    if overtaken:
        raise RunError(OVERTAKEN, feeds=", ".join(overtaken))


def _assert_filled(datasets: Mapping[str, Dataset], department: str, states: Sequence[RegistryState]) -> None:
    for state in states:
        if not state.records:
            title = datasets[state.dataset].title
            raise RunError(EMPTY_REGISTRY, department=department, registry=state.dataset, registry_zh=title)


def _detail(act: Act, states: Sequence[RegistryState], reports: Sequence[RunReport]) -> dict[str, Any]:
    counts = ("read", "accepted", "unchanged", "rejected", "held", "withdrawn")
    feeds = [
        {"feed": report.feed, "run": report.run, **{name: getattr(report.counts, name) for name in counts}}
        for report in reports
    ]
    return {**asdict(act), "registries": [asdict(state) for state in states], "feeds": feeds}


MESSAGES = (NO_REGISTRY_FEED, DRAWN_ALREADY, NOT_REFRESHED, OVERTAKEN, EMPTY_REGISTRY)
