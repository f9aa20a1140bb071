"""A start loads what it needs and an end is short: what other connectors and migrations need stays where it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.companies import company
from tests.deployment import Deployment, register

# What a run of files does without, by what needs it.
FOR_OTHERS = {
    "migrating": ("alembic", "mako", "pygments"),
    "signing and asking again": ("cryptography", "tenacity", "zeep"),
    "other servers": ("asyncssh", "pymysql", "oracledb", "pymssql"),
    "workbooks": ("fastexcel", "xlsxwriter"),
    "serving": ("apscheduler", "structlog", "prometheus_client", "gateway.service", "gateway.sandbox_host"),
}

RUN = """
import json, sys
from gateway.cli.application import run_command

code = run_command(["run", "targets"])
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    kind = request.param
    url = f"sqlite:///{tmp_path}/gateway.db" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    made = Deployment(tmp_path, url)
    made.declare(targets=made.inbound(register(tmp_path / "one.csv", company(1)).name))
    return made


def _run(made: Deployment) -> tuple[int, set[str]]:
    """The exit code, and what was imported in the end."""
    environ = {**os.environ, **made.environ, "GATEWAY_DIRECTORY": str(made.directory)}
    done = subprocess.run([sys.executable, "-c", RUN], env=environ, capture_output=True, text=True, check=True)
    code, imported = json.loads(done.stdout.splitlines()[-1])
    return code, set(imported)


def test_a_run_of_files_imports_nothing_of_other_connectors_nor_of_migrations(made: Deployment) -> None:
    first_code, first = _run(made)
    code, imported = _run(made)
    assert (first_code, "alembic" in first) == (0, True)
    needless = {why: sorted(imported & set(names)) for why, names in FOR_OTHERS.items() if imported & set(names)}
    assert (code, needless) == (0, {})


def test_options_are_built_when_a_feed_names_them_and_not_when_their_plugin_loads() -> None:
    script = "from gateway.plugin_loader import load_plugins; plugins = load_plugins(); "
    script += "offers = [*plugins.sources().values(), *plugins.destinations().values()]; "
    script += "print(*(offer.name for offer in offers if offer.options.__pydantic_complete__))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["csv"]  # which most feeds name


def test_the_other_commands_are_imported_only_where_help_on_all_is_asked_for() -> None:
    script = "import sys; from gateway.cli.application import run_command; run_command(sys.argv[1:]); "
    script += "print(*sorted(name for name in sys.modules if name.startswith('gateway.cli.')))"
    modules = {
        asked: subprocess.run([sys.executable, "-c", script, *asked], capture_output=True, text=True, check=True).stdout
        for asked in (("run", "--help"), ("--help",))
    }
    assert ["gateway.cli.discover" in modules[asked] for asked in modules] == [False, True]


def test_at_its_end_a_process_does_not_look_through_its_memory_for_garbage() -> None:
    script = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 10_000)); "
    script += "import sys; sys.argv[0] = 'gateway'; from gateway.cli import main; main()"
    said = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "True"
