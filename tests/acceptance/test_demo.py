"""The main job: `gateway demo` plays one whole inspection, every number of it as it must be, and can be run again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.cells import cell_len

from gateway.operations.demo_companies import TRACED, companies

ROOT = Path(__file__).parents[2]
GATEWAY = Path(sys.executable).parent / "gateway"
COMPANY = companies()[TRACED]

# What each feed did, act by act: read, accepted, unchanged, rejected, held; or due, delivered, refused, waiting,
# unknown.
REGISTRIES = {
    "departments": [12, 11, 0, 0, 1],
    "ji-departments": [1, 1, 0, 0, 0],
    "inspection-items": [3, 3, 0, 0, 0],
    "ji-items": [2, 2, 0, 0, 0],
    "inspectors": [12, 12, 0, 0, 0],
    "ji-inspectors": [6, 6, 0, 0, 0],
    "market-regulation": [300, 286, 0, 9, 5],
    "emergency-management": [200, 194, 0, 3, 3],
    "ji-targets": [120, 120, 0, 0, 0],
    "shandong-departments": [11, 11, 0, 0, 0],
    "hebei-departments": [1, 1, 0, 0, 0],
    "shandong-items": [3, 3, 0, 0, 0],
    "hebei-items": [2, 2, 0, 0, 0],
    "shandong-inspectors": [12, 12, 0, 0, 0],
    "hebei-inspectors": [6, 6, 0, 0, 0],
    "shandong-targets": [480, 479, 1, 0, 0],
    "hebei-targets": [120, 120, 0, 0, 0],
}
POPULATION, DRAWN = 372, 19  # 5 % of it, rounded up
HEBEI_POPULATION, HEBEI_DRAWN = 120, 4  # 3 % of it, rounded up
LISTS = {
    "shandong-tasks": [1, 1, 0, 0, 0],
    "hebei-tasks": [1, 1, 0, 0, 0],
    "shandong-drawn": [DRAWN, DRAWN, 0, 0, 0],
    "hebei-drawn": [HEBEI_DRAWN, HEBEI_DRAWN, 0, 0, 0],
    "shandong-assignments": [2 * DRAWN, 2 * DRAWN, 0, 0, 0],
    "hebei-assignments": [2 * HEBEI_DRAWN, 2 * HEBEI_DRAWN, 0, 0, 0],
}
RESULTS = {
    "inspection-results": [DRAWN + 1, DRAWN + 1, 0, 0, 0],
    "ji-results": [HEBEI_DRAWN, HEBEI_DRAWN, 0, 0, 0],
    "inspection-result-items": [37, 36, 0, 0, 1],
    "ji-result-items": [2 * HEBEI_DRAWN, 2 * HEBEI_DRAWN, 0, 0, 0],
    "shandong-results": [DRAWN + 1, DRAWN, 1, 0, 0],
    "hebei-results": [HEBEI_DRAWN, HEBEI_DRAWN, 0, 0, 0],
    "shandong-result-items": [36, 36, 0, 0, 0],
    "hebei-result-items": [2 * HEBEI_DRAWN, 2 * HEBEI_DRAWN, 0, 0, 0],
    "publication": [DRAWN, DRAWN - 1, 0, 1, 0],
    "ji-publication": [HEBEI_DRAWN, HEBEI_DRAWN, 0, 0, 0],
}
AMENDED = {
    "inspection-items": [4, 1, 3, 0, 0],
    "ji-items": [2, 0, 2, 0, 0],
    "inspection-results": [20, 0, 20, 0, 0],
    "ji-results": [HEBEI_DRAWN, 0, HEBEI_DRAWN, 0, 0],
    "inspection-result-items": [37, 1, 36, 0, 0],
    "ji-result-items": [2 * HEBEI_DRAWN, 0, 2 * HEBEI_DRAWN, 0, 0],
    "shandong-items": [1, 1, 0, 0, 0],
    "hebei-items": [0, 0, 0, 0, 0],
    "shandong-results": [0, 0, 0, 0, 0],
    "hebei-results": [0, 0, 0, 0, 0],
    "shandong-result-items": [1, 1, 0, 0, 0],
    "hebei-result-items": [0, 0, 0, 0, 0],
    "publication": [1, 1, 0, 0, 0],
    "ji-publication": [0, 0, 0, 0, 0],
}


def _gateway(*arguments: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return subprocess.run(
        [str(GATEWAY), *map(str, arguments)],
        cwd=cwd,
        env={**clean, "COLUMNS": "80", "GATEWAY_DEMO_REGISTRY": str(cwd / "none"), **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def _feeds(told: str) -> list[dict[str, list[int]]]:
    """What each feed did, act by act."""
    acts: list[dict[str, list[int]]] = []
    for act in re.split(r"^[一二三四五]、.*$|^[1-5]\. .*$", told, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^([a-z][a-z0-9-]+) .*?((?:\d+ +){5})\d+\.\d *$", act, re.MULTILINE)
        acts.append({feed: [int(number) for number in numbers.split()] for feed, numbers in rows if feed != "total"})
    return [act for act in acts if act]


def _laws(told: str) -> list[list[int]]:
    """The numbers of each line that says how the counts add up."""
    lines = (line for line in told.splitlines() if line.startswith(("守恒：", "adds up:")))
    return [[int(number) for number in re.findall(r"\d+", line)] for line in lines]


def _flowing(told: str) -> str:
    """The same without the breaks of lines that did not fit."""
    return re.sub(r"\n *", "", told)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A directory where the demo ran once, and what it told."""
    cwd = tmp_path_factory.mktemp("first")
    done = _gateway("demo", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return cwd, done.stdout


@pytest.fixture(scope="module")
def second(first: tuple[Path, str]) -> tuple[Path, str]:
    """The same directory, where it ran again."""
    cwd, _ = first
    done = _gateway("demo", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return cwd, done.stdout


def test_every_feed_of_every_act_did_what_it_should(first: tuple[Path, str]) -> None:
    assert _feeds(first[1]) == [REGISTRIES, LISTS, RESULTS, AMENDED]


def test_every_row_and_every_version_ends_in_exactly_one_place(first: tuple[Path, str]) -> None:
    laws = _laws(first[1])
    assert [whole for whole, *_ in laws] == [656, 635, 71, 69, 91, 75, 3]
    assert [sum(parts) for _, *parts in laws] == [whole for whole, *_ in laws]


def test_one_province_draws_five_in_a_hundred_the_other_three_and_two_inspectors_are_matched_each(
    first: tuple[Path, str],
) -> None:
    staff = [line for line in first[1].splitlines() if line.startswith("平台工作人员：")]
    said = [line for line in staff if "新建抽查任务" not in line]
    assert said == [
        line
        for share, population, drawn in ((5, POPULATION, DRAWN), (3, HEBEI_POPULATION, HEBEI_DRAWN))
        for line in (
            f"平台工作人员：按 {share} % 从 {population} 户中抽取 {drawn} 户",
            f"平台工作人员：锁定名单，{drawn} 户不得再变",
            f"平台工作人员：把 {drawn} 户派发到参与部门",
            f"平台工作人员：随机匹配检查人员，共 {2 * drawn} 人次",
        )
    ]
    assert (-(-POPULATION * 5 // 100), -(-HEBEI_POPULATION * 3 // 100)) == (DRAWN, HEBEI_DRAWN)


def test_a_result_with_an_unlisted_item_waits_until_the_item_is_listed(first: tuple[Path, str]) -> None:
    told = _flowing(first[1])
    assert "所依据的抽查事项清单“CX-SCJG-09|CX-SCJG”尚未入库；本行挂起" in told
    assert "公示系统：晨星县恒帆化工有限公司的页面上可以看到" in told
    assert "特种设备使用单位检查：发现问题已责令改正" in told


def test_a_result_of_a_department_that_was_not_matched_is_refused_in_the_platforms_words(
    first: tuple[Path, str],
) -> None:
    assert re.search(r"部门“CX-XFJY”对检查对象“\w{18}”还未匹配检查人员.*（R304）", _flowing(first[1]))


def test_every_platform_gives_its_receipts(first: tuple[Path, str]) -> None:
    assert [line for line in first[1].splitlines() if line.startswith(("shandong，", "national，", "hebei，"))] == [
        "hebei，部门：已受理 1",
        "hebei，抽查事项清单：已受理 2",
        "hebei，检查结果明细：已受理 8",
        "hebei，检查结果：已受理 4",
        "hebei，检查对象名录库：已受理 120",
        "hebei，执法检查人员名录库：已受理 6",
        "national，检查结果：已受理 23",
        "shandong，部门：已受理 11",
        "shandong，抽查事项清单：已受理 4",
        "shandong，检查结果明细：已受理 37",
        "shandong，检查结果：已受理 19  被拒 1",
        "shandong，检查对象名录库：已受理 479  被拒 1",
        "shandong，执法检查人员名录库：已受理 12",
    ]


def test_every_reason_is_told_in_its_sentence(first: tuple[Path, str]) -> None:
    told = _flowing(first[1])
    for reason in (
        "“2023-02-30”不是存在的日期",
        "不是有效的统一社会信用代码",
        "“歇业”不在对照表中",
        "在本次来源中出现了 2 次",
        "本行有 15 个单元格，表头只有 14 列",
        "本行只有 12 个单元格，表头有 14 列",
        '引号 " 没有结束',
        "含不可见的控制字符",
        "（R304）",
    ):
        assert reason in told


def test_a_company_is_followed_from_its_source_row_to_its_publication(first: tuple[Path, str]) -> None:
    told = first[1][first[1].index("一家企业，从来源的一行到公示") :]
    assert f"departments/market_regulation.csv 第 {TRACED + 2} 行" in told
    assert [
        title for title in ("检查对象名录库", "抽取名单", "检查结果", "检查结果明细") if f"\n{title}  " not in told
    ] == []
    assert len(re.findall(r"shandong  已受理  流水号 SD\d{14}", told)) == 3
    assert len(re.findall(r"national  已受理  流水号 GS\d{12}", told)) == 1


def test_nothing_is_wider_than_80_columns(first: tuple[Path, str]) -> None:
    assert [line for line in first[1].splitlines() if cell_len(line.rstrip()) > 80] == []


def test_the_second_time_nothing_changes_and_nothing_is_sent(second: tuple[Path, str]) -> None:
    laws = _laws(second[1])
    assert laws[0] == [657, 0, 636, 12, 9]
    assert [law[1] for law in laws] == [0] * 7
    assert [laws[place] for place in (1, 4, 6)] == [[0, 0, 0, 0, 0]] * 3
    assert "的名单早已锁定，不再抽取" in second[1]


def test_the_platforms_took_every_version_once(second: tuple[Path, str]) -> None:
    cwd, told = second
    assert "shandong，检查对象名录库：已受理 479  被拒 1\n" in told
    assert "national，检查结果：已受理 23\n" in told
    lives = json.loads(_gateway("trace", COMPANY.uscc, "--json", "--dir", "demo", cwd=cwd).stdout)
    answers = [
        delivery["status"] for life in lives for version in life["versions"] for delivery in version["deliveries"]
    ]
    assert answers == ["delivered"] * 5


def test_what_to_try_next_works_there(second: tuple[Path, str]) -> None:
    cwd, told = second
    commands = [line.split() for line in told.splitlines() if line.startswith("    ") and "--dir demo" in line]
    offered = [command[1:] for command in commands]
    assert [command[0] for command in offered] == ["demo", "issues", "issues", "trace", "preview", "sandbox"]
    codes = [_gateway(*command, cwd=cwd).returncode for command in offered if command[0] != "sandbox"]
    assert codes == [0, 0, 0, 0, 0]


def test_it_tells_the_same_in_english(tmp_path: Path) -> None:
    done = _gateway("demo", "--dir", "here", cwd=tmp_path, GATEWAY_LANG="en")
    assert (done.returncode, _feeds(done.stdout)) == (0, [REGISTRIES, LISTS, RESULTS, AMENDED])
    assert "What to try next" in done.stdout


def test_it_leaves_a_directory_alone_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").touch()
    done = _gateway("demo", "--dir", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.startswith("错误：")) == (2, "", True)
    assert [file.name for file in tmp_path.iterdir()] == ["precious.txt"]


def test_real_registrations_are_drawn_from_and_go_to_their_provinces(tmp_path: Path, registry_folder: Path) -> None:
    done = _gateway("demo", cwd=tmp_path, GATEWAY_DEMO_REGISTRY=str(registry_folder))
    registries, lists, results, amended = _feeds(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert {feed: counts for feed, counts in registries.items() if feed.startswith("registry")} == {
        "registry-shandong-1997": [3489, 3489, 0, 0, 0],
        "registry-shandong-1998": [5537, 5537, 0, 0, 0],
        "registry-hebei-1998": [2622, 2622, 0, 0, 0],
        "registry-hebei-1999": [3340, 3340, 0, 0, 0],
    }
    assert registries["shandong-targets"] == [9506, 9505, 1, 0, 0]
    assert registries["hebei-targets"] == [6082, 6082, 0, 0, 0]
    assert "平台工作人员：按 5 % 从 9398 户中抽取 470 户" in done.stdout
    assert "平台工作人员：按 3 % 从 6082 户中抽取 183 户" in done.stdout
    assert lists == {
        "shandong-tasks": [2, 2, 0, 0, 0],
        "shandong-drawn": [489, 489, 0, 0, 0],
        "shandong-assignments": [978, 978, 0, 0, 0],
        "hebei-tasks": [1, 1, 0, 0, 0],
        "hebei-drawn": [183, 183, 0, 0, 0],
        "hebei-assignments": [366, 366, 0, 0, 0],
    }
    assert results["shandong-results"] == [490, 489, 1, 0, 0]
    assert results["province-publication"] == [470, 470, 0, 0, 0]
    assert (results["hebei-results"], results["ji-publication"]) == ([183, 183, 0, 0, 0], [183, 183, 0, 0, 0])
    assert amended["publication"] == [1, 1, 0, 0, 0]
    links: Mapping[str, bool] = {link.name: link.is_symlink() for link in (tmp_path / "demo" / "registry").iterdir()}
    assert set(links.values()) == {True}


def _shown_in(page: str) -> list[str]:
    """What a README shows of the demo and is the same every time: all but the rows of tables, which hold seconds."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    _diagram, *told = [text for kind, text in fenced if not kind]
    lines = [line for text in told for line in text.splitlines()]
    return [line for line in lines if line and not re.search(r"\d\.\d$", line)]


def test_the_chinese_readme_shows_what_the_demo_tells(first: tuple[Path, str], second: tuple[Path, str]) -> None:
    told = [line.rstrip() for line in (first[1] + second[1]).splitlines()]
    assert [line for line in _shown_in("README.zh-CN.md") if line not in told] == []


def test_the_english_readme_shows_what_the_demo_tells(tmp_path: Path) -> None:
    told = "".join(_gateway("demo", cwd=tmp_path, GATEWAY_LANG="en").stdout for _ in range(2))
    lines = [line.rstrip() for line in told.splitlines()]
    assert [line for line in _shown_in("README.md") if line not in lines] == []
