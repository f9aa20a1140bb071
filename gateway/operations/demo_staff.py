"""The staff of the demo's simulated platform: what they do there, they do through the sandbox's own doors over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from gateway.errors import StartError
from gateway.messages import Message
from gateway.transport.http import HttpClient

NOT_DONE = Message(
    "demo.staff_not_done",
    zh="模拟平台没有照办“{step}”（HTTP {status}）：{said}；请删除演示目录后重新运行 gateway demo",
    en="the simulated platform did not do {step!r} (HTTP {status}): {said}; remove the demo's directory and run "
    "gateway demo anew",
)
STEPS: Sequence[str] = ("draw", "lock", "dispatch", "match")


@dataclass(frozen=True)
class Done:
    """One step that the staff took, and the numbers that it led to."""

    step: str
    task_number: str
    population: int
    records: int


class Staff:
    """Works at the platform of an address."""

    def __init__(self, url: str) -> None:
        self._doors = f"{url}/_sandbox/"
        self._http = HttpClient(environment="rehearsal")

    def inspect(self, order: Mapping[str, Any]) -> Iterator[Done]:
        """Set up a task, draw, lock, dispatch and match; of a task that is there, only the steps that are left."""
        task = self._task_named(order["name"])
        if task is None:
            done = self._done("tasks", order)
            yield done
            number, left = done.task_number, STEPS
        else:
            number, left = task["number"], _steps_left(task)
        for step in left:
            yield self._done(step, {"task_number": number})

    def task_number(self, name: str) -> str:
        """The number of the task of a name, empty where there is none."""
        task = self._task_named(name)
        return str(task["number"]) if task else ""

    def _task_named(self, name: str) -> Mapping[str, Any] | None:
        tasks: list[Mapping[str, Any]] = self._answer("tasks", None)["tasks"]
        return next((task for task in tasks if task["name"] == name), None)

    def _done(self, step: str, order: Mapping[str, Any]) -> Done:
        answer = self._answer(step, order)
        return Done(step, answer["task_number"], answer["population"], answer["records"])

    def _answer(self, door: str, order: Mapping[str, Any] | None) -> dict[str, Any]:
        if order is None:
            reply = self._http.get(self._doors + door, {})
        else:
            reply = self._http.post(self._doors + door, json.dumps(order).encode(), {})
        content: dict[str, Any] = json.loads(reply.body)
        if reply.status != HTTPStatus.OK:
            raise StartError(NOT_DONE, step=door, status=reply.status, said=content.get("message", ""))
        return content


def _steps_left(task: Mapping[str, Any]) -> Sequence[str]:
    if task["assignments"]:
        return ()
    return STEPS[("created", "drawn", "locked", "dispatched").index(task["state"]) :]


class Publicity:
    """What everybody can read at the publicity system of an address."""

    def __init__(self, url: str) -> None:
        self._page = f"{url}/_sandbox/published?uscc="
        self._http = HttpClient(environment="rehearsal")

    def published(self, uscc: str) -> list[Mapping[str, Any]]:
        """The results on the page of an enterprise."""
        results: list[Mapping[str, Any]] = json.loads(self._http.get(self._page + uscc, {}).body)["results"]
        return results
