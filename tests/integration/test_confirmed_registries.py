"""Before a draw both registries are refreshed and confirmed on record, or nothing is confirmed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.app import opened
from gateway.cli.application import run_command
from gateway.errors import RunError
from gateway.operations.confirm_registries import Act, confirm
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment

MAPS = {
    "inspection_targets": "identifier: {from: 标识}\n  identifier_scheme: {constant: local}\n"
    "  kind: {constant: project}\n  name: {from: 名称}",
    "inspectors": "inspector_number: {from: 证号}\n  department_code: {constant: D1}\n"
    "  certificate_kind: {constant: certificate}\n  name: {from: 姓名}",
    "inspection_tasks": "task_number: {from: 编号}\n  name: {from: 编号}\n  lead_department: {constant: D1}",
    "drawn_targets": "target_identifier: {from: 标识}\n  target_scheme: {constant: local}\n"
    "  target_kind: {constant: project}\n  task_number: {from: 编号}\n  name: {from: 标识}",
}
CONFIRM = ("confirm-registries", "D1", "--by", "张三", "--reason", "年度第一次抽查")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def deployment(made: Deployment) -> Deployment:
    folder = made.directory / "mappings" / "tests"
    folder.mkdir(parents=True)
    for dataset, fields in MAPS.items():
        text = f"map: tests/{dataset}\ndataset: {dataset}\nfields:\n  {fields}\n"
        (folder / f"{dataset}.yml").write_text(text, encoding="utf-8")
        feed = made.inbound(f"{dataset}.csv", map=f"tests/{dataset}", dataset=dataset, department="D1")
        made.declare(**{dataset: feed})
    write(made, "inspection_targets", "标识,名称", "P1,一号", "P2,二号")
    write(made, "inspectors", "证号,姓名", "001,李四")
    return made


@pytest.fixture
def call(deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("GATEWAY_LANG", "en")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", deployment.database_url)

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run_command([*arguments, "--dir", str(deployment.directory)])
        return code, *capsys.readouterr()

    return called


def write(made: Deployment, name: str, *lines: str) -> None:
    (made.directory / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def confirmed(made: Deployment) -> list[Any]:
    found = made.query("SELECT detail FROM event_log WHERE action = 'registries.confirmed' ORDER BY number")
    return [json.loads(detail) for (detail,) in found]


def test_both_registries_are_refreshed_and_confirmed_with_what_they_hold(call: Call, deployment: Deployment) -> None:
    code, out, _ = call(*CONFIRM, "--task", "T1", "--json")
    (entry,) = confirmed(deployment)
    assert (code, json.loads(out)) == (0, entry["registries"])
    assert {name: entry[name] for name in ("department", "task", "plan", "by", "reason")} == {
        "department": "D1",
        "task": "T1",
        "plan": None,
        "by": "张三",
        "reason": "年度第一次抽查",
    }
    assert [(each["feed"], each["run"], each["read"]) for each in entry["feeds"]] == [
        ("inspection-targets", 1, 2),
        ("inspectors", 2, 1),
    ]
    rows = deployment.query("SELECT record_key, digest FROM inspection_targets ORDER BY change_number")
    targets = entry["registries"][0]
    assert (targets["records"], targets["last_change_number"]) == (2, 2)
    assert targets["digest"] == hashlib.sha256("".join(f"{k}\t{d}\n" for k, d in rows).encode()).hexdigest()


def test_the_digest_tells_one_confirmed_registry_from_another(call: Call, deployment: Deployment) -> None:
    call(*CONFIRM, "--plan", "2026-1")
    call(*CONFIRM, "--plan", "2026-1")
    write(deployment, "inspection_targets", "标识,名称", "P1,一号改名", "P2,二号")
    call(*CONFIRM, "--plan", "2026-1")
    first, same, other = ([each["digest"] for each in entry["registries"]] for entry in confirmed(deployment))
    assert (first == same, first[0] == other[0], first[1] == other[1]) == (True, False, True)


def test_neither_withdrawn_records_nor_those_of_others_are_confirmed(call: Call, deployment: Deployment) -> None:
    feed = deployment.inbound("others.csv", map="tests/inspection_targets", department="D2")
    deployment.declare(others=feed)
    write(deployment, "others", "标识,名称", "P8,八号")
    call("run", "others", "inspection-targets")
    write(deployment, "inspection_targets", "标识,名称", "P1,一号")
    call("run", "inspection-targets", "--accept-withdrawals")
    call(*CONFIRM, "--task", "T1")
    (entry,) = confirmed(deployment)
    assert [each["records"] for each in entry["registries"]] == [1, 1]


def test_people_read_what_was_confirmed(call: Call) -> None:
    code, out, _ = call(*CONFIRM, "--task", "T1")
    assert (code, "confirmed: inspectors with 1 records" in out) == (0, True)


def test_nothing_is_confirmed_where_a_feed_failed(call: Call, deployment: Deployment) -> None:
    (deployment.directory / "inspectors.csv").unlink()
    code, _, err = call(*CONFIRM, "--task", "T1", "--json")
    assert (code, "the feeds inspectors were not refreshed" in err, confirmed(deployment)) == (1, True, [])


def test_nothing_is_confirmed_while_withdrawals_wait_for_a_person(call: Call, deployment: Deployment) -> None:
    call("run", "inspection-targets")
    write(deployment, "inspection_targets", "标识,名称", "P1,一号")
    code, _, err = call(*CONFIRM, "--task", "T1", "--json")
    assert (code, "inspection-targets were not refreshed" in err, confirmed(deployment)) == (1, True, [])


def test_an_empty_registry_is_not_confirmed(call: Call, deployment: Deployment) -> None:
    write(deployment, "inspectors", "证号,姓名")
    code, _, err = call(*CONFIRM, "--task", "T1", "--json")
    assert (code, "inspectors of department D1 holds no record" in err, confirmed(deployment)) == (1, True, [])


def test_figures_that_another_run_made_stale_are_not_confirmed(deployment: Deployment) -> None:
    with opened(load_settings(deployment.directory, deployment.environ), load_plugins()) as gateway:
        reports = [gateway.runner(name).run() for name in ("inspection-targets", "inspectors")]
        gateway.runner("inspection-targets").run()
        act = Act(department="D1", task="T1", plan=None, by="张三", reason="抽查")
        with pytest.raises(RunError, match="inspection-targets ran again"):
            confirm(gateway.database, gateway.datasets, act, reports)
    assert confirmed(deployment) == []


def test_a_task_that_was_drawn_cannot_be_confirmed_afterwards(call: Call, deployment: Deployment) -> None:
    write(deployment, "inspection_tasks", "编号", "T1")
    write(deployment, "drawn_targets", "标识,编号", "P1,T1")
    call("run", "inspection-targets", "inspection-tasks", "drawn-targets")
    code, _, err = call(*CONFIRM, "--task", "T1")
    assert (code, "task T1 is held already (1 targets)" in err, confirmed(deployment)) == (2, True, [])
    assert call(*CONFIRM, "--task", "T2", "--json")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (CONFIRM, "--task or --plan"),
        ((*CONFIRM, "--task", "T1", "--plan", "P"), "--task or --plan"),
        ((*CONFIRM, "--task", " "), "--task is empty"),
        (("confirm-registries", "D1", "--by", "", "--reason", "x", "--task", "T1"), "--by is empty"),
        (("confirm-registries", "D2", "--by", "a", "--reason", "x", "--task", "T1"), "feeds of both: D1"),
    ],
)
def test_a_wrong_call_runs_nothing(
    call: Call, deployment: Deployment, arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    code, out, err = call(*arguments)
    assert (code, out, said in err) == (2, "", True)
    assert not (tmp_path / "gateway.db").exists() or deployment.query("SELECT * FROM runs") == []
