"""The tree says where everything lives, and lists that repeat it agree with it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NAMED_AFTER_NOTHING = {"utils", "util", "common", "base", "helpers", "helper", "core", "manager", "misc"}
LONGEST = 400

# A path of the machine that wrote it, or the address of a package registry.
PRIVATE = re.compile(r"(?:^|[^\w.-])/(?:work|opt)/|https?://[^ )\"]*/simple(?:/|$)", flags=re.MULTILINE)


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _plugins() -> set[str]:
    return {init.parent.name for init in (ROOT / "plugins").glob("*/__init__.py")}


def _modules() -> Iterator[Path]:
    for root in (ROOT / "gateway", ROOT / "plugins"):
        yield from (path.relative_to(ROOT) for path in root.rglob("*.py"))


def _texts() -> Iterator[tuple[str, str]]:
    """Every file that git keeps, or would keep, and that is text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content:
            yield name, content.decode("utf-8", errors="replace")


def test_the_wheel_ships_every_plugin_folder(pyproject: dict[str, Any]) -> None:
    packages = set(pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages == {"gateway", *(f"plugins/{plugin}" for plugin in _plugins())}


def test_every_plugin_folder_has_its_entry_point(pyproject: dict[str, Any]) -> None:
    assert pyproject["project"]["entry-points"]["gateway"] == {plugin: plugin for plugin in _plugins()}


def test_the_installed_entry_points_are_those_of_the_tree() -> None:
    ours = {point.name for point in entry_points(group="gateway") if point.dist and _is_ours(point.dist.name)}
    assert ours == _plugins()


def _is_ours(distribution: str) -> bool:
    return distribution == "double-random-gateway"


def test_types_are_checked_in_every_plugin(pyproject: dict[str, Any]) -> None:
    assert set(pyproject["tool"]["mypy"]["packages"]) == {"gateway", *_plugins()}


def test_every_contract_lists_every_plugin(pyproject: dict[str, Any]) -> None:
    linter = pyproject["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in linter["contracts"]}
    lists = {
        "root_packages": set(linter["root_packages"]) - {"gateway"},
        "core": set(contracts["core"]["forbidden_modules"]),
        "plugins": set(contracts["plugins"]["source_modules"]),
        "plugins-apart": set(contracts["plugins-apart"]["modules"]),
        "sqlalchemy": set(contracts["sqlalchemy"]["source_modules"]) - {"gateway"},
        "outside": set(contracts["outside"]["source_modules"]) - {"gateway"},
    }
    assert lists == dict.fromkeys(lists, _plugins())


def test_no_module_is_named_after_nothing() -> None:
    assert [path for path in _modules() if NAMED_AFTER_NOTHING & {*path.parts, path.stem}] == []


def test_no_module_is_longer_than_a_person_reads_at_once() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in _modules()}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_file_names_a_machine_or_a_registry() -> None:
    assert [name for name, text in _texts() if PRIVATE.search(text)] == []


@pytest.mark.parametrize(
    "line",
    ["see /" + "work/notes.md", "find-links = /" + "opt/wheels", "index = https://" + "mirror.example/simple/"],
)
def test_a_private_place_would_be_found(line: str) -> None:
    assert PRIVATE.search(f"first line\n{line}\n")


@pytest.mark.parametrize("lock", ["runtime.txt", "dev.txt"])
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry or "://" in entry] == []


def _declared(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def _locked(lock: str) -> set[str]:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))


def test_every_declared_dependency_is_locked(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    runtime = _declared(project["dependencies"])
    dev = _declared([*pyproject["dependency-groups"]["dev"], *project["optional-dependencies"]["postgres"]])
    assert (runtime - _locked("runtime.txt"), (runtime | dev) - _locked("dev.txt")) == (set(), set())


def test_both_locks_pin_the_same_versions() -> None:
    runtime, dev = (
        set(re.findall(r"^\S+==\S+", (ROOT / "requirements" / lock).read_text(encoding="utf-8"), flags=re.MULTILINE))
        for lock in ("runtime.txt", "dev.txt")
    )
    assert runtime - dev == set()
