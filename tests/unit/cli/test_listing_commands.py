"""Runs, issues, traces, previews, checks and plugins, for people and for programs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from gateway.operations.demo_companies import TRACED, companies

COMPANY = companies()[TRACED]


def _json(said: Any) -> Any:
    return json.loads(said.out)


def test_runs_are_listed_for_programs(call: Any, deployment: Path) -> None:
    rows = _json(call("runs", "--json", "--dir", deployment))
    assert [(row["run"], row["feed"], row["status"]) for row in rows] == [
        (3, "emergency-management", "with_issues"),
        (2, "market-regulation", "with_issues"),
        (1, "departments", "with_issues"),
    ]
    assert (rows[1]["counts"]["read"], rows[1]["places"], rows[1]["failure"]) == (
        300,
        ["departments/market_regulation.csv"],
        None,
    )


def test_runs_of_one_feed_are_listed(call: Any, deployment: Path) -> None:
    rows = _json(call("runs", "--feed", "departments", "--json", "--dir", deployment))
    assert [row["feed"] for row in rows] == ["departments"]


def test_why_a_run_failed_is_listed_in_the_readers_language(call: Any, deployment: Path) -> None:
    (deployment / "departments" / "market_regulation.csv").unlink()
    call("run", "market-regulation", "--dir", deployment)
    zh, en = (
        _json(call("runs", "--limit", 1, "--json", "--dir", deployment, language=language))[0]["failure"]
        for language in ("zh", "en")
    )
    assert zh["code"] == en["code"] == "file.missing"
    assert ("market_regulation.csv" in zh["sentence"], zh["sentence"] != en["sentence"]) == (True, True)


def test_issues_are_listed_for_programs_with_sentence_place_and_original(call: Any, deployment: Path) -> None:
    rows = _json(call("issues", "--feed", "market-regulation", "--json", "--dir", deployment))
    row = next(each for each in rows if each["row"] == 63)
    assert (row["outcome"], row["place"], row["column"], row["value"]) == (
        "rejected",
        "departments/market_regulation.csv",
        "成立日期",
        "2023-02-30",
    )
    assert row["sentence"].endswith("请更正成立日期")
    assert row["original"]["成立日期"] == "2023-02-30"


@pytest.mark.parametrize(
    ("options", "count"),
    [([], 21), (["--outcome", "held"], 9), (["--outcome", "note"], 1), (["--run", "2"], 14), (["--limit", "4"], 4)],
)
def test_issues_are_filtered(call: Any, deployment: Path, options: list[str], count: int) -> None:
    assert len(_json(call("issues", "--json", *options, "--dir", deployment))) == count


@pytest.mark.parametrize("options", [[], ["--json"], ["--export", "问题.xlsx"]])
def test_a_run_that_never_was_has_no_issues_to_list(call: Any, deployment: Path, options: list[str]) -> None:
    said = call("issues", "--run", "9999", *options, "--dir", deployment)
    assert (said.code, said.out, said.err) == (2, "", "错误：没有运行 9999；用 gateway runs 查看各次运行\n")


def test_issues_are_listed_for_people(call: Any, deployment: Path) -> None:
    said = call("issues", "--feed", "emergency-management", "--dir", deployment)
    assert said.out.startswith("emergency-management：挂起 3  退回 3\n\n退回  持证单位 第 36 行\n  标识“")
    assert [line for line in said.out.splitlines() if cell_len(line) > 80] == []


def test_a_long_list_says_how_to_see_the_rest(call: Any, deployment: Path) -> None:
    said = call("issues", "--limit", 3, "--dir", deployment).out.replace("\n", "")
    assert "以上是前 3 条，共 21 条；用 --limit 多列一些，或用 --export 文件.xlsx 导出全部" in said
    assert "另有 1 条提示（已自动规整的值、略过的行）：--outcome note" in said


def test_settled_issues_are_listed_when_asked_for(call: Any, deployment: Path) -> None:
    file = deployment / "departments" / "market_regulation.csv"
    file.write_bytes(file.read_bytes().replace("歇业".encode("gb18030"), "存续".encode("gb18030")))
    call("run", "market-regulation", "--dir", deployment)
    counts = [len(_json(call("issues", *options, "--json", "--dir", deployment))) for options in ([], ["--closed"])]
    assert counts == [20, 21]


def test_issues_are_exported(call: Any, deployment: Path, tmp_path: Path) -> None:
    said = call("issues", "--export", tmp_path / "issues.xlsx", "--dir", deployment)
    assert (said.code, said.out.startswith("已导出 21 条问题到")) == (0, True)
    assert zipfile.is_zipfile(tmp_path / "issues.xlsx")


@pytest.mark.parametrize("name", ["issues.xls", "missing/issues.xlsx"])
def test_a_file_that_cannot_be_exported_to_is_a_wrong_call(
    call: Any, deployment: Path, tmp_path: Path, name: str
) -> None:
    said = call("issues", "--export", tmp_path / name, "--dir", deployment)
    assert (said.code, said.out, name in said.err, "Traceback" in said.err) == (2, "", True, False)


def test_a_record_is_traced_for_programs(call: Any, deployment: Path) -> None:
    lives = _json(call("trace", COMPANY.uscc, "--json", "--dir", deployment))
    assert [life["versions"][0]["feed"] for life in lives] == ["market-regulation", "emergency-management"]
    version = lives[0]["versions"][0]
    assert (version["place"], version["row"], version["run"]) == (
        "departments/market_regulation.csv",
        TRACED + 2,
        2,
    )
    assert (version["fields"]["name"], version["fields"]["established_on"]) == (COMPANY.name, "2008-06-03")


def test_a_record_is_traced_for_people(call: Any, deployment: Path) -> None:
    said = call("trace", COMPANY.uscc, "--dir", deployment)
    for told in (
        f"检查对象名录库  {COMPANY.uscc}|uscc|enterprise|\n",
        f"departments/market_regulation.csv 第 {TRACED + 2} 行",
        f"名称 {COMPANY.name}",
        "登记状态 1 存续（在营、开业、在册）",
        "尚未列入任何报送",
    ):
        assert told in said.out


def test_a_change_is_told_as_before_and_after(call: Any, deployment: Path) -> None:
    file = deployment / "departments" / "market_regulation.csv"
    file.write_bytes(file.read_bytes().replace(COMPANY.phone.encode(), b"0633-1111111", 1))
    call("run", "market-regulation", "--dir", deployment)
    assert f"联系电话：{COMPANY.phone} → 0633-1111111" in call("trace", COMPANY.uscc, "--dir", deployment).out


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_key_that_nothing_is_known_of_ends_with_1(call: Any, deployment: Path, as_json: list[str]) -> None:
    assert call("trace", "nothing", *as_json, "--dir", deployment).code == 1


def test_a_start_that_is_too_short_lists_keys(call: Any, deployment: Path) -> None:
    said = call("trace", "91371121", "--dir", deployment)
    assert (said.code, said.out.count("|uscc|enterprise|")) == (0, 20)


def test_a_preview_is_told_for_people(call: Any, deployment: Path) -> None:
    said = call("preview", "market-regulation", "--dir", deployment)
    assert said.out.startswith("预演 market-regulation：读入 300 行，若现在运行\n  新增    0\n")
    assert said.out.endswith("没有写入任何内容\n")


def test_a_preview_is_told_for_programs(call: Any, deployment: Path) -> None:
    row = _json(call("preview", "shandong-targets", "--json", "--dir", deployment))
    assert (row["feed"], row["direction"], row["sent"], row["issues"]) == ("shandong-targets", "outbound", 480, [])


def test_a_preview_of_a_fresh_deployment_makes_no_database(call: Any, deployment: Path) -> None:
    (deployment / "gateway.db").unlink()
    before = sorted(deployment.rglob("*"))
    row = _json(call("preview", "market-regulation", "--json", "--dir", deployment))
    assert (row["inserted"], sorted(deployment.rglob("*")) == before) == (286, True)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("zh", "投递文件夹“{folder}”中没有已写完的 *.csv 文件；请等待文件送达"),
        ("en", "no file *.csv in the drop folder '{folder}' is whole; wait for one"),
    ],
)
def test_where_nothing_can_be_read_yet_a_check_and_a_preview_say_so_and_nothing_is_wrong(
    call: Any, deployment: Path, language: str, sentence: str
) -> None:
    (deployment / "inbox").mkdir()
    source = {"type": "csv", "drop_folder": {"folder": "inbox", "pattern": "*.csv", "ready": {"stable_seconds": "0"}}}
    feed = {"direction": "inbound", "dataset": "inspection_targets", "department": "CX-SCJG", "reads": "changes"}
    declared = {"dropped": {**feed, "source": source, "map": "departments/registry/inspection_targets"}}
    (deployment / "config/feeds/dropped.yml").write_text(json.dumps(declared))
    expected = sentence.format(folder=deployment / "inbox")
    said = call("preview", "dropped", "--dir", deployment, language=language)
    assert (said.code, "".join(said.out.split())) == (0, "".join(expected.split()))
    row = _json(call("preview", "dropped", "--json", "--dir", deployment, language=language))
    assert (row["read"], row["inserted"], row["remark"]) == (0, 0, expected)
    checked = [
        each
        for each in _json(call("check", "--json", "--dir", deployment, language=language))
        if each["part"] == "dropped"
    ]
    assert [(each["severity"], each["sentence"]) for each in checked] == [("remark", expected)]


def test_a_check_lists_every_problem_at_once(call: Any, deployment: Path) -> None:
    (deployment / "secrets" / "shandong-platform").unlink()
    (deployment / "departments" / "market_regulation.csv").unlink()
    said = call("check", "--json", "--dir", deployment)
    assert [(row["part"], row["code"]) for row in _json(said)] == [
        ("market-regulation", "file.missing"),
        ("shandong-departments", "settings.no_secret"),
        ("shandong-targets", "settings.no_secret"),
    ]
    assert said.code == 1


def test_a_check_goes_on_after_wrong_settings_and_a_broken_declaration(call: Any, deployment: Path) -> None:
    (deployment / "config" / "feeds" / "0.yml").write_text("- a list\n", encoding="utf-8")
    assert "feed.no_names" in [row["code"] for row in _json(call("check", "--json", "--dir", deployment))]
    (deployment / "gateway.toml").write_text("workrs = 2\n", encoding="utf-8")
    assert [row["part"] for row in _json(call("check", "--json", "--dir", deployment))] == ["设置"]


@pytest.mark.parametrize(
    ("file", "text", "code"),
    [
        ("feeds/0.yml", "- a list\n", "feed.no_names"),
        ("precedence.yml", "inspectors: {}\n", "precedence.invalid"),
    ],
)
def test_what_is_wrong_for_every_feed_is_told_once(
    call: Any, deployment: Path, file: str, text: str, code: str
) -> None:
    (deployment / "config" / "feeds" / "3_shandong.yml").unlink()
    (deployment / "config" / file).write_text(text, encoding="utf-8")
    rows = _json(call("check", "--json", "--dir", deployment))
    assert [(row["part"], row["code"]) for row in rows] == [("数据流声明", code)]


def test_a_check_says_that_all_is_well(call: Any, deployment: Path) -> None:
    (deployment / "config" / "feeds" / "3_shandong.yml").unlink()
    said = call("check", "--dir", deployment)
    assert (said.code, said.out.splitlines()[-1]) == (0, "检查通过：3 个数据流，没有问题")


def test_plugins_are_listed(call: Any, deployment: Path) -> None:
    rows = _json(call("plugins", "--json", "--dir", deployment))
    offers = {row["plugin"]: row["offers"] for row in rows}
    assert "csv" in offers["gateway_files"]["sources"]
    assert "gateway_shandong" in call("plugins", "--dir", deployment).out


def test_the_deployments_language_is_spoken_where_the_environment_says_none(
    deployment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.cli.application import run_command

    monkeypatch.delenv("GATEWAY_LANG", raising=False)
    (deployment / "gateway.toml").write_text('language = "en"\n', encoding="utf-8")
    run_command(["issues", "--outcome", "unknown", "--dir", str(deployment)])
    assert capsys.readouterr().out.startswith("there is no such issue\n")
