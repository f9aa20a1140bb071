"""Runs feeds of a deployment and pauses at a named point until a line comes in.

Called by the tests as ``python paused_run.py DIRECTORY POINT FEED…``; says `paused` there, and each report at its end.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.app import opened
from gateway.pipeline.progress import Point
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings


def main(directory: str, point: str, *feeds: str) -> None:
    """Run the feeds, pausing when the point is reached for the first time."""
    paused: list[Point] = []

    def reached(passed: Point) -> None:
        if passed == point and not paused:
            paused.append(passed)
            print("paused", flush=True)
            sys.stdin.readline()

    with opened(load_settings(Path(directory)), load_plugins(), reached=reached) as gateway:
        for name in feeds:
            print(gateway.runner(name).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
