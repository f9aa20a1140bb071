"""Whatever the command line says, it says in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLI = sorted((ROOT / "gateway" / "cli").glob("*.py"))
CHINESE = re.compile("[\u4e00-\u9fff]")

# Whoever takes a Chinese text together with an English one.
BILINGUAL = {"both", "Message", "UnknownName"}
# Whoever looks for a Chinese text, and says none.
LOOKING = {"removesuffix"}


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _pairs(tree: ast.AST) -> Iterator[tuple[int, list[str | None]]]:
    """The line and the two wordings of every `both`; None where one is not written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "both":
            yield node.lineno, [_written(each) for each in node.args]


def _written(text: ast.expr) -> str | None:
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    written = [each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return "".join(written) if written else None


def _lone_chinese(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every Chinese text that no English one accompanies; text that describes the code is left out."""
    if isinstance(tree, ast.Call) and _name(tree.func) in BILINGUAL | LOOKING:
        return
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and CHINESE.search(tree.value):
        yield tree.lineno, tree.value
    for child in ast.iter_child_nodes(tree):
        yield from _lone_chinese(child)


def _trees() -> dict[str, ast.Module]:
    return {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in CLI}


def test_words_are_found() -> None:
    pairs = [wordings for tree in _trees().values() for _, wordings in _pairs(tree)]
    assert ["正常", "ok"] in pairs


def test_every_word_of_the_command_line_is_written_in_both_languages() -> None:
    wrong = [
        f"{file}:{line}"
        for file, tree in _trees().items()
        for line, (zh, en) in _pairs(tree)
        if not (zh and zh.strip() and en and en.strip())
        or (CHINESE.search(en) and len(CHINESE.findall(en)) > len(en) / 4)
    ]
    assert wrong == []


def test_no_chinese_text_of_the_command_line_stands_without_its_english() -> None:
    """The demo's own modules name the authorities and companies that it invents, which have Chinese names only."""
    lone = [
        f"{file}:{line} {text}"
        for file, tree in _trees().items()
        if not file.startswith("demo_")
        for line, text in _lone_chinese(tree)
    ]
    assert lone == []
