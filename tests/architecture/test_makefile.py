"""A machine that cannot run the gateway is told so in one sentence."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[2] / "Makefile"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    for file in ("requirements/dev.txt", "pyproject.toml"):
        (tmp_path / file).touch()
    shutil.copy(MAKEFILE, tmp_path)
    return tmp_path


def _python(clone: Path, script: str) -> str:
    python = clone / "a-python"
    python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    python.chmod(0o755)
    return "./a-python"


def _make_demo(clone: Path, python: str) -> tuple[int, list[str]]:
    made = subprocess.run(
        ["make", "--silent", "demo", f"PYTHON={python}"],
        cwd=clone,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    said = [line for line in made.stderr.splitlines() if not line.startswith("make")]
    return made.returncode, said


@pytest.mark.parametrize("script", ["exit 1", None], ids=["too old", "not there"])
def test_an_old_or_missing_python_is_said_in_one_sentence(clone: Path, script: str | None) -> None:
    python = _python(clone, script) if script else "./no-python"
    zh = f"需要 Python 3.11 或更新的版本，而 {python} 不是；请安装后指明它，例如 make demo PYTHON=python3.11"
    en = (
        f"Python 3.11 or newer is needed and {python} is not; install it and name it, as in make demo PYTHON=python3.11"
    )
    assert _make_demo(clone, python) == (2, [f"{zh} / {en}"])


def test_a_missing_venv_module_is_said_in_one_sentence(clone: Path) -> None:
    python = _python(clone, 'case "$*" in *ensurepip*) exit 1 ;; esac')
    zh = f"{python} 缺少 venv 模块；请先安装它（Debian、Ubuntu：apt install python3-venv）"
    en = f"{python} has no venv module; install it first (Debian, Ubuntu: apt install python3-venv)"
    assert _make_demo(clone, python) == (2, [f"{zh} / {en}"])


def test_nothing_is_made_when_the_python_does_not_fit(clone: Path) -> None:
    _make_demo(clone, _python(clone, "exit 1"))
    assert not (clone / ".venv").exists()
