"""The sandbox's own doors under /_sandbox/: what it holds, and what it shall do wrong. No platform has these."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.sandbox_host.platform.codes import Refused, WholeCode
from gateway.sandbox_host.platform.faults import Reply, kinds
from gateway.sandbox_host.platform.speech import Speech
from gateway.sandbox_host.platform.store import Effect, Fault, Transaction

PREFIX = "/_sandbox/"
ORDER_WRONG = WholeCode("C201", "400 Bad Request", "指令不对：{what}")
NO_SUCH_DOOR = WholeCode("C404", "404 Not Found", "没有此入口：{what}")

_M = TypeVar("_M", bound=BaseModel)


class FaultOrder(BaseModel):
    """A failure to simulate: its kind, how often, on which requests; `seconds` is what 429 asks for or a hang lasts."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    times: Annotated[int, Field(ge=1)] = 1
    request: Literal["deliver", "find", "pull"] = "deliver"
    seconds: Annotated[float, Field(ge=0, le=600)] = 1


class Settings(BaseModel):
    """How the simulation behaves: the time window of signatures, and whether it knows what it took before."""

    model_config = ConfigDict(extra="forbid")

    window_seconds: Annotated[float, Field(gt=0)] | None = None
    deduplicates: bool | None = None


def control(
    method: str, path: str, query: str, body: bytes, transaction: Transaction, speech: Speech
) -> Mapping[str, Any]:
    """Answer a request under /_sandbox/; raises Refused."""
    door = f"{method} {PurePosixPath(path).name}"
    if door == "POST faults":
        return _order_fault(body, transaction, speech)
    if door == "POST settings":
        return _change_settings(body, transaction)
    if door == "POST reset":
        transaction.forget_everything()
        return {}
    if door not in _SHOWN:
        raise Refused(NO_SUCH_DOOR, f"{method} {path}")
    return _SHOWN[door](transaction, {name: values[0] for name, values in parse_qs(query).items()})


def shown(content: Mapping[str, Any], status: str = "200 OK") -> Reply:
    """What one of these doors answers: JSON, whatever the platform itself speaks."""
    return Reply(status, json.dumps(content, ensure_ascii=False).encode(), "application/json; charset=utf-8")


def not_followed(refused: Refused) -> Reply:
    """The answer to an order that cannot be followed."""
    return shown({"code": refused.code.code, "message": refused.sentence}, refused.code.status)


def read_order(model: type[_M], body: bytes) -> _M:
    """An order as JSON; raises Refused where it is not as the model has it."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise Refused(ORDER_WRONG, error) from error


def _order_fault(body: bytes, transaction: Transaction, speech: Speech) -> Mapping[str, Any]:
    order = read_order(FaultOrder, body)
    if order.kind not in kinds(speech):
        raise Refused(ORDER_WRONG, f"没有故障“{order.kind}”，可用：{'、'.join(kinds(speech))}")
    transaction.add_fault(Fault(order.kind, order.request, order.times, order.seconds))
    return order.model_dump()


def _change_settings(body: bytes, transaction: Transaction) -> Mapping[str, Any]:
    settings = read_order(Settings, body).model_dump(exclude_none=True)
    for name, value in settings.items():
        transaction.set(name, str(value).lower())
    return settings


def _records(transaction: Transaction, query: Mapping[str, str]) -> Mapping[str, Any]:
    return {"records": [_shown(each) for each in transaction.effects(query.get("key", ""))]}


def _effects(transaction: Transaction, _: Mapping[str, str]) -> Mapping[str, Any]:
    return {"effects": [[each.record_key, each.change_number, each.operation] for each in transaction.effects()]}


def _state(transaction: Transaction, _: Mapping[str, str]) -> Mapping[str, Any]:
    return transaction.state()


_SHOWN: Mapping[str, Callable[[Transaction, Mapping[str, str]], Mapping[str, Any]]] = {
    "GET state": _state,
    "GET records": _records,
    "GET effects": _effects,
}


def _shown(effect: Effect) -> dict[str, Any]:
    return {**asdict(effect), "content": json.loads(effect.content)}
