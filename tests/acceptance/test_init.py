"""The installed command makes a deployment that it then accepts, and refuses to mix rehearsal and production."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

GATEWAY = Path(sys.executable).parent / "gateway"


def _run(cwd: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return subprocess.run(
        [str(GATEWAY), *arguments],
        cwd=cwd,
        env={**clean, "COLUMNS": "80", **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_a_new_deployment_is_checked_and_run_as_it_stands(tmp_path: Path) -> None:
    done = [
        _run(tmp_path, *command.split())
        for command in ("init county", "check --dir county", "run --all --dir county", "issues --dir county")
    ]
    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * 4
    assert "gateway check --dir county" in done[0].stdout
    assert "检查通过：1 个数据流，没有问题" in done[1].stdout


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    _run(tmp_path, "init", "county")
    (tmp_path / "county" / "gateway.toml").write_text("workers = 3\n", encoding="utf-8")
    again = _run(tmp_path, "init", "county")
    assert (again.returncode, again.stdout) == (2, "")
    assert "不是空的" in again.stderr
    assert (tmp_path / "county" / "gateway.toml").read_text(encoding="utf-8") == "workers = 3\n"


def test_a_rehearsal_database_is_not_opened_by_production(tmp_path: Path) -> None:
    _run(tmp_path, "init", "county")
    _run(tmp_path, "run", "--all", "--dir", "county")
    refused = [
        _run(tmp_path, *command.split(), "--dir", "county", GATEWAY_ENVIRONMENT="production", GATEWAY_LANG="en")
        for command in ("run --all", "runs", "preview companies")
    ]
    assert [each.returncode for each in refused] == [2, 2, 2]
    assert len({each.stderr for each in refused}) == 1
    assert "belongs to a rehearsal deployment, and this one is set to production" in refused[0].stderr
    checked = _run(tmp_path, "check", "--json", "--dir", "county", GATEWAY_ENVIRONMENT="production")
    assert [row["code"] for row in json.loads(checked.stdout)] == ["environment.database"]
