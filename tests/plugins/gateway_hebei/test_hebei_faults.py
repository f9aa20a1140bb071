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
from xml.etree import ElementTree as ET

import pytest

from gateway.sandbox_host.platform.faults import AFTER, BEFORE
from tests.plugins.gateway_hebei.requester import REQUESTER, Requester, package, record

SERVE = """
import sys
from pathlib import Path
from gateway.sandbox_host import run_forever
from gateway_hebei import gateway_sandboxes
(offer,) = gateway_sandboxes()
run_forever(offer.open(Path(sys.argv[1]), {sys.argv[2]: sys.argv[3]}), 0, lambda served: print(served.url, flush=True))
"""
KEPT = [["k1", 1, "i"]]


@pytest.mark.parametrize(
    ("kind", "status", "error", "effects"),
    [("500", 500, "HB902", []), ("429", 429, "HB901", []), ("500_after_commit", 500, "HB902", KEPT)],
)
def test_a_failure_is_answered_in_xml(
    requester: Requester, kind: str, status: int, error: str, effects: list[object]
) -> None:
    requester.control("faults", kind=kind)
    answer = requester.put(record())
    assert (answer.http, answer.code, answer.error, requester.effects()) == (status, "0", error, effects)


def test_half_an_answer_has_taken_everything(requester: Requester) -> None:
    requester.control("faults", kind="half_answer")
    answer = requester.put(*(record(f"k{n}", TargetIdType="NB", TargetId=str(n)) for n in range(4)))
    assert (len(answer.results), answer.count, len(requester.effects())) == (2, 4, 4)


def test_half_of_an_answer_about_hostile_keys_is_still_an_answer(requester: Requester) -> None:
    requester.control("faults", kind="half_answer")
    keys = ("a&#10;&lt;Body&gt;&#10;", "&lt;/Body&gt;")
    answer = requester.put(*(record(key, TargetIdType="NB", TargetId=str(n)) for n, key in enumerate(keys)))
    assert [each["RecordKey"] for each in answer.results] == ["a\n<Body>\n"]


def test_a_truncated_answer_has_taken_everything(requester: Requester) -> None:
    requester.control("faults", kind="truncated_answer")
    with pytest.raises(http.client.IncompleteRead):
        requester.put(record())
    assert requester.effects() == KEPT


def test_broken_xml_has_taken_everything(requester: Requester) -> None:
    requester.control("faults", kind="broken_xml")
    with pytest.raises(ET.ParseError):
        requester.put(record())
    assert requester.effects() == KEPT


def test_a_login_page_takes_nothing(requester: Requester) -> None:
    requester.control("faults", kind="html")
    with pytest.raises(KeyError):  # it happens to be well-formed, and is no answer
        requester.put(record())
    assert requester.effects() == []


@pytest.mark.parametrize(("kind", "effects"), [("disconnect", []), ("timeout_after_commit", KEPT)])
def test_no_answer_at_all(requester: Requester, kind: str, effects: list[object]) -> None:
    requester.control("faults", kind=kind, seconds=0)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        requester.put(record())
    assert requester.effects() == effects


def test_faults_come_in_the_order_ordered_and_as_often(requester: Requester) -> None:
    requester.control("faults", kind="500", times=2)
    requester.control("faults", kind="429")
    assert [requester.put(record()).http for _ in range(4)] == [500, 500, 429, 200]


def test_a_fault_of_questions_leaves_deliveries_alone(requester: Requester) -> None:
    requester.control("faults", kind="500", request="find")
    assert requester.put(record()).http == 200
    asked = package("<Record><RecordKey>k1</RecordKey><ChangeNo>1</ChangeNo></Record>", root="QueryPackage")
    assert requester.signed("/hbssj/jcdx/ask", asked).http == 500


def test_every_kind_of_fault_is_tried_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in (*BEFORE, *AFTER, "broken_xml") if f'"{kind}"' not in text] == []


# -------------------------------------------------------------------------------------------------------- kill −9


@contextmanager
def process(folder: Path, secret: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The sandbox in a process of its own, and where it answers."""
    command = [sys.executable, "-c", SERVE, str(folder), REQUESTER, secret]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as running:
        assert running.stdout
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def test_a_kill_between_commit_and_answer_loses_nothing_and_doubles_nothing(
    tmp_path: Path, requester: Requester, requester_at: Callable[[str], Requester]
) -> None:
    others = (record(key, TargetIdType="NB", TargetId=key, RegState=state) for key, state in (("k2", "7"), ("k3", "1")))
    content = package(record("k1"), *others)
    undisturbed = requester.signed("/hbssj/jcdx/put", content)
    with ExitStack() as stack:
        killed, url = stack.enter_context(process(tmp_path / "killed", requester.secret))
        before = requester_at(url)
        before.control("faults", kind="timeout_after_commit", seconds=600)
        waiting = threading.Thread(target=_given_up, args=(before, content))
        waiting.start()
        while before.show("state")["effects"] < 2:  # committed, and not answered
            assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
        waiting.join()
    with process(tmp_path / "killed", requester.secret) as (_, url):
        after = requester_at(url)
        assert after.effects() == [["k1", 1, "i"], ["k3", 1, "i"]]
        assert after.signed("/hbssj/jcdx/put", content).body == undisturbed.body
        assert (len(after.effects()), after.show("state")["double_effects"]) == (2, 0)


def _given_up(requester: Requester, content: str) -> None:
    with suppress(OSError, http.client.HTTPException):
        requester.signed("/hbssj/jcdx/put", content)
