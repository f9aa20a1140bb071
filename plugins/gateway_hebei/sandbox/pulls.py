"""What departments pull: tasks, drawn lists and assignments that were dispatched to them, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.sandbox_host.inspection.dispatched import Row, Rows, assignments, drawn_lists, page_of, rows_for, tasks
from gateway.sandbox_host.inspection.records import Assignment, Drawn, Target, Task
from gateway.sandbox_host.inspection.tables import InspectionTables
from gateway.sandbox_host.platform.store import Transaction
from gateway.shipped import shipped
from gateway.transport.xml import Schema
from gateway_hebei import PLATFORM
from gateway_hebei.sandbox.registries import KINDS, SCHEMES
from gateway_hebei.sandbox.wire import answer_page, asked_page

_ZONE = ZoneInfo("Asia/Shanghai")
_KIND_CODES = {name: code for code, name in KINDS.items()}
_SCHEME_CODES = {name: code for code, name in SCHEMES.items()}

# The words of the platform for what the inspection logic says.
DRAW_WAYS = {"1": "定向", "2": "不定向"}
TASK_SOURCES = {"1": "临时任务", "2": "年度计划"}
STATES = {"created": "待抽取", "drawn": "已抽取", "locked": "已锁定", "dispatched": "已派发", "finished": "已完成"}
ROLES = {"leader": "组长", "member": "组员"}


class Pulls:
    """The pages that the platform hands out; each is asked for by a package that satisfies `_question.xsd`."""

    def __init__(self) -> None:
        self._questions = Schema(shipped("mappings") / PLATFORM / "_question.xsd")

    def dispatched(self, catalog: str, body: bytes, transaction: Transaction) -> bytes:
        """One page of the rows dispatched to the departments that ask; raises Refused."""
        asked = asked_page(body, catalog, self._questions)
        rows = rows_for(asked.departments, _LISTS[catalog], InspectionTables(transaction.connection))
        return answer_page(page_of(rows, asked.number, asked.size))

    def held(self, catalog: str, body: bytes, transaction: Transaction) -> bytes:
        """One page of what is held of a dataset that the platform takes; raises Refused."""
        asked = asked_page(body, catalog, self._questions)
        return answer_page(page_of(list(transaction.contents(catalog)), asked.number, asked.size))


def _task_row(task: Task, drawn: int) -> Row:
    return {
        "TaskNo": task.number,
        "TaskName": task.name,
        "PlanNo": task.plan_number,
        "PlanName": task.plan_name,
        "DrawWay": DRAW_WAYS[task.draw_type],
        "TaskSource": TASK_SOURCES[task.task_source],
        "StartDate": task.starts_on,
        "EndDate": task.ends_on,
        "LeadDept": task.lead_department,
        "JoinDepts": ";".join(task.everyone),
        "ItemCodes": ";".join(task.item_codes),
        "DrawRate": "" if task.rate is None else task.rate,
        "TargetCount": drawn,
        "TaskState": STATES[task.state],
    }


def _drawn_row(drawn: Drawn, task: Task) -> Row:
    return {
        "TaskNo": drawn.task_number,
        **_named(drawn.target),
        "TargetName": drawn.target.name,
        "RegionCode": drawn.target.region,
        "Dom": drawn.target.address,
        "LeadDept": task.lead_department,
        "DrawTime": _time(drawn.drawn_at),
        "LockTime": _time(drawn.locked_at),
        "DispatchTime": _time(drawn.dispatched_at),
        "MergedTasks": ";".join(drawn.merged_tasks),
    }


def _assignment_row(assignment: Assignment) -> Row:
    return {
        "TaskNo": assignment.task_number,
        **_named(assignment.target),
        "CertNo": assignment.inspector.number,
        "Name": assignment.inspector.name,
        "DeptCode": assignment.inspector.department,
        "Role": ROLES[assignment.role],
        "MatchTime": _time(assignment.matched_at),
    }


def _named(target: Target) -> Row:
    return {
        "TargetKind": _KIND_CODES[target.kind],
        "TargetIdType": _SCHEME_CODES[target.scheme],
        "TargetId": target.identifier,
        "TargetLabel": target.label,
    }


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(_ZONE):%Y-%m-%dT%H:%M:%S}" if at else ""


_LISTS: Mapping[str, Rows] = {
    "CCRW": tasks(_task_row),
    "CQMD": drawn_lists(_drawn_row),
    "RYPP": assignments(_assignment_row),
}
DISPATCHED: Mapping[str, str] = {"/hbssj/ccrw/get": "CCRW", "/hbssj/cqmd/get": "CQMD", "/hbssj/rypp/get": "RYPP"}
