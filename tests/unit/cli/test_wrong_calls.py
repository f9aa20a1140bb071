"""A wrong call ends with 2, says one sentence in the reader's language, and does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

WRONG = {
    "unknown command": (
        ["rum"],
        "没有名为“rum”的命令；最接近的是：run, runs",
        "there is no command named 'rum'; the nearest are: run, runs",
    ),
    "unknown option": (
        ["runs", "--limt", "3"],
        "gateway runs 没有选项 --limt；相近的有：--limit；用 gateway runs --help 查看全部选项",
        "gateway runs has no option --limt; the nearest are: --limit; see gateway runs --help",
    ),
    "missing argument": (
        ["trace"],
        "gateway trace 缺少参数“标识”；用 gateway trace --help 查看用法",
        "gateway trace needs the argument KEY; see gateway trace --help",
    ),
    "missing option": (
        ["targets", "confirm", "建议.xlsx"],
        "gateway targets confirm 缺少参数“--by 姓名”；用 gateway targets confirm --help 查看用法",
        "gateway targets confirm needs the argument --by NAME; see gateway targets confirm --help",
    ),
    "missing proposal": (
        ["targets", "confirm", "建议.xlsx", "--by", "李某"],
        "没有文件 建议.xlsx；请核对路径",
        "there is no file 建议.xlsx; check its path",
    ),
    "missing list of merges": (
        ["merge", "inspectors", "--file", "换号.csv", "--by", "李某", "--reason", "换证"],
        "没有文件 换号.csv；请核对路径",
        "there is no file 换号.csv; check its path",
    ),
    "one argument too many": (
        ["trace", "a", "b"],
        "gateway trace 不需要参数“b”；用 gateway trace --help 查看用法",
        "gateway trace takes no argument 'b'; see gateway trace --help",
    ),
    "option without value": (
        ["runs", "--limit"],
        "选项 --limit 后面要写一个值",
        "the option --limit needs a value after it",
    ),
    "no number": (
        ["runs", "--limit", "many"],
        "--limit 的值“many”不是 1 到 10000 的整数",
        "--limit is 'many', which is no whole number from 1 to 10000",
    ),
    "number out of bounds": (
        ["sandbox", "shandong", "--port", "65536"],
        "--port 的值“65536”不是 0 到 65535 的整数",
        "--port is '65536', which is no whole number from 0 to 65535",
    ),
    "no limit": (
        ["run", "a-feed", "--limit", "0"],
        "--limit 的值“0”不是 1 到 1000000000 的整数",
        "--limit is '0', which is no whole number from 1 to 1000000000",
    ),
    "no such outcome": (
        ["issues", "--outcome", "bad"],
        "--outcome 的值“bad”不可用；可用的有：rejected, held, refused, unknown, reported, note",
        "--outcome cannot be 'bad'; allowed are: rejected, held, refused, unknown, reported, note",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_said_in_chinese(call: Any, in_empty_directory: Path, case: str) -> None:
    arguments, zh, _ = WRONG[case]
    said = call(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"错误：{zh}\n")
    assert list(in_empty_directory.iterdir()) == []


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_said_in_english(call: Any, in_empty_directory: Path, case: str) -> None:
    arguments, _, en = WRONG[case]
    said = call(*arguments, language="en")
    assert (said.code, said.out, said.err) == (2, "", f"error: {en}\n")


@pytest.mark.parametrize(
    "arguments", [["run", "--all"], ["run", "some-feed"], ["preview", "some-feed"], ["sandbox", "shandong"]]
)
def test_a_directory_without_feeds_stays_as_it_is(call: Any, in_empty_directory: Path, arguments: list[str]) -> None:
    said = call(*arguments)
    assert (said.code, said.err.startswith("错误："), list(in_empty_directory.iterdir())) == (2, True, [])


@pytest.mark.parametrize("arguments", [["runs"], ["issues"], ["trace", "91"], ["plugins"], ["check"]])
def test_looking_makes_no_file(call: Any, in_empty_directory: Path, arguments: list[str]) -> None:
    call(*arguments)
    assert list(in_empty_directory.iterdir()) == []


def test_a_missing_directory_is_a_wrong_call(call: Any, tmp_path: Path) -> None:
    said = call("runs", "--dir", tmp_path / "nowhere")
    assert (said.code, "nowhere" in said.err) == (2, True)


def test_an_unknown_feed_is_told_the_nearest(call: Any, deployment: Path) -> None:
    said = call("run", "market-regulations", "--dir", deployment)
    assert said.code == 2
    assert said.err.startswith("错误：没有名为“market-regulations”的数据流；最接近的是：market-regulation")


def test_all_and_a_name_exclude_each_other(call: Any, deployment: Path) -> None:
    assert call("run", "--all", "departments", "--dir", deployment).code == 2


ASKED = {
    "since of two": (["departments", "market-regulation", "--since", "5"], "只针对一个汇入数据流"),
    "reset of all": (["--all", "--reset"], "只针对一个汇入数据流"),
    "limit of an outbound feed": (["shandong-departments", "--limit", "5"], "只针对一个汇入数据流"),
    "empty since": (["departments", "--since", " "], "--since 的值为空"),
    "since without a position": (["departments", "--since", "5"], "不能使用 --since"),
    "reset without a position": (["departments", "--reset"], "不能使用 --reset"),
    "limit that withdraws": (["departments", "--limit", "5", "--accept-withdrawals"], "不能与 --accept-withdrawals"),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_cannot_be_asked_of_a_run_is_one_sentence_and_nothing_runs(call: Any, deployment: Path, case: str) -> None:
    runs = call("runs", "--json", "--dir", deployment).out
    arguments, said = ASKED[case]
    refused = call("run", *arguments, "--dir", deployment)
    assert (refused.code, refused.out, said in refused.err, refused.err.count("\n")) == (2, "", True, 1)
    assert call("runs", "--json", "--dir", deployment).out == runs


def test_run_without_a_feed_names_those_there_are(call: Any, deployment: Path) -> None:
    said = call("run", "--dir", deployment)
    assert (said.code, "departments, market-regulation, emergency-management" in said.err) == (2, True)


def test_a_feed_of_which_nothing_is_known_is_refused_as_a_filter(call: Any, deployment: Path) -> None:
    codes = [call(command, "--feed", "departement", "--dir", deployment).code for command in ("runs", "issues")]
    assert codes == [2, 2]


def test_an_internal_error_is_one_sentence(call: Any, deployment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (deployment / "gateway.db").unlink()
    (deployment / "gateway.db").mkdir()
    said = call("run", "departments", "--dir", deployment)
    assert (said.code, said.out, "Traceback" in said.err, said.err.count("\n")) == (2, "", False, 1)


def test_the_directory_may_stand_before_the_command(call: Any, deployment: Path) -> None:
    before, after = call("--dir", deployment, "runs", "--json"), call("runs", "--json", "--dir", deployment)
    assert (before.code, before.out) == (0, after.out)


def test_a_misspelt_setting_is_said(call: Any, deployment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DATABSE_URL", "sqlite:///other.db")
    assert call("runs", "--dir", deployment).code == 2
