"""A service in a process of its own, as tests see it: its clock, its log, its pages, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.deployment import Deployment

SERVED = Path(__file__).parent / "integration" / "served.py"
PATIENCE = 60.0  # seconds; the machine may be busy

Found = TypeVar("Found")


def until(found: Callable[[], Found], what: str) -> Found:
    """Wait until something is found, and return it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"in vain: {what}")


def set_clock(made: Deployment, moment: str) -> None:
    """Let the services of a deployment read this moment, written as 2026-03-02 10:00 in the time of China."""
    unfinished = made.directory / "clock.unfinished"
    unfinished.write_text(f"{moment}+08:00")
    unfinished.rename(made.directory / "clock")


@dataclass
class RunningService:
    """One process; `arguments` are those of tests/integration/served.py, or a command of its own."""

    made: Deployment
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    log_file: Path = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        number = len(list(self.made.directory.glob("log-*")))
        self.log_file = self.made.directory / f"log-{number}"
        command = self.command or (sys.executable, str(SERVED), str(self.made.directory), *self.arguments)
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **self.made.environ}, stdout=log, stderr=subprocess.STDOUT
            )

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines of the log, of one event or all; the one that is being written is left out."""
        whole = self.log_file.read_text(encoding="utf-8").rpartition("\n")[0]
        lines = [json.loads(line) for line in whole.splitlines()]
        return [line for line in lines if event is None or line["event"] == event]

    def logged(self, event: str, times: int = 1) -> dict[str, Any]:
        """Wait for the log to tell of an event so many times, and return its last line."""

        def line() -> dict[str, Any] | None:
            if len(lines := self.log(event)) >= times:
                return lines[-1]
            assert self.process.poll() is None, self.log_file.read_text(encoding="utf-8")
            return None

        return until(line, f"{event} in {self.log_file.read_text(encoding='utf-8')}")

    def page(self, name: str) -> tuple[int, str]:
        """The status and the text of a page."""
        try:
            with urllib.request.urlopen(f"{self.logged('service.listening')['url']}/{name}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def health(self) -> tuple[int, list[str]]:
        """The status and the codes of the reasons."""
        status, text = self.page("health")
        return status, [reason["code"] for reason in json.loads(text)["reasons"]]

    def figure(self, name: str) -> float | None:
        """A figure of the metrics by its name with its labels."""
        lines = (line.rpartition(" ") for line in self.page("metrics")[1].splitlines())
        return next((float(value) for said, _, value in lines if said == name), None)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def ends(self) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Tell it to stop, and return its exit code."""
        self.send(signal.SIGTERM)
        return self.ends()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.send(signal.SIGKILL)
        self.ends()
