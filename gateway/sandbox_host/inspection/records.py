"""The records of one inspection as a platform holds them, in the canonical words of the exchange model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.record_key import key_of


class NotAllowed(Exception):
    """A step that the platform's staff may not take now; the text says why, in Chinese."""


class Held(BaseModel):
    """A record that the platform holds; an unknown member is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(Held):
    """检查对象: an entry of the registry; one holder stands there once for each licence or label."""

    identifier: str
    scheme: str
    kind: str
    label: str = ""
    name: str
    region: str = ""
    address: str = ""
    state: str = ""  # registration state, CA19

    @property
    def key(self) -> str:
        """Its record key in the exchange."""
        return key_of((self.identifier, self.scheme, self.kind, self.label))

    @property
    def holder(self) -> str:
        """Who is inspected: the same under every licence and label."""
        return key_of((self.identifier, self.scheme))


class Inspector(Held):
    """执法检查人员."""

    number: str
    department: str
    name: str
    certificate_kind: str
    valid_until: date | None = None
    state: str = ""  # "0" no longer valid

    def may_inspect(self, day: date) -> bool:
        """Whether the inspector holds a certificate that is valid on that day."""
        certified = self.certificate_kind in {"certificate", "police"} and self.state != "0"
        return certified and (self.valid_until is None or self.valid_until >= day)


class TaskOrder(Held):
    """What the staff set up a task with: who, what, when, and a rate (per 10 000) or a count of targets."""

    name: Annotated[str, Field(min_length=1)]
    lead_department: Annotated[str, Field(min_length=1)]
    departments: tuple[str, ...] = ()  # those taking part beside the lead
    draw_type: Literal["1", "2"] = "2"  # directed, undirected
    task_source: Literal["1", "2"] = "1"  # temporary, annual plan
    plan_number: str = ""
    plan_name: str = ""
    starts_on: date
    ends_on: date
    region: str = ""
    kinds: tuple[str, ...] = ()
    item_codes: tuple[str, ...] = ()
    rate: Annotated[int, Field(gt=0, le=10_000)] | None = None
    count: Annotated[int, Field(gt=0)] | None = None
    seed: str = ""


class Task(TaskOrder):
    """抽查任务."""

    number: str
    state: Literal["created", "drawn", "locked", "dispatched", "finished"] = "created"

    @property
    def everyone(self) -> tuple[str, ...]:
        """All departments that inspect, the lead first, each once."""
        return tuple(dict.fromkeys((self.lead_department, *self.departments)))

    def overlaps(self, other: Task) -> bool:
        """Whether the two have a day in common."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on


class Drawn(Held):
    """抽取名单 entry."""

    task_number: str
    target: Target
    drawn_at: datetime
    locked_at: datetime | None = None
    dispatched_at: datetime | None = None
    merged_tasks: tuple[str, ...] = ()


class Assignment(Held):
    """匹配: one inspector for one target of a task."""

    task_number: str
    target: Target
    inspector: Inspector
    role: Literal["leader", "member"]
    matched_at: datetime


class Registries(Protocol):
    """What the departments have reported to the platform, as far as it is in force."""

    def targets(self) -> Iterable[Target]:
        """Every entry of the registry of targets."""

    def inspectors(self) -> Iterable[Inspector]:
        """Every inspector."""

    def lists_item(self, item_code: str, department: str) -> bool:
        """Whether the department's published list names the item."""
