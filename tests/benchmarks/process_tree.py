"""Runs a command and measures it: seconds from start to end, and the most memory that its processes held together."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOK_EVERY = 0.05  # seconds


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    processor_seconds: float
    peak_mib: float


def measured(command: Sequence[str], environ: Mapping[str, str], folder: Path, well: int = 0) -> Cost:
    """Run to the end; where its exit code is not `well`, what it has said ends this script."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        watch = _Watch(process.pid)
        watch.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        watch.join()
        if process.returncode != well:
            said.seek(0)
            sys.exit(f"{' '.join(command)} failed\n{said.read().decode(errors='replace')[-4000:]}")
    # The kernel's own figure is exact, but of the largest process alone.
    return Cost(seconds, used.ru_utime + used.ru_stime, max(watch.peak, used.ru_maxrss * 1024) / 2**20)


class _Watch(threading.Thread):
    """Adds up the memory of a process and all below it, again and again until it has ended."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self.peak = 0

    def run(self) -> None:
        while resident := sum(map(_resident, _tree(self._root))):
            self.peak = max(self.peak, resident)
            time.sleep(LOOK_EVERY)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(file).split():
            yield from _tree(int(child))


def _resident(pid: int) -> int:
    """Bytes in memory; 0 of a process that has ended."""
    pages = _read(Path(f"/proc/{pid}/statm")).split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except OSError:
        return ""
