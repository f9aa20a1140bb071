"""Runs feeds of a deployment and kills its own process at a named point, as a power cut would.

Called by the tests as ``python killed_run.py DIRECTORY POINT FEED…``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gateway.app import opened
from gateway.pipeline.progress import Point
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings


def main(directory: str, point: str, *feeds: str) -> None:
    """Run the feeds until the point is reached for the first time."""

    def reached(passed: Point) -> None:
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with opened(load_settings(Path(directory)), load_plugins(), reached=reached) as gateway:
        for name in feeds:
            print(gateway.runner(name).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
