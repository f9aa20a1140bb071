"""A subject that got another key keeps its history: declared merges, renames, changed regions, reformed departments."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.application import run_command
from tests.deployment import Deployment
from tests.simulated_platform import SimulatedPlatform

# A register that gives USCC and 15-digit numbers alike, told apart by their length.
TARGETS = """\
map: tests/inspection_targets
dataset: inspection_targets
fields:
  identifier: {from: 标识}
  identifier_scheme: {from: 类型}
  kind: {constant: enterprise}
  name: {from: 名称}
  region_code: {from: 区划}
"""
INSPECTORS = """\
map: tests/inspectors
dataset: inspectors
fields:
  inspector_number: {from: 证号}
  department_code: {from: 单位}
  certificate_kind: {constant: certificate}
  name: {from: 姓名}
"""
TASKS = """\
map: tests/inspection_tasks
dataset: inspection_tasks
fields:
  task_number: {from: 编号}
  name: {from: 编号}
  lead_department: {constant: D1}
"""
DRAWN = """\
map: tests/drawn_targets
dataset: drawn_targets
fields:
  target_identifier: {from: 标识}
  target_scheme: {from: 类型}
  target_kind: {constant: enterprise}
  task_number: {from: 编号}
  name: {from: 标识}
"""
MAPS = {"inspection_targets": TARGETS, "inspectors": INSPECTORS, "inspection_tasks": TASKS, "drawn_targets": DRAWN}
HEADER = "标识,类型,名称,区划"
NUMBER, USCC = "370404000000012", "91370202264706576B"
OLD, NEW = f"{NUMBER}|registration_number|enterprise|", f"{USCC}|uscc|enterprise|"
OLD_ROW, NEW_ROW = f"{NUMBER},registration_number,甲公司,370404", f"{USCC},uscc,甲公司,370404"
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def deployment(made: Deployment) -> Deployment:
    folder = made.directory / "mappings" / "tests"
    folder.mkdir(parents=True)
    for name, text in MAPS.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
        made.declare(**{name: made.inbound(f"{name}.csv", map=f"tests/{name}", dataset=name)})
    return made


@pytest.fixture
def call(deployment: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("GATEWAY_LANG", "en")
    for name, value in deployment.environ.items():
        monkeypatch.setenv(name, value)

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run_command([*arguments, "--dir", str(deployment.directory)])
        return code, *capsys.readouterr()

    return called


def targets(made: Deployment, *rows: str) -> Any:
    return give(made, "inspection_targets", HEADER, *rows)


def give(made: Deployment, name: str, *lines: str) -> Any:
    (made.directory / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (report,) = made.run(name.replace("_", "-"))
    return report


def merge(call: Call, *arguments: str) -> Any:
    code, out, err = call("merge", *arguments, "--by", "张三", "--reason", "换发统一社会信用代码", "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def records(made: Deployment, table: str = "inspection_targets") -> dict[str, tuple[str, int]]:
    return {
        key: (operation, withdrawn)
        for key, operation, withdrawn in made.query(f"SELECT record_key, operation, withdrawn FROM {table}")
    }


def lives(call: Call, key: str) -> list[Any]:
    return list(json.loads(call("trace", key, "--json")[1]))


# --------------------------------------------------------------------------------- a number becomes a USCC


def test_a_merged_record_goes_on_under_the_new_key_and_the_old_one_is_withdrawn_once(
    call: Call, deployment: Deployment
) -> None:
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", OLD, NEW)
    first, second = (targets(deployment, NEW_ROW) for _ in range(2))
    assert records(deployment) == {OLD: ("withdraw", 1), NEW: ("insert", 0)}
    assert [(each.counts.withdrawn, each.status) for each in (first, second)] == [(1, "succeeded"), (0, "succeeded")]
    assert deployment.query("SELECT count(*) FROM inspection_targets_history") == [(1,)]


def test_rows_that_still_come_under_the_old_key_take_effect_on_the_new_record(
    call: Call, deployment: Deployment
) -> None:
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", OLD, NEW)
    report = targets(deployment, OLD_ROW)
    assert (report.status, report.counts.accepted, report.counts.withdrawn) == ("succeeded", 1, 1)
    assert records(deployment) == {OLD: ("withdraw", 1), NEW: ("insert", 0)}
    same, renamed = targets(deployment, NEW_ROW), targets(deployment, OLD_ROW.replace("甲公司", "甲集团"))
    assert (same.counts.unchanged, renamed.counts.accepted) == (1, 1)
    assert deployment.query("SELECT name FROM inspection_targets WHERE withdrawn = 0") == [("甲集团",)]


def test_whoever_still_writes_the_old_key_is_told_by_a_note(call: Call, deployment: Deployment) -> None:
    merge(call, "inspection_targets", OLD, NEW)
    targets(deployment, OLD_ROW)
    assert deployment.query("SELECT code, outcome, value, status FROM issues") == [
        ("identity.merged", "note", OLD, "open")
    ]
    targets(deployment, NEW_ROW)
    assert deployment.query("SELECT status FROM issues") == [("closed",)]


def test_the_old_record_stands_until_the_new_one_is_in_force(call: Call, deployment: Deployment) -> None:
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", OLD, NEW)
    report = targets(deployment, NEW_ROW.replace("甲公司", ""))  # a name is demanded, so the row is rejected
    assert (report.counts.rejected, records(deployment)) == (1, {OLD: ("insert", 0)})
    targets(deployment, NEW_ROW)
    assert records(deployment) == {OLD: ("withdraw", 1), NEW: ("insert", 0)}


def test_old_and_new_key_in_one_run_are_one_doubled_key(call: Call, deployment: Deployment) -> None:
    merge(call, "inspection_targets", OLD, NEW)
    report = targets(deployment, OLD_ROW, NEW_ROW)
    assert (report.counts.held, records(deployment)) == (2, {})


def test_many_merged_records_are_no_vanished_ones(call: Call, deployment: Deployment, tmp_path: Path) -> None:
    rows = [f"P{number:02},local,某,370404" for number in range(30)]
    targets(deployment, *rows)
    file = tmp_path / "changes.csv"
    pairs = [f"P{number:02}|local|enterprise|,Q{number:02}|local|enterprise|" for number in range(30)]
    file.write_text("\n".join(["old_key,new_key", *pairs]) + "\n", encoding="utf-8")
    assert merge(call, "inspection_targets", "--file", str(file))["old_in_force"] == 30
    report = targets(deployment, *(row.replace("P", "Q") for row in rows))
    assert (report.status, report.counts.accepted, report.counts.withdrawn) == ("succeeded", 30, 30)


def test_a_chain_of_merges_ends_at_its_last_key(call: Call, deployment: Deployment) -> None:
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", "P1|local|enterprise|", OLD)
    merge(call, "inspection_targets", OLD, NEW)
    targets(deployment, "P1,local,甲公司,370404")
    assert records(deployment) == {OLD: ("withdraw", 1), NEW: ("insert", 0)}
    assert [life["record_key"] for life in lives(call, USCC)] == [NEW, OLD, "P1|local|enterprise|"]


def test_a_known_row_is_judged_again_after_a_merge(call: Call, deployment: Deployment) -> None:
    rows = [f"{number:06},local,某,370404" for number in range(20_100)]  # so many that known rows are kept
    targets(deployment, *rows)
    merge(call, "inspection_targets", "000007|local|enterprise|", NEW)
    report = targets(deployment, *rows)
    assert (report.counts.unchanged, report.counts.accepted, report.counts.withdrawn) == (20_099, 1, 1)


# ------------------------------------------------------------------------------------- children and traces


@pytest.fixture
def drawn(deployment: Deployment, call: Call) -> Deployment:
    targets(deployment, OLD_ROW)
    give(deployment, "inspection_tasks", "编号", "T1")
    merge(call, "inspection_targets", OLD, NEW)
    targets(deployment, NEW_ROW)
    return deployment


def test_children_that_name_the_old_key_still_find_their_parent(drawn: Deployment) -> None:
    report = give(drawn, "drawn_targets", "标识,类型,编号", f"{NUMBER},registration_number,T1")
    assert (report.status, report.counts.accepted) == ("succeeded", 1)
    assert list(records(drawn, "drawn_targets")) == [f"{OLD}|T1"]


def test_a_child_of_nobody_is_still_held(drawn: Deployment) -> None:
    report = give(drawn, "drawn_targets", "标识,类型,编号", f"{NUMBER[:-1]}1,registration_number,T1")
    assert report.counts.held == 1


@pytest.mark.parametrize(("key", "expected"), [(NUMBER, [OLD, NEW]), (USCC, [NEW, OLD])])
def test_a_trace_of_either_key_tells_the_whole_life(
    drawn: Deployment, call: Call, key: str, expected: list[str]
) -> None:
    found = [life for life in lives(call, key) if life["dataset"] == "inspection_targets"]
    assert [life["record_key"] for life in found] == expected
    operations = {life["record_key"]: [each["operation"] for each in life["versions"]] for life in found}
    assert operations == {OLD: ["insert", "withdraw"], NEW: ["insert"]}
    merges = [
        (each["old_key"], each["new_key"], each["decided_by"], each["reason"])
        for life in found
        for each in life["merges"]
    ]
    assert merges == [(OLD, NEW, "张三", "换发统一社会信用代码")] * 2


def test_people_read_the_link_in_a_trace(drawn: Deployment, call: Call) -> None:
    out = call("trace", NUMBER)[1].replace("\n", "")
    assert f"declared merge: {OLD} → {NEW}" in out


def test_a_platform_gets_the_new_record_and_then_the_withdrawal_of_the_old(
    deployment: Deployment, call: Call, simulated: SimulatedPlatform
) -> None:
    deployment.declare(out=deployment.outbound(simulated.url))
    targets(deployment, OLD_ROW)
    deployment.run("out")
    merge(call, "inspection_targets", OLD, NEW)
    targets(deployment, NEW_ROW)
    (sent,) = deployment.run("out")
    assert (sent.counts.selected, sent.counts.delivered) == (2, 2)
    assert deployment.query("SELECT record_key, operation, status FROM deliveries ORDER BY change_number") == [
        (OLD, "insert", "delivered"),
        (NEW, "insert", "delivered"),
        (OLD, "withdraw", "delivered"),
    ]


# --------------------------------------------------------------- changes that need no merge, and departments


def test_a_rename_and_another_region_are_versions_of_one_record(deployment: Deployment, call: Call) -> None:
    targets(deployment, NEW_ROW)
    targets(deployment, NEW_ROW.replace("甲公司", "甲集团"))
    targets(deployment, NEW_ROW.replace("甲公司", "甲集团").replace("370404", "370402"))
    (life,) = lives(call, USCC)
    told = [(each["fields"]["name"], each["fields"]["region_code"]) for each in life["versions"]]
    assert told == [("甲公司", "370404"), ("甲集团", "370404"), ("甲集团", "370402")]


def test_the_inspectors_of_a_reformed_department_are_merged_together(call: Call, deployment: Deployment) -> None:
    give(deployment, "inspectors", "证号,单位,姓名", "1,D1,甲", "2,D1,乙", "3,D2,丙")
    done = merge(call, "inspectors", "D1", "D9", "--field", "department_code")
    assert done["declared"] == {"1|D1": "1|D9", "2|D1": "2|D9"}
    give(deployment, "inspectors", "证号,单位,姓名", "1,D9,甲", "2,D1,乙", "3,D2,丙")
    in_force = [key for key, (_, withdrawn) in records(deployment, "inspectors").items() if not withdrawn]
    assert sorted(in_force) == ["1|D9", "2|D9", "3|D2"]


# ------------------------------------------------------------------------------------- looking and undoing


def test_a_dry_run_tells_what_would_be_and_writes_nothing(call: Call, deployment: Deployment) -> None:
    targets(deployment, OLD_ROW)
    code, out, _ = call("merge", "inspection_targets", OLD, NEW, "--dry-run", "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "dataset": "inspection_targets",
            "declared": {OLD: NEW},
            "already": 0,
            "old_in_force": 1,
            "new_in_force": 0,
            "old_unknown": 0,
        },
    )
    assert deployment.query("SELECT * FROM identity_changes") == []
    assert deployment.query("SELECT * FROM event_log WHERE action LIKE 'identity%'") == []


def test_a_merge_taken_back_lets_the_old_record_return(call: Call, deployment: Deployment) -> None:
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", OLD, NEW)
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", OLD, NEW, "--revoke")
    (report,) = deployment.run("inspection-targets", accept_withdrawals=True)
    assert (report.counts.accepted, report.counts.withdrawn) == (1, 1)
    assert records(deployment) == {OLD: ("change", 0), NEW: ("withdraw", 1)}


def test_every_step_stands_in_the_log(call: Call, deployment: Deployment) -> None:
    targets(deployment, OLD_ROW)
    merge(call, "inspection_targets", OLD, NEW)
    targets(deployment, NEW_ROW)
    merge(call, "inspection_targets", OLD, NEW)
    merge(call, "inspection_targets", OLD, NEW, "--revoke")
    logged = deployment.query("SELECT action FROM event_log WHERE action LIKE 'identity%' ORDER BY number")
    assert [action for (action,) in logged] == ["identity.declared", "identity.merged", "identity.revoked"]
    (declared,) = deployment.query("SELECT detail FROM event_log WHERE action = 'identity.declared'")
    assert json.loads(declared[0]) == {
        "dataset": "inspection_targets",
        "keys": {OLD: NEW},
        "decided_by": "张三",
        "reason": "换发统一社会信用代码",
    }


PERSON = ("--by", "张三", "--reason", "换码")
WRONG = {
    "no keys": (("inspection_targets", *PERSON), "give the old and the new key"),
    "one key": (("inspection_targets", OLD, *PERSON), "give the old and the new key"),
    "nobody": (("inspection_targets", OLD, NEW, "--reason", "x"), "say by --by"),
    "no ground": (("inspection_targets", OLD, NEW, "--by", "x"), "say by --by"),
    "unknown dataset": (("inspection_target", OLD, NEW, *PERSON), "inspection_targets"),
    "too few parts": (("inspection_targets", USCC, NEW, *PERSON), "has 1 parts"),
    "unknown code": (("inspection_targets", OLD, f"{USCC}|usc|enterprise|", *PERSON), "'usc'"),
    "empty part": (("inspection_targets", OLD, "|uscc|enterprise|", *PERSON), "identifier ''"),
    "the same": (("inspection_targets", OLD, OLD, *PERSON), "are the same"),
    "revoked without being declared": (("inspection_targets", OLD, NEW, "--revoke", *PERSON), "there is no merge"),
    "no key field": (("inspectors", "a", "b", "--field", "name", *PERSON), "department_code"),
    "nobody says so": (("inspectors", "a", "b", "--field", "department_code", *PERSON), "no key to merge"),
    "no file": (("inspection_targets", "--file", "nowhere.csv", *PERSON), "nowhere.csv"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_declares_nothing(call: Call, deployment: Deployment, case: str) -> None:
    arguments, said = WRONG[case]
    code, out, err = call("merge", *arguments)
    assert (code, out, said in err, err.count("\n")) == (2, "", True, 1)


@pytest.mark.parametrize(("old", "new", "said"), [(NEW, OLD, "itself declared merged"), (OLD, NEW[:-1] + "|x", "x")])
def test_a_merge_is_neither_turned_round_nor_declared_twice(
    call: Call, deployment: Deployment, old: str, new: str, said: str
) -> None:
    merge(call, "inspection_targets", OLD, NEW)
    code, _, err = call("merge", "inspection_targets", old, new, *PERSON)
    assert (code, said in err) == (2, True)
    assert deployment.query("SELECT old_key, new_key FROM identity_changes") == [(OLD, NEW)]


@pytest.mark.parametrize(
    "text",
    [
        "old_key,new_key\na|local|enterprise|\n",
        "old,new\na,b\n",
        "old_key,new_key\n",
        "",
        "old_key,new_key\na,b\na,c\n",
    ],
)
def test_a_wrong_file_declares_nothing(call: Call, deployment: Deployment, tmp_path: Path, text: str) -> None:
    (tmp_path / "changes.csv").write_text(text, encoding="utf-8")
    code, _, err = call("merge", "inspection_targets", "--file", str(tmp_path / "changes.csv"), *PERSON)
    assert (code, "changes.csv" in err.replace("\n", "")) == (2, True)
