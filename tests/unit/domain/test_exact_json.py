"""JSON is kept as it was written."""

from __future__ import annotations

import pytest

from gateway.domain.exact_json import Doubled, cell, is_text, read, shown, written


@pytest.mark.parametrize(
    "text",
    [
        "1.10",
        "12345678901234567890123",
        "-1E+05",
        '{"a":[1.0,{"b":null}],"名":"\\"枣\\n"}',
        '{"a":1,"a":{"b":2,"b":2}}',
        "[]",
        "true",
    ],
)
def test_what_was_read_is_written_again_to_the_last_character(text: str) -> None:
    assert written(read(text)) == text


def test_a_name_said_twice_is_noticed() -> None:
    found = read('{"b":1,"a":1,"a":2}')
    assert isinstance(found, Doubled)
    assert (found.name, found["a"]) == ("a", "2")


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}"), ('{"a":0,"a":', "}")])
@pytest.mark.parametrize("deep", [201, 600, 100_000])
def test_what_nests_too_deep_to_be_written_again_is_not_read(before: str, after: str, deep: int) -> None:
    shallow = before * 200 + "1" + after * 200
    assert written(read(shallow)) == shallow
    with pytest.raises(RecursionError):
        read(before * deep + "1" + after * deep)


def test_constants_are_refused_unless_asked_for() -> None:
    for constant in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(ValueError, match="no value of JSON"):
            read(f"[{constant}]")
        assert written(read(f"[{constant}]", constants=True)) == f"[{constant}]"


def test_a_cell_is_text() -> None:
    cells = [cell(read(text)) for text in ("null", '""', "00.5"[1:], "false", '{"a":[1.0]}')]
    assert cells == [None, "", "0.5", "false", '{"a":[1.0]}']


def test_half_a_character_is_no_text_but_can_be_shown() -> None:
    half = read('["\\ud800"]')
    assert (is_text(half), is_text(read('["\\ud83d\\ude00"]')), shown(half)) == (False, True, '["\\ud800"]')
    for row in ('{"\\ud800":1}', '{"a":"\\ud800"}', '{"a":[{"b":"\\ud800"}]}', '{"a":{"b":1,"b":"\\ud800"}}'):
        assert not is_text(read(row))
