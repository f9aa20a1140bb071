"""Whether a business scope plainly mentions a keyword, or may exclude it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl
import pytest

from gateway.operations.target_proposal_scope import mentions, plain_scope, plain_scopes

WORD = "危险化学品"


def _doubtful(scope: str, keyword: str = WORD) -> bool | None:
    found = mentions(scope, [keyword])
    return found[0].doubtful if found else None


@pytest.mark.parametrize(
    "scope",
    [
        "危险化学品经营",
        "五金、危险化学品（凭许可证经营）",
        "化工产品（不含易燃易爆品）、危险化学品",
        "一般项目（不含危险化学品）：五金。许可项目：危险化学品零售",
        "一般项目不含危险化学品；危险化学品零售",
        "除尘设备、危险化学品",
        "清除污渍，危险化学品运输",
        "危险化学品（不含剧毒品）",
        "危险化学品(依法须经批准的项目，经相关部门批准后方可开展经营活动)",
        "【危险化学品】",
    ],
)
def test_a_plain_mention_is_plain(scope: str) -> None:
    assert _doubtful(scope) is False


@pytest.mark.parametrize(
    "scope",
    [
        "化工产品（不含危险化学品）",
        "化工产品(不含易制毒、剧毒、监控、危险化学品)",
        "化工产品（危险化学品除外）",
        "化工产品（危险化学品，易制毒品除外）",
        "化工产品，不含危险化学品",
        "化工产品，不含剧毒品，危险化学品；五金",
        "化工产品（除危险化学品）",
        "化工产品（除农药及危险化学品外）",
        "除危险化学品以外的化工产品",
        "化工产品（不包括〔易制毒品〕、危险化学品）",
        "不得从事下列经营（危险化学品、放射源）",
        "不含化工产品（危险化学品）",
        "非危险化学品",
        "无危险化学品储存",
        "未列入危险化学品名录的燃料油",
        "危险化学品（除外）",
        "危险化学品禁止经营",
        "以下限分支机构经营：危险化学品",
        "危险化学品生产项目筹建",
        "危险化学品经营（筹建）",
        "化工产品（不含危险化学品",
    ],
)
def test_whatever_may_exclude_is_doubtful(scope: str) -> None:
    assert _doubtful(scope) is True


def test_a_scope_that_does_not_mention_it_gives_nothing() -> None:
    assert mentions("化工产品；五金", [WORD]) == []
    assert mentions("", [WORD]) == []


def test_full_width_letters_are_the_same() -> None:
    assert _doubtful("生产ＰＶＣ管材", "PVC") is False


def test_white_space_inside_a_word_is_passed_over() -> None:
    assert [_doubtful("危险\n化学　品"), _doubtful("不含 危险 化学品")] == [False, True]


@pytest.mark.parametrize("text", ["危险\n化学　品 ", "ＰＶＣ（管材）", "五金；\u2003化工", "㎡"])
def test_a_column_is_made_plain_as_a_text_is(text: str) -> None:
    column = pl.DataFrame({"scope": [text]}).select(plain_scopes(pl.col("scope"))).item()
    assert column == plain_scope(text)


def test_a_keyword_across_clauses_is_left_to_a_person() -> None:
    (found,) = mentions("化工（危险）品；五金", ["化工（危险）品"])
    assert (found.words, found.doubtful) == ("化工(危险)品", True)


def test_each_keyword_is_found_once_by_its_plainest_mention() -> None:
    found = mentions("不含危险化学品；危险化学品；五金（不含危险化学品）", [WORD, "五金", "食品"])
    assert [(each.keyword, each.doubtful) for each in found] == [(WORD, False), ("五金", False)]


def test_the_words_around_a_mention_are_quoted() -> None:
    (found,) = mentions("甲" * 40 + "、危险化学品、" + "乙" * 40, [WORD])
    assert found.words == "甲" * 23 + "、危险化学品、" + "乙" * 23


def test_no_exclusion_of_the_real_registers_passes_for_a_mention(registry_folder: Path) -> None:
    """Counted by a blunter look: 除外 or 不含 right around the word, within the same brackets."""
    excluded = re.compile(rf"[（(](?:不含|不包括|除)[^（()）；。]*{WORD}[^（()）；。]*[)）]|[（(]{WORD}除外[)）]")
    wrong, seen = [], 0
    for file in sorted(registry_folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                scope = row["经营范围"]
                rest = excluded.sub("", scope)
                if excluded.search(scope) and WORD not in rest:
                    seen += 1
                    wrong += [scope] if _doubtful(scope) is not True else []
    assert (wrong, seen > 300) == ([], True)
