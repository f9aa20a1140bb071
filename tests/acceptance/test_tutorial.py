"""The tutorial can be followed: its files are written, its commands run, and what they say stands on the page.

After a change of wording, `python tests/acceptance/test_tutorial.py` writes the page anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "first-feed.md"
# A file is announced by a line that begins with its path; a block of commands is a console.
STEP = re.compile(
    r"^(?:`(?P<path>[^`\n]+)`，[^\n]*\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


def played(page: str, folder: Path) -> str:
    """The page with what its commands say when they are run in a folder."""
    return STEP.sub(lambda step: _step(step, folder), page)


def _step(step: re.Match[str], folder: Path) -> str:
    if step["kind"] == "console":
        commands = [line.removeprefix("$ ") for line in step["text"].splitlines() if line.startswith("$ ")]
        return f"```console\n{''.join(_said(command, folder) for command in commands)}```"
    file = folder / step["path"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(step["text"], encoding="utf-8")
    return step[0]


def _said(command: str, folder: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**clean, "COLUMNS": "80", "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    lines = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
    return f"$ {command}\n{lines}"


def _without_times(page: str) -> str:
    return re.sub(r"\d+\.\d$|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "…", page, flags=re.MULTILINE)


def test_the_tutorial_says_what_its_commands_say(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert _without_times(played(page, tmp_path)) == _without_times(page)


def test_every_block_of_the_tutorial_is_played() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(STEP.findall(page)) == page.count("```") / 2


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as fresh:
        PAGE.write_text(played(PAGE.read_text(encoding="utf-8"), Path(fresh)), encoding="utf-8")
