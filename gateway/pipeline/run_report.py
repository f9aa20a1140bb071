"""What a run says of itself: its counts, which must add up, and its status."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from gateway.errors import GatewayError, RunError
from gateway.messages import Message
from gateway.pipeline.compare import UNCHANGED, WAITING, Action, Plan
from gateway.pipeline.judging import Judging

ODD_COUNT = Message(
    "run.does_not_add_up",
    zh="行数不守恒：读入 {read} 行，但 接受 {accepted} + 未变 {unchanged} + 退回 {rejected} + 挂起 {held} 不等于它；"
    "本次运行不保存任何数据，请把这条信息报告给维护者",
    en="the rows do not add up: {read} were read, but accepted {accepted} + unchanged {unchanged} + "
    "rejected {rejected} + held {held} is another number; nothing of this run is stored, report it"
    " to the maintainers",
)
ODD_DELIVERY = Message(
    "run.deliveries_do_not_add_up",
    zh="发送数不守恒：选出 {selected} 条，"
    "但 送达 {delivered} + 被拒 {refused} + 等待 {waiting} + 结果未知 {unknown} 不等于它；"
    "请把这条信息报告给维护者",
    en="the deliveries do not add up: {selected} were selected, but delivered {delivered} + refused {refused} + "
    "waiting {waiting} + unknown {unknown} is another number; report this to the maintainers",
)

Status = Literal["succeeded", "with_issues", "held", "failed"]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Inbound counts are source rows, `records` what they made; outbound counts are record versions."""

    read: int = 0
    left_out: int = 0
    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0
    held: int = 0
    withdrawn: int = 0
    records: int = 0
    selected: int = 0
    delivered: int = 0
    refused: int = 0
    waiting: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, plan: Plan, judging: Judging, withdrawn: int) -> Counts:
        """What an inbound run has to count."""
        written = plan.count(Action.INSERT, Action.CHANGE)
        return cls(
            read=judging.read,
            left_out=judging.left_out.count,
            accepted=written,
            unchanged=plan.count(*UNCHANGED),
            rejected=plan.count(Action.REJECTED) + judging.unreadable,
            held=plan.count(*WAITING),
            withdrawn=withdrawn,
            records=written,
        )

    def assert_conserved(self) -> None:
        """Raise RunError unless read = accepted + unchanged + rejected + held, and likewise outbound."""
        if self.read != self.accepted + self.unchanged + self.rejected + self.held:
            raise RunError(ODD_COUNT, **asdict(self))
        if self.selected != self.delivered + self.refused + self.waiting + self.unknown:
            raise RunError(ODD_DELIVERY, **asdict(self))

    def status(self, *, reported: int = 0, held_back: bool = False) -> Status:
        """The status these counts mean; `reported` counts issues of the run as a whole."""
        if held_back:
            return "held"
        if self.rejected or self.held or self.refused or self.waiting or self.unknown or reported:
            return "with_issues"
        return "succeeded"


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """One execution of one feed; `run` is null where it could not even be entered."""

    feed: str
    run: int | None
    status: Status
    counts: Counts
    seconds: float
    places: tuple[str, ...] = ()
    error: GatewayError | None = None
    notices: tuple[GatewayError, ...] = ()  # what the run as a whole has to say: unmapped columns, held withdrawals

    def as_row(self) -> dict[str, object]:
        """The object that `run --json` prints."""
        return {
            "feed": self.feed,
            "run": self.run,
            "status": self.status,
            **asdict(self.counts),
            "seconds": round(self.seconds, 3),
        }


MESSAGES = (ODD_COUNT, ODD_DELIVERY)
