"""What departments pull: tasks, drawn lists and assignments that were dispatched to them, page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.sandbox_host.inspection.dispatched import (
    Page,
    Row,
    Rows,
    assignments,
    drawn_lists,
    page_of,
    rows_for,
    tasks,
)
from gateway.sandbox_host.inspection.records import Assignment, Drawn, Target, Task
from gateway.sandbox_host.inspection.tables import InspectionTables
from gateway.sandbox_host.platform.codes import Refused
from gateway.sandbox_host.platform.store import Transaction
from gateway_shandong.sandbox.codes import ENVELOPE_WRONG, NOT_JSON, SUCCESS
from gateway_shandong.sandbox.records import CHANGE_NUMBER, KEY, OPERATION
from gateway_shandong.sandbox.registries import KINDS, SCHEMES

_ZONE = ZoneInfo("Asia/Shanghai")
_KIND_CODES = {name: code for code, name in KINDS.items()}
_SCHEME_CODES = {name: code for code, name in SCHEMES.items()}
_STATES = {"created": "01", "drawn": "02", "locked": "03", "dispatched": "04", "finished": "05"}
_NAMES = {KEY, CHANGE_NUMBER, OPERATION}


class Question(BaseModel):
    """Whose (`bmbm`, several joined by a comma) and which page (`ym`, from 1) of how many rows (`mytj`)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sjlx: str
    gsbb: Literal["2023-01"]
    bmbm: Annotated[str, Field(min_length=1)]
    ym: Annotated[int, Field(ge=1)] = 1
    mytj: Annotated[int, Field(ge=1, le=500)] = 200


def pull(code: str, body: bytes, transaction: Transaction) -> bytes:
    """One page of the rows dispatched to the departments that ask; raises Refused."""
    question = _question(code, body)
    rows = rows_for(question.bmbm.split(","), _LISTS[code], InspectionTables(transaction.connection))
    return _answer(question, page_of(rows, question.ym, question.mytj))


def pull_held(code: str, body: bytes, transaction: Transaction) -> bytes:
    """One page of what is held of a dataset that the platform takes; raises Refused."""
    question = _question(code, body)
    rows = [{name: row[name] for name in row if name not in _NAMES} for row in transaction.contents(code)]
    return _answer(question, page_of(rows, question.ym, question.mytj))


def _answer(question: Question, page: Page) -> bytes:
    data = {"zs": page.total, "ym": question.ym, "mytj": question.mytj, "jglb": page.rows}
    content = {"code": SUCCESS.code, "message": SUCCESS.sentence, "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _question(code: str, body: bytes) -> Question:
    try:
        question = Question.model_validate_json(body.decode("utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        wrong = NOT_JSON if first["type"] == "json_invalid" else ENVELOPE_WRONG
        raise Refused(wrong, f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()) from error
    except UnicodeDecodeError as error:
        raise Refused(NOT_JSON, error) from error
    if question.sjlx != code:
        raise Refused(ENVELOPE_WRONG, f"此接口的 sjlx 为 {code}")
    return question


def _task_row(task: Task, drawn: int) -> Row:
    return {
        "TaskCode": task.number,
        "TaskName": task.name,
        "PlanCode": task.plan_number,
        "PlanName": task.plan_name,
        "TaskType": task.draw_type,
        "TaskResource": task.task_source,
        "TaskStartTime": _day(task.starts_on),
        "TaskEndTime": _day(task.ends_on),
        "TaskLeadDeptCode": task.lead_department,
        "TaskInspectDeptCode": ",".join(task.everyone),
        "CheckCodes": ",".join(task.item_codes),
        "RandomPercent": task.rate,
        "RandomTotal": drawn,
        "TaskState": _STATES[task.state],
    }


def _drawn_row(drawn: Drawn, task: Task) -> Row:
    return {
        "TaskCode": drawn.task_number,
        **_named(drawn.target),
        "EntName": drawn.target.name,
        "DistCode": drawn.target.region,
        "Dom": drawn.target.address,
        "CheckDeptCode": task.lead_department,
        "RandomTime": _time(drawn.drawn_at),
        "LockTime": _time(drawn.locked_at),
        "DispatchTime": _time(drawn.dispatched_at),
        "MergedTasks": ",".join(drawn.merged_tasks),
    }


def _assignment_row(assignment: Assignment) -> Row:
    return {
        "TaskCode": assignment.task_number,
        **_named(assignment.target),
        "LawNO": assignment.inspector.number,
        "UnitCode": assignment.inspector.department,
        "AgentName": assignment.inspector.name,
        "LeaderFlag": "1" if assignment.role == "leader" else "0",
        "MatchTime": _time(assignment.matched_at),
    }


def _named(target: Target) -> Row:
    return {
        "ObjKind": _KIND_CODES[target.kind],
        "IdType": _SCHEME_CODES[target.scheme],
        "IdNO": target.identifier,
        "LicLabel": target.label,
    }


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _time(at: datetime | None) -> str | None:
    return f"{at.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}" if at else None


_LISTS: Mapping[str, Rows] = {
    "RW": tasks(_task_row),
    "CQMD": drawn_lists(_drawn_row),
    "RYPP": assignments(_assignment_row),
}
PULLED: Mapping[str, str] = {"/sjjh/rw/query": "RW", "/sjjh/cqmd/query": "CQMD", "/sjjh/rypp/query": "RYPP"}
