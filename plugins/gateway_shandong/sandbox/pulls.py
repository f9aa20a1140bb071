"""What departments pull: tasks, drawn lists and assignments that were dispatched to them, page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

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
_DISPATCHED = ("dispatched", "finished")
_NAMES = {KEY, CHANGE_NUMBER, OPERATION}

_Row = dict[str, Any]


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
    tables, asking = InspectionTables(transaction.connection), set(question.bmbm.split(","))
    return _page(question, [row for task in _dispatched(tables, asking) for row in _ROWS[code](tables, task)])


def pull_held(code: str, body: bytes, transaction: Transaction) -> bytes:
    """One page of what is held of a dataset that the platform takes; raises Refused."""
    question = _question(code, body)
    contents = (json.loads(each.content) for each in transaction.in_force(code))
    return _page(question, [{name: row[name] for name in row if name not in _NAMES} for row in contents])


def _page(question: Question, rows: Sequence[_Row]) -> bytes:
    start = (question.ym - 1) * question.mytj
    data = {
        "zs": len(rows),
        "ym": question.ym,
        "mytj": question.mytj,
        "jglb": rows[start : start + question.mytj],
    }
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


def _dispatched(tables: InspectionTables, asking: set[str]) -> Iterator[Task]:
    return (each for each in tables.tasks() if each.state in _DISPATCHED and asking & set(each.everyone))


def _task_rows(tables: InspectionTables, task: Task) -> Sequence[_Row]:
    return [
        {
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
            "RandomTotal": len(tables.drawn(task.number)),
            "TaskState": _STATES[task.state],
        }
    ]


def _drawn_rows(tables: InspectionTables, task: Task) -> Sequence[_Row]:
    return [_drawn_row(each, task) for each in tables.drawn(task.number)]


def _drawn_row(drawn: Drawn, task: Task) -> _Row:
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


def _assignment_rows(tables: InspectionTables, task: Task) -> Sequence[_Row]:
    return [_assignment_row(each) for each in tables.assignments(task.number)]


def _assignment_row(assignment: Assignment) -> _Row:
    return {
        "TaskCode": assignment.task_number,
        **_named(assignment.target),
        "LawNO": assignment.inspector.number,
        "UnitCode": assignment.inspector.department,
        "AgentName": assignment.inspector.name,
        "LeaderFlag": "1" if assignment.role == "leader" else "0",
        "MatchTime": _time(assignment.matched_at),
    }


def _named(target: Target) -> _Row:
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


_ROWS: Mapping[str, Callable[[InspectionTables, Task], Sequence[_Row]]] = {
    "RW": _task_rows,
    "CQMD": _drawn_rows,
    "RYPP": _assignment_rows,
}
PULLED: Mapping[str, str] = {"/sjjh/rw/query": "RW", "/sjjh/cqmd/query": "CQMD", "/sjjh/rypp/query": "RYPP"}
