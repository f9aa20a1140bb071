"""Every message that the gateway or a shipped plugin declares can be read in both languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).parents[2]

# In a process of its own, where no test has declared messages: import everything, then ask for every instance.
# Migrations and broken plugins are not there to be imported; `__main__` would run the command line.
GATHER = """
import gc, importlib, json, pkgutil, sys
for root in sys.argv[1:]:
    package = importlib.import_module(root)
    for module in pkgutil.walk_packages(package.__path__, root + "."):
        if not any(part in module.name for part in (".migrations.", ".broken_plugins.", "__main__")):
            importlib.import_module(module.name)
from gateway.messages import Message
found = [each for each in gc.get_objects() if type(each) is Message]
json.dump([(each.code, each.zh, each.en) for each in found], sys.stdout)
"""

Declared = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def declared() -> Declared:
    roots = ["gateway", *sorted(init.parent.name for init in (ROOT / "plugins").glob("*/__init__.py"))]
    gathered = subprocess.run(
        [sys.executable, "-W", "error", "-X", "utf8", "-c", GATHER, *roots],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert gathered.returncode == 0, gathered.stderr
    return [(code, zh, en) for code, zh, en in json.loads(gathered.stdout)]


def _blanks(sentence: str) -> set[str]:
    """The blanks of a sentence, those filled with a Chinese name under their English name.

    `kind_zh` is the Chinese name of a `kind`, and `title` that of a `field`.
    """
    blanks = {blank for _, blank, _, _ in Formatter().parse(sentence) if blank is not None}
    return {"field" if blank == "title" else blank.removesuffix("_zh") for blank in blanks}


def _chinese(sentence: str) -> int:
    """How many Chinese characters, Chinese punctuation included: a sentence may consist of blanks."""
    return len(re.findall("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", sentence))


def test_messages_are_found(declared: Declared) -> None:
    assert {"start.unknown_name", "identifier.uscc"} <= {code for code, _, _ in declared}


def test_both_sentences_are_written(declared: Declared) -> None:
    assert [code for code, zh, en in declared if not (code.strip() and zh.strip() and en.strip())] == []


def test_each_sentence_stands_under_its_own_language(declared: Declared) -> None:
    """An English sentence may quote a Chinese term, as 万元."""
    assert [code for code, zh, en in declared if not _chinese(zh) or _chinese(en) > len(en) / 4] == []


def test_both_sentences_have_the_same_blanks(declared: Declared) -> None:
    assert {code: _blanks(zh) ^ _blanks(en) for code, zh, en in declared if _blanks(zh) != _blanks(en)} == {}


def test_a_blank_is_a_plain_name_so_that_it_may_stay_empty(declared: Declared) -> None:
    wrong = [
        code
        for code, *sentences in declared
        for sentence in sentences
        for _, blank, layout, _ in Formatter().parse(sentence)
        if blank is not None and (layout or not blank.isidentifier())
    ]
    assert wrong == []


def test_no_sentence_ends_with_a_full_stop(declared: Declared) -> None:
    assert [code for code, zh, en in declared if zh.endswith(("。", ".")) or en.endswith(("。", "."))] == []


def test_a_code_is_declared_once(declared: Declared) -> None:
    assert [code for code, times in Counter(code for code, _, _ in declared).items() if times > 1] == []


def test_a_code_says_its_group_and_its_case(declared: Declared) -> None:
    def is_code(code: str) -> bool:
        group, _, case = code.partition(".")
        return bool(group and case) and code.replace(".", "").replace("_", "").isalnum() and code == code.lower()

    assert [code for code, _, _ in declared if not is_code(code)] == []
