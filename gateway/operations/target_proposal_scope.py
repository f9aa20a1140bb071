"""Where a business scope (经营范围) mentions a keyword, and whether it may mean the opposite there.

Scopes are written by hand: “化工产品（不含危险化学品）；五金” mentions 危险化学品 and excludes it. Whatever may
exclude is called doubtful and left to a person, even where it turns out to be harmless; a plain mention stands in a
clause without any such word. A clause ends at ； or 。; what stands in brackets is a clause of its own, which the
words before the bracket still govern.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

# What governs the words after it, to the end of its clause. 除尘, 清除 and the like are trades.
_LEADING = re.compile(
    "不(?:含|包括|包含|涉及|属于|得|可|准|能|许|允许|从事|经营|生产|销售|储存|带有)|未(?:经|列入|纳入|取得|包含)|禁止|严禁|限制"
    "|(?<![清拆扫消免解切排去删脱铲根防])除(?![尘虫草雪湿锈霜臭味垢氧油铁磷硫渣])"
    "|限分支机构|仅限分支|由分支机构|筹建"
)
# What governs the words before it.
_TRAILING = re.compile("除外|[以之]外")
# What, right after a mention, takes it back.
_AFTER = re.compile("不含|不包括|不得|不在|禁止|严禁|筹建|除外|[以之]外")
_BEFORE = "非无不未"  # right before a mention, as in 非危险化学品
_OPEN, _CLOSE, _END = "([【", ")]】", ";。"
_SHOWN = 24  # characters of a clause to either side of a mention


@dataclass(frozen=True, slots=True)
class Mention:
    """A keyword and the words around it; `doubtful` where these may exclude it."""

    keyword: str
    words: str
    doubtful: bool


def plain_scope(text: str) -> str:
    """A scope, or a keyword, as the two are compared: signs and letters in half width, without white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def plain_scopes(text: pl.Expr) -> pl.Expr:
    """The same for a column."""
    return text.str.normalize("NFKC").str.replace_all(r"\s+", "")


def mentions(scope: str, keywords: Sequence[str]) -> list[Mention]:
    """Every keyword that a scope mentions, once, with its plainest mention."""
    text = plain_scope(scope)
    clauses = list(_clauses(text))
    return [_plainest(clauses, keyword) for keyword in keywords if plain_scope(keyword) in text]


def _plainest(clauses: Sequence[tuple[str, str]], keyword: str) -> Mention:
    plain = plain_scope(keyword)
    found = [_mention(keyword, at, clause, governing) for clause, governing in clauses for at in _at(clause, plain)]
    # A keyword that stands across the end of a clause or a bracket stands in none of them.
    return min(found, key=lambda each: each.doubtful, default=Mention(keyword, plain, doubtful=True))


def _at(clause: str, keyword: str) -> Iterator[re.Match[str]]:
    return re.finditer(re.escape(keyword), clause)


def _mention(keyword: str, at: re.Match[str], clause: str, governing: str) -> Mention:
    before, after = governing + clause[: at.start()], clause[at.end() :]
    doubtful = bool(
        _LEADING.search(before)
        or _TRAILING.search(after)
        or _AFTER.search(after.split(",")[0])
        or clause[: at.start()].endswith(tuple(_BEFORE))
    )
    words = clause[max(at.start() - _SHOWN, 0) : at.end() + _SHOWN].strip(" ,、")
    return Mention(keyword, words, doubtful)


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Each clause with the words that govern it from outside its brackets; brackets that never close end with it."""
    outer: list[str] = []  # the unfinished clauses around the present one
    clause = ""
    for character in text:
        if character in _OPEN:
            outer.append(clause)
            clause = ""
        elif character in _CLOSE and outer:
            yield clause, "".join(outer)
            inner, clause = clause, outer.pop()
            # “危险化学品（除外）”: brackets that hold nothing but the exclusion belong to what stands before them.
            clause += inner if _AFTER.fullmatch(inner.strip()) else ""
        elif character in _END and not outer:
            yield clause, ""
            clause = ""
        else:
            clause += character
    yield clause, "".join(outer)
    yield from ((each, "") for each in outer)
