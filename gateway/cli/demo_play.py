"""The demo's inspection in acts: who does what, and after each act what every feed did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.rule import Rule
from rich.text import Text

from gateway.cli.issue_lines import show_issues
from gateway.cli.issues import TO_ACT_ON
from gateway.cli.labels import DIRECTION
from gateway.cli.report_tables import show_attention, show_table
from gateway.cli.run import run_one
from gateway.cli.terminal import Terminal
from gateway.cli.times import CHINA
from gateway.cli.words import both
from gateway.domain.datasets import DATASETS
from gateway.messages import Message
from gateway.operations.demo_authorities import COUNTY, Authority
from gateway.operations.demo_companies import TRACED, companies
from gateway.operations.demo_inspection import authorities
from gateway.operations.demo_results import list_the_item, write_results
from gateway.operations.demo_staff import Done, Publicity, Staff
from gateway.state.exchange import Exchange
from gateway.state.issue_list import IssueFilter, read_issues

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.pipeline.run_report import RunReport

REGISTRIES = both("一、名录库汇入并上报", "1. Registries come in and go up")
DRAW = both("二、平台抽取、锁定、派发、匹配", "2. The platform draws, locks, dispatches and matches")
LISTS = both("三、抽查任务、抽取名单、检查人员下达", "3. Tasks, drawn lists and inspectors come down")
RESULTS = both("四、检查结果上报并公示", "4. Results go up and are published")
AMENDED = both("五、补列事项后，挂起的放行", "5. The item is listed, and what was held goes on")

SET_UP = Message(
    "cli.demo.staff_tasks",
    zh="平台工作人员：新建抽查任务 {task}（{name}）",
    en="the platform's staff: set up the task {task} ({name})",
)
DREW = Message(
    "cli.demo.staff_draw",
    zh="平台工作人员：按 {share} % 从 {population} 户中抽取 {records} 户",
    en="the platform's staff: draw {records} of {population} at {share} %",
)
LOCKED = Message(
    "cli.demo.staff_lock",
    zh="平台工作人员：锁定名单，{records} 户不得再变",
    en="the platform's staff: lock the list, its {records} targets change no more",
)
DISPATCHED = Message(
    "cli.demo.staff_dispatch",
    zh="平台工作人员：把 {records} 户派发到参与部门",
    en="the platform's staff: dispatch {records} targets to the departments that take part",
)
MATCHED = Message(
    "cli.demo.staff_match",
    zh="平台工作人员：随机匹配检查人员，共 {records} 人次",
    en="the platform's staff: match inspectors by lot, {records} assignments",
)
ALREADY_DRAWN = Message(
    "cli.demo.already_drawn",
    zh="平台工作人员：任务 {task} 的名单早已锁定，不再抽取",
    en="the platform's staff: the list of the task {task} is locked, nothing is drawn again",
)
INSPECTED = Message(
    "cli.demo.inspected",
    zh="{name}：检查 {count} 户，填报结果；其中一户查了清单外的事项，{uninvited}也报了一户",
    en="{name}: {count} targets inspected and reported; for one of them an item that is not listed, and "
    "{uninvited} reports one too",
)
PROVINCE_INSPECTED = Message(
    "cli.demo.province_inspected",
    zh="{name}：检查 {count} 户，填报结果",
    en="{name}: {count} targets inspected and reported",
)
LISTED = Message(
    "cli.demo.listed",
    zh="{name}：把“{item}”补列入抽查事项清单并公布",
    en="{name}: adds {item} to the published list of items",
)
LISTED_BEFORE = Message(
    "cli.demo.listed_before", zh="{name}：清单已有“{item}”", en="{name}: {item} stands on the list already"
)
PUBLISHED = Message(
    "cli.demo.published",
    zh="公示系统：{name}的页面上可以看到，{authority}，{said}",
    en="the publicity system shows on the page of {name}: {authority}, {said}",
)
_SAID: Mapping[str, Message] = {
    "tasks": SET_UP,
    "draw": DREW,
    "lock": LOCKED,
    "dispatch": DISPATCHED,
    "match": MATCHED,
}
_UNINVITED_NAME = "晨星县消防救援大队"

_REGISTRIES = ("departments", "inspection_items", "inspectors", "inspection_targets")
_LISTS = ("inspection_tasks", "drawn_targets", "inspector_assignments")
_RESULTS = ("inspection_results", "inspection_result_items")


class Play:
    """One demo: every act runs its feeds, inbound before outbound, and tells what they did."""

    def __init__(
        self, terminal: Terminal, gateway: Gateway, staff: Mapping[str, Staff], publicity: Publicity, place: Path
    ) -> None:
        self._terminal = terminal
        self._gateway = gateway
        self._staff = staff
        self._publicity = publicity
        self._place = place
        self.reports: list[RunReport] = []

    def play(self) -> None:
        """All acts."""
        self._heading(REGISTRIES)
        self._run(_REGISTRIES)
        self._heading(DRAW)
        self._draw()
        self._heading(LISTS)
        self._run(_LISTS)
        self._heading(RESULTS)
        self._inspect()
        self._run(_RESULTS)
        self._why("inspection-result-items", "shandong-results")
        self._heading(AMENDED)
        self._amend()
        self._run(("inspection_items", *_RESULTS))
        self._publish()

    def _draw(self) -> None:
        for authority in authorities(self._place):
            staff = self._staff[authority.platform]
            steps = list(staff.inspect(authority.order(datetime.now(CHINA).date())))
            for done in steps:
                self._say_done(done, authority)
            if not steps:
                self._terminal.say(ALREADY_DRAWN, task=staff.task_number(authority.task))

    def _say_done(self, done: Done, authority: Authority) -> None:
        said: dict[str, Any] = {"task": done.task_number, "population": done.population, "records": done.records}
        self._terminal.say(_SAID[done.step], name=authority.task, share=authority.rate // 100, **said)

    def _inspect(self) -> None:
        for authority in authorities(self._place):
            tasks = {row["task_number"] for row in self._held("inspection_tasks", lead_department=authority.department)}
            drawn = [row for row in self._held("drawn_targets") if row["task_number"] in tasks]
            team = [row for row in self._held("inspector_assignments") if row["task_number"] in tasks]
            write_results(self._place / "departments", authority, drawn, team)
            said = INSPECTED if authority is COUNTY else PROVINCE_INSPECTED
            self._terminal.say(said, name=authority.name, count=len(drawn), uninvited=_UNINVITED_NAME)

    def _amend(self) -> None:
        said = LISTED if list_the_item(self._place / "departments", COUNTY) else LISTED_BEFORE
        self._terminal.say(said, name=COUNTY.name, item=COUNTY.unlisted[1])

    def _why(self, *feeds: str) -> None:
        """What the rows that were held or refused are told."""
        with self._gateway.database.read() as connection:
            issues = [
                each for feed in feeds for each in read_issues(connection, IssueFilter(feed=feed, outcomes=TO_ACT_ON))
            ]
        show_issues(self._terminal, self._gateway, issues)

    def _publish(self) -> None:
        company = companies()[TRACED]
        for result in self._publicity.published(company.uscc):
            said = "；".join(f"{each['raninsItemName']}：{each['raninsCheckResName']}" for each in result["details"])
            self._terminal.say(PUBLISHED, name=company.name, authority=result["insAuth"], said=said)

    def _held(self, name: str, **wanted: str) -> list[dict[str, Any]]:
        exchange = Exchange(DATASETS[name])
        with self._gateway.database.read() as connection:
            last = exchange.last_change_number(connection)
            frame = exchange.versions_after(connection, 0, last, replaced=False).sort("record_key")
        rows = (row for row in frame.to_dicts() if row["operation"] != "withdraw")
        return [row for row in rows if all(row[field] == value for field, value in wanted.items())]

    def _run(self, datasets: Sequence[str]) -> None:
        for direction in DIRECTION:
            runners = [self._gateway.runner(name) for name in self._feeds(direction, datasets)]
            reports = [run_one(self._terminal, each, accept_withdrawals=False) for each in runners]
            if reports:
                show_table(self._terminal, direction, reports)
                show_attention(self._terminal, reports, with_hint=False)
            self.reports += reports

    def _feeds(self, direction: str, datasets: Sequence[str]) -> list[str]:
        """The feeds of these datasets in their order; what publishes comes last."""
        feeds = self._gateway.feeds
        wanted = [
            name for name, feed in feeds.items() if (feed.direction, feed.dataset in datasets) == (direction, True)
        ]
        return sorted(wanted, key=lambda name: ("publication" in name, datasets.index(feeds[name].dataset)))

    def _heading(self, words: str) -> None:
        self._terminal.show("", Rule(Text(self._terminal.word(words), style="bold"), align="left", style="cyan"))
