"""The platform fails to order: what it answers, and what it has taken by then."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

Target = Callable[..., dict[str, Any]]

SERVE = """
import sys
from pathlib import Path
from gateway.sandbox_host import run_forever
from gateway_shandong import gateway_sandboxes
(offer,) = gateway_sandboxes()
run_forever(offer.open(Path(sys.argv[1]), {"370000": sys.argv[2]}), 0, lambda served: print(served.url, flush=True))
"""


def test_500_takes_nothing(requester: Any, target: Target) -> None:
    requester.control("faults", kind="500")
    answer = requester.submit(target())
    assert (answer["http"], answer["code"], requester.effects()) == (500, "S902", [])


def test_429_takes_nothing(requester: Any, target: Target) -> None:
    requester.control("faults", kind="429")
    answer = requester.submit(target())
    assert (answer["http"], answer["code"], requester.effects()) == (429, "S901", [])


def test_500_after_commit_has_taken_everything(requester: Any, target: Target) -> None:
    requester.control("faults", kind="500_after_commit")
    answer = requester.submit(target())
    assert (answer["http"], answer["code"], requester.effects()) == (500, "S902", [["k1", 1, "i"]])


def test_half_an_answer_has_taken_everything(requester: Any, target: Target) -> None:
    requester.control("faults", kind="half_answer")
    answer = requester.submit(*(target(f"k{number}") for number in range(4)))
    assert (len(answer["data"]["jglb"]), answer["data"]["zs"], len(requester.effects())) == (2, 4, 4)


def test_a_truncated_answer_has_taken_everything(requester: Any, target: Target) -> None:
    requester.control("faults", kind="truncated_answer")
    with pytest.raises(http.client.IncompleteRead):
        requester.submit(target())
    assert requester.effects() == [["k1", 1, "i"]]


def test_broken_json_has_taken_everything(requester: Any, target: Target) -> None:
    requester.control("faults", kind="broken_json")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        requester.submit(target())
    assert requester.effects() == [["k1", 1, "i"]]


@pytest.mark.parametrize(("kind", "effects"), [("disconnect", []), ("timeout_after_commit", [["k1", 1, "i"]])])
def test_no_answer_at_all(requester: Any, target: Target, kind: str, effects: list[Any]) -> None:
    requester.control("faults", kind=kind, seconds=0)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        requester.submit(target())
    assert requester.effects() == effects


def test_a_login_page_takes_nothing(requester: Any, target: Target) -> None:
    requester.control("faults", kind="html")
    with pytest.raises(ValueError, match="Expecting value"):
        requester.submit(target())
    assert requester.effects() == []


def test_a_fault_lasts_as_often_as_ordered(requester: Any, target: Target) -> None:
    requester.control("faults", kind="500", times=2)
    assert [requester.submit(target())["http"] for _ in range(3)] == [500, 500, 200]


def test_faults_come_in_the_order_ordered(requester: Any, target: Target) -> None:
    requester.control("faults", kind="500")
    requester.control("faults", kind="429")
    assert [requester.submit(target())["http"] for _ in range(3)] == [500, 429, 200]


def test_a_fault_of_questions_leaves_deliveries_alone(requester: Any, target: Target) -> None:
    requester.control("faults", kind="500", request="find")
    assert requester.submit(target())["http"] == 200
    assert requester.signed("/sjjh/jcdx/query", requester.envelope({"sjbs": "k1", "bbh": 1}))["http"] == 500


# -------------------------------------------------------------------------------------------------------- kill −9


@contextmanager
def process(folder: Path, secret: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The sandbox in a process of its own, and where it answers."""
    command = [sys.executable, "-c", SERVE, str(folder), secret]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as running:
        assert running.stdout
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def test_a_kill_between_commit_and_answer_loses_nothing_and_doubles_nothing(
    tmp_path: Path, requester: Any, requester_at: Callable[[str], Any], target: Target
) -> None:
    content = requester.envelope(target("k1"), target("k2", EntName=""), target("k3"))
    undisturbed = requester.signed("/sjjh/jcdx/submit", content)
    with ExitStack() as stack:
        killed, url = stack.enter_context(process(tmp_path / "killed", requester.secret))
        before = requester_at(url)
        before.control("faults", kind="timeout_after_commit", seconds=600)
        waiting = threading.Thread(target=_given_up, args=(before, content))
        waiting.start()
        while before.state()["effects"] < 2:  # committed, and not answered
            assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
        waiting.join()
    with process(tmp_path / "killed", requester.secret) as (_, url):
        after = requester_at(url)
        assert after.effects() == [["k1", 1, "i"], ["k3", 1, "i"]]
        assert after.signed("/sjjh/jcdx/submit", content) == undisturbed
        assert (after.effects(), after.state()["double_effects"]) == ([["k1", 1, "i"], ["k3", 1, "i"]], 0)


def test_an_interrupted_sandbox_stops_cleanly(tmp_path: Path) -> None:
    with process(tmp_path, "secret") as (running, _):
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 0


def _given_up(requester: Any, content: dict[str, Any]) -> None:
    with suppress(OSError, http.client.HTTPException):
        requester.signed("/sjjh/jcdx/submit", content)
