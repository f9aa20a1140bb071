"""The wheel holds all that a checkout does: installed elsewhere, it finds its plugins and data and runs a feed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("mappings", "config")
FEED = """
departments:
  direction: inbound
  dataset: departments
  department: CX-ZFB
  source: {type: csv, path: departments.csv}
  map: departments/demo/government_office/departments
"""
ROWS = """部门编码,部门名称,信用代码,区划,层级,上级编码
CX-ZFB,县政府办公室,,370102,县级,
CX-SCJG,县市场监督管理局,,370102,县级,CX-ZFB
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    built = tmp_path_factory.mktemp("dist")
    _run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)], cwd=ROOT)
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def binaries(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel, and borrows only its dependencies from this one.

    A .pth line does not look into the .pth files of the folder that it names, so the checkout stays out of reach.
    """
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = next(folder.glob("lib/python*/site-packages"))
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")
    _run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], folder
    )
    return folder / "bin"


def _run(command: list[str], cwd: Path) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GATEWAY_"))}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _said(binaries: Path, cwd: Path, code: str) -> str:
    return _run([str(binaries / "python"), "-X", "utf8", "-c", code], cwd).strip()


def test_the_wheel_holds_every_file_of_the_tree(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    sources = [
        *((path, path.relative_to(ROOT)) for path in (ROOT / "gateway").rglob("*")),
        *((path, path.relative_to(ROOT / "plugins")) for path in (ROOT / "plugins").rglob("*")),
        *(
            (path, Path("gateway/_shipped", path.relative_to(ROOT)))
            for top in SHIPPED
            for path in (ROOT / top).rglob("*")
        ),
    ]
    expected = {inside.as_posix() for path, inside in sources if path.is_file() and "__pycache__" not in path.parts}
    assert expected - held == set()


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    plugins = {init.parent.name for init in (ROOT / "plugins").glob("*/__init__.py")}
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"gateway", *plugins}


def test_the_installed_gateway_is_not_the_checkout(binaries: Path, tmp_path: Path) -> None:
    place = _said(binaries, tmp_path, "import gateway; print(gateway.__file__)")
    assert Path(place).is_relative_to(binaries.parent)


@pytest.mark.parametrize("folder", SHIPPED)
def test_the_installed_gateway_finds_its_shipped_data(binaries: Path, tmp_path: Path, folder: str) -> None:
    place = _said(binaries, tmp_path, f"from gateway.shipped import shipped; print(shipped({folder!r}))")
    found = {path.relative_to(place) for path in Path(place).rglob("*") if path.is_file()}
    shipped = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert (Path(place).is_relative_to(binaries.parent), found) == (True, shipped)


def test_the_installed_command_lists_every_plugin(binaries: Path, tmp_path: Path) -> None:
    listed = json.loads(_run([str(binaries / "gateway"), "plugins", "--json"], tmp_path))
    assert [each["plugin"] for each in listed] == sorted(
        init.parent.name for init in (ROOT / "plugins").glob("*/__init__.py")
    )


def test_the_installed_command_runs_a_feed_by_a_shipped_map(binaries: Path, tmp_path: Path) -> None:
    (tmp_path / "config/feeds").mkdir(parents=True)
    (tmp_path / "config/feeds/departments.yml").write_text(FEED, encoding="utf-8")
    (tmp_path / "departments.csv").write_text(ROWS, encoding="gb18030")
    (report,) = json.loads(_run([str(binaries / "gateway"), "run", "departments", "--json"], tmp_path))
    expected = {"feed": "departments", "status": "succeeded", "read": 2, "accepted": 2, "rejected": 0, "held": 0}
    assert {name: report[name] for name in expected} == expected
