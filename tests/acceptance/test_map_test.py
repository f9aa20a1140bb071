"""Golden pairs of every shipped field map hold, and `gateway map test` says so, or what differs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli.application import run_command
from gateway.shipped import shipped
from gateway.testing.golden_pairs import assert_golden, golden_files, maps_without_pairs

MAPPINGS = shipped("mappings")
NAME = "departments/demo/government_office/departments"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Call `gateway` in a deployment directory that is empty at first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def called(*arguments: object, language: str = "zh") -> Said:
        monkeypatch.setenv("GATEWAY_LANG", language)
        code = run_command([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return called


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The deployment's own copy of a shipped map and its pairs."""
    file = tmp_path / "mappings" / f"{NAME}.yml"
    file.parent.mkdir(parents=True)
    shutil.copy(MAPPINGS / f"{NAME}.yml", file)
    shutil.copy(MAPPINGS / f"{NAME}.golden.yml", file.with_suffix(".golden.yml"))
    return file


@pytest.mark.parametrize("file", golden_files(MAPPINGS), ids=lambda file: file.relative_to(MAPPINGS).as_posix())
def test_a_shipped_map_does_what_its_pairs_say(file: Path) -> None:
    assert_golden(file)


def test_every_shipped_inbound_map_has_pairs_of_both_ends() -> None:
    assert maps_without_pairs(MAPPINGS) == []
    texts = {file: file.read_text(encoding="utf-8") for file in golden_files(MAPPINGS)}
    assert [file for file, text in texts.items() if "record:" not in text or text.count("- ") < 2] == []
    assert [file for file, text in texts.items() if "rejected:" not in text and "held:" not in text] == []


def test_all_maps_as_written_end_with_0(call: Call, tmp_path: Path) -> None:
    said = call("map", "test")
    assert (said.code, said.err) == (0, "")
    assert f"{NAME}：3 对，相符" in said.out.splitlines()
    assert len(said.out.splitlines()) == len(golden_files(MAPPINGS))
    assert list(tmp_path.iterdir()) == []


def test_one_map_can_be_named(call: Call) -> None:
    said = call("map", "test", NAME, "--json")
    assert (said.code, json.loads(said.out)) == (0, [{"map": NAME, "pairs": 3, "differences": []}])


def test_a_difference_ends_with_3_and_a_sentence(call: Call, own: Path) -> None:
    own.write_text(own.read_text("utf-8").replace("县级: county", "县级: city"), encoding="utf-8")
    said = call("map", "test", NAME, language="en")
    assert (said.code, said.err) == (3, "")
    assert said.out.splitlines() == [
        f"{NAME}: 3 pairs, 1 differences",
        "  pair 1 (编码的前导零不丢失): the field level should be “county”, but is “city”",
    ]
    (row,) = json.loads(call("map", "test", NAME, "--json").out)
    assert [(each["pair"], each["code"]) for each in row["differences"]] == [(1, "golden.field")]


def test_the_pairs_beside_the_map_in_force_are_the_ones_that_count(call: Call, own: Path) -> None:
    own.with_suffix(".golden.yml").unlink()
    assert NAME not in call("map", "test").out
    said = call("map", "test", NAME)
    assert (said.code, "没有对照样例" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "what"),
    [("map: elsewhere\npairs: [{row: {}, record: {}}]\n", "elsewhere"), ("pairs", "map"), ("\x00", "YAML")],
)
def test_pairs_that_are_wrong_end_with_2(call: Call, own: Path, text: str, what: str) -> None:
    own.with_suffix(".golden.yml").write_text(text, encoding="utf-8")
    said = call("map", "test", NAME)
    assert (said.code, said.out, what in said.err) == (2, "", True)


def test_an_unknown_map_ends_with_2_and_the_nearest(call: Call) -> None:
    said = call("map", "test", NAME[:-1])
    assert (said.code, f"最接近的是：{NAME}" in said.err) == (2, True)


def test_a_group_alone_lists_its_commands(call: Call) -> None:
    said = call("map")
    assert (said.code, "test" in said.out, said.err) == (0, True, "")
