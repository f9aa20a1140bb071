"""Serves a deployment by a clock that a test moves: the moment that stands in the deployment's file `clock`.

Called by the tests as ``python served.py DIRECTORY [kill POINT | hang POINT]``: at that point of a run the process
kills itself, as a power cut would, or that run never goes on.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
from pathlib import Path

from gateway.app import opened
from gateway.cli.serve import serve, stopped_by_signals
from gateway.pipeline.progress import Point
from gateway.plugin_loader import load_plugins
from gateway.service.log import json_log, take_in
from gateway.service.pace import Pace
from gateway.settings import load_settings

PACE = Pace(look=0.05, watch=0.1, standby=0.1, retry=0.1, longest_retry=0.5, stop=2)


def main(directory: str, deed: str = "", point: str = "") -> None:
    """Serve until a signal comes."""
    file = Path(directory) / "clock"

    def clock() -> dt.datetime:
        return dt.datetime.fromisoformat(file.read_text())

    def reached(passed: Point) -> None:
        if passed == point and deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if passed == point and deed == "hang":
            threading.Event().wait()

    log = json_log(sys.stderr)
    take_in(log)
    settings = load_settings(Path(directory))
    with stopped_by_signals() as stopping, opened(settings, load_plugins(), reached=reached) as gateway:
        serve(gateway, ("127.0.0.1", 0), log, stopping, clock=clock, pace=PACE)


if __name__ == "__main__":
    main(*sys.argv[1:])
