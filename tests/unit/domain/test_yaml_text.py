"""YAML as text: nothing is interpreted, and what misleads is refused with its line."""

from __future__ import annotations

import pytest
import yaml

from gateway.domain import yaml_text
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError

LOADERS = {"libyaml": yaml.CBaseLoader, "python": yaml.BaseLoader}


@pytest.fixture(autouse=True, params=LOADERS)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with the fast loader and with the one that takes its place."""
    monkeypatch.setattr(yaml_text, "_Loader", LOADERS[request.param])


def refusal(text: str) -> str:
    with pytest.raises(StartError) as caught:
        read_yaml_text(text, "maps/a.yml")
    return caught.value.text("en")


def test_every_scalar_stays_text() -> None:
    text = "a: 010101\nb: no\nc: ~\nd: 1.50\ne: 2026-05-31\nf: [0x1F, 1e3, 12:30]\n"
    assert read_yaml_text(text, "a.yml") == {
        "a": "010101",
        "b": "no",
        "c": "~",
        "d": "1.50",
        "e": "2026-05-31",
        "f": ["0x1F", "1e3", "12:30"],
    }


def test_an_empty_value_and_an_empty_document_are_empty_text() -> None:
    assert (read_yaml_text("a:\n", "a.yml"), read_yaml_text("# nothing\n", "a.yml")) == ({"a": ""}, "")


def test_a_byte_order_mark_is_not_part_of_the_first_key() -> None:
    assert read_yaml_text("\ufeffa: b", "a.yml") == {"a": "b"}


def test_a_merge_key_is_plain_text() -> None:
    assert read_yaml_text("<<: {a: b}", "a.yml") == {"<<": {"a": "b"}}


def test_a_key_said_twice_is_refused_with_both_lines() -> None:
    assert refusal("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") == (
        "maps/a.yml line 5 says the key 'c' again, which stands on line 3; a key may stand once a level, remove one"
    )


def test_one_key_at_two_levels_is_no_repetition() -> None:
    assert read_yaml_text("a: {a: {a: b}}\nb: [{c: 1}, {c: 2}]", "a.yml") == {
        "a": {"a": {"a": "b"}},
        "b": [{"c": "1"}, {"c": "2"}],
    }


def test_a_syntax_error_says_file_line_and_what() -> None:
    assert refusal("a: 1\nb: [1, 2\nc: 3\n").startswith("maps/a.yml line 3 is not valid YAML: while parsing a flow")


def test_a_forbidden_character_says_its_line() -> None:
    assert refusal("a: 1\nb: \x01\n").startswith("maps/a.yml line 2 is not valid YAML: unacceptable character")


def test_a_second_document_is_refused() -> None:
    assert "another document" in refusal("a: 1\n---\nb: 2\n")


def test_an_alias_is_refused_before_it_unfolds() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    assert refusal(bomb) == "maps/a.yml line 2 uses the alias '*a', which is not allowed here; write the content out"


def test_a_tag_is_refused() -> None:
    assert "'tag:yaml.org,2002:int'" in refusal("a: !!int 5\n")


def test_a_key_that_is_no_text_is_refused() -> None:
    assert "a key must be text" in refusal("? [a, b]\n: c\n")


def test_nesting_beyond_reason_is_refused() -> None:
    assert "nested deeper than 50 levels" in refusal("[" * 100_000)
