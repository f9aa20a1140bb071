"""What the demo tells: the counts, the rows that did not pass, the receipts, one company's life, and what to try."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.rule import Rule
from rich.text import Text

from gateway.cli.issue_lines import show_issues
from gateway.cli.issues import TO_ACT_ON
from gateway.cli.labels import DELIVERY
from gateway.cli.life_lines import show_life
from gateway.cli.terminal import Terminal
from gateway.cli.words import both
from gateway.messages import Message
from gateway.operations.demo_companies import TRACED, companies
from gateway.operations.trace import trace
from gateway.state.delivery_list import count_deliveries
from gateway.state.issue_list import IssueFilter, ListedIssue, read_issues

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.trace import Life

WHERE = Message(
    "cli.demo.where",
    zh="演示部署在 {place}：虚构的晨星县三个部门（有些行故意写错）和河北省一个部门 → 交换库 → "
    "模拟的山东、河北监管工作平台和国家公示系统",
    en="the demo stands in {place}: three departments of an invented county (some rows wrong on purpose) and one of "
    "河北 → the exchange → simulated platforms of 山东 and 河北 and a simulated national publicity system",
)
WITH_REGISTRY = Message(
    "cli.demo.with_registry",
    zh="另有真实登记数据，来自 {folder}",
    en="and real registrations from {folder}",
)
WITHOUT_REGISTRY = Message(
    "cli.demo.without_registry",
    zh="没有找到真实登记数据，只用虚构的数据；如有，可用环境变量 {variable} 指明目录",
    en="no real registrations were found, so the data are invented; {variable} may name their folder",
)
WRONG_ROWS = both("没有通过的行和记录", "Rows and records that did not pass")
RECEIPTS = both("各平台的回执", "The platforms' receipts")
ONE_LIFE = both("一家企业，从来源的一行到公示", "One company, from its source row to its publication")
TRY_NEXT = both("接下来可以试试", "What to try next")
OF_EACH_KIND = Message(
    "cli.demo.of_each_kind",
    zh="每种原因举一例，共 {total} 条；其余的见 gateway issues",
    en="one of each kind, {total} in all; gateway issues lists the others",
)
RECEIPT_LINE = Message(
    "cli.demo.receipt_line", zh="{destination}，{dataset}：{counts}", en="{destination}, {dataset}: {counts}"
)
EXAMPLE = Message(
    "cli.demo.example",
    zh="例如“{name}”：已受理，平台流水号 {reference}",
    en="as for {name}: accepted, the platform's reference is {reference}",
)
_FOLLOWED = ("drawn_targets", "inspection_results", "inspection_result_items")
STEPS: Sequence[tuple[str, str]] = (
    (
        "demo",
        both("再演一次：没有变化，什么也不会重复报送", "play it again: nothing changed, so nothing is sent twice"),
    ),
    ("issues", both("列出需要处理的问题，一条一句话", "list what needs looking at, a sentence each")),
    ("issues --export issues.xlsx", both("导出为 Excel，退还部门更正", "export it to hand back to the departments")),
    ("trace {uscc}", both("追溯这家企业", "trace this company")),
    (
        "preview market-regulation",
        both(
            "改一改 {place}/departments 下的 CSV，先预演会发生什么",
            "change the CSV in {place}/departments, and preview what would happen",
        ),
    ),
    (
        "sandbox shandong",
        both(
            "在另一个终端启动模拟平台，再 run shandong-targets，改动就会送达",
            "serve the platform in another terminal; run shandong-targets then sends the change",
        ),
    ),
)


def say_where(terminal: Terminal, place: Path, registry: Path | None) -> None:
    """Say where the demo stands and what it is made of."""
    terminal.say(WHERE, place=place)
    if registry:
        terminal.say(WITH_REGISTRY, folder=registry.resolve())
    else:
        from gateway.cli.demo import REGISTRY_VARIABLE

        terminal.say(WITHOUT_REGISTRY, variable=REGISTRY_VARIABLE)


def tell(terminal: Terminal, gateway: Gateway, place: Path) -> None:
    """Tell what came of it."""
    _tell_wrong_rows(terminal, gateway)
    lives = _lives_of_the_drawn_target(gateway)
    _tell_receipts(terminal, gateway, lives)
    _tell_one_life(terminal, gateway, lives)
    _tell_next_steps(terminal, place)


def _lives_of_the_drawn_target(gateway: Gateway) -> list[Life]:
    """What is known of the target that was drawn of this company; who was matched is said by the result."""
    lives = trace(gateway.database, gateway.datasets, companies()[TRACED].uscc, at_most=20).lives
    drawn = [life.record_key.rpartition("|")[0] for life in lives if life.dataset == "drawn_targets"]
    return [life for life in lives if life.dataset in _FOLLOWED or life.record_key in drawn]


def _heading(terminal: Terminal, words: str) -> None:
    terminal.show("", Rule(Text(terminal.word(words), style="bold"), align="left", style="cyan"))


def _tell_wrong_rows(terminal: Terminal, gateway: Gateway) -> None:
    _heading(terminal, WRONG_ROWS)
    with gateway.database.read() as connection:
        issues = list(read_issues(connection, IssueFilter(outcomes=TO_ACT_ON)))
    show_issues(terminal, gateway, _one_of_each_kind(issues))
    terminal.say(OF_EACH_KIND, style="dim", total=len(issues))


def _one_of_each_kind(issues: Iterable[ListedIssue]) -> Iterator[ListedIssue]:
    seen: set[tuple[str, str]] = set()
    for issue in issues:
        if (issue.code, issue.field) not in seen:
            seen.add((issue.code, issue.field))
            yield issue


def _tell_receipts(terminal: Terminal, gateway: Gateway, lives: Sequence[Life]) -> None:
    _heading(terminal, RECEIPTS)
    with gateway.database.read() as connection:
        counted = count_deliveries(connection)
    for (destination, name), counts in counted.items():
        dataset = gateway.datasets[name]
        said = [f"{terminal.word(DELIVERY[status])} {count}" for status, count in counts.items()]
        title = dataset.title if terminal.language == "zh" else dataset.name
        terminal.say(RECEIPT_LINE, destination=destination, dataset=title, counts="  ".join(said))
    for delivery in (each for life in lives[:1] for version in life.versions for each in version.deliveries):
        terminal.say(EXAMPLE, name=companies()[TRACED].name, reference=delivery.reference)


def _tell_one_life(terminal: Terminal, gateway: Gateway, lives: Sequence[Life]) -> None:
    _heading(terminal, ONE_LIFE)
    for life in lives:
        show_life(terminal, gateway, life)


def _tell_next_steps(terminal: Terminal, place: Path) -> None:
    _heading(terminal, TRY_NEXT)
    for step, words in STEPS:
        command = f"{_program()} {step.format(uscc=companies()[TRACED].uscc)} --dir {shlex.quote(str(place))}"
        terminal.lines(terminal.word(words).format(place=place), indent=2)
        terminal.lines(command, style="cyan", indent=4)


def _program() -> str:
    """How the reader called this program, so that what is shown can be called too."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m gateway"
    return str(called) if called.name == "gateway" and len(called.parts) > 1 and called.exists() else "gateway"
