"""JSON as departments export it: lines and documents, each faulty row alone, and nothing believed of half a file."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Source, Surroundings
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway.transport import document_text
from gateway_files import gateway_sources, named_rows
from gateway_files.json_document import JsonDocument
from gateway_files.json_source import MESSAGES, JsonOptions, JsonSource
from tests.plugins.gateway_files.conftest import ReadBack

Read = Callable[..., ReadBack]


def json_source(directory: Path, path: str = "a.json", **options: Any) -> JsonSource:
    return JsonSource(JsonOptions(path=path, **options), Surroundings(directory, str))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What the source reads from `a.json` with that content."""

    def read_back(content: bytes | str, **options: Any) -> ReadBack:
        (tmp_path / "a.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        return ReadBack(list(json_source(tmp_path, **options).read()))

    return read_back


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    with pytest.raises(SourceError) as error:
        yield
    assert error.value.message.code == code
    assert error.value.message in MESSAGES
    assert words in str(error.value)
    assert "{" not in error.value.text("zh")


class TestJsonLines(SourceContract):
    """Several batches of lines, a blank one and two that are no rows."""

    COUNT = 2_500

    @pytest.fixture
    def source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
        monkeypatch.setattr(named_rows, "_ROWS_A_BATCH", 1000)
        lines = [json.dumps({"编号": f"{at:06}", "名称": f"甲{at}"}, ensure_ascii=False) for at in range(self.COUNT)]
        lines += ["", "[1]", '{"编号":"x"', '{"名称":"乙"}']
        (tmp_path / "a.json").write_bytes("\r\n".join(lines).encode("gb18030"))
        return json_source(tmp_path)

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        rows: dict[int, tuple[str, ...] | None] = {at + 1: (f"{at:06}", f"甲{at}") for at in range(self.COUNT)}
        return rows | {self.COUNT + 2: None, self.COUNT + 3: None, self.COUNT + 4: ("", "乙")}

    @pytest.fixture
    def empty_source(self, tmp_path: Path) -> Source:
        (tmp_path / "empty.json").write_bytes(b"")
        return json_source(tmp_path, "empty.json", form="lines", columns=["编号"])


class TestJsonDocument(SourceContract):
    """A document that holds a list between other members."""

    @pytest.fixture
    def source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
        monkeypatch.setattr(named_rows, "_ROWS_A_BATCH", 1000)
        rows = [{"编号": f"{at:06}", "名称": None} for at in range(2_001)]
        (tmp_path / "a.json").write_text(json.dumps({"a": {"b": [*rows, 5]}, "total": 2}), encoding="utf-8")
        return json_source(tmp_path, rows="a.b")

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {at + 1: (f"{at:06}", "") for at in range(2_001)} | {2_002: None}

    @pytest.fixture
    def empty_source(self, tmp_path: Path) -> Source:
        (tmp_path / "empty.json").write_text('{"list": []}', encoding="utf-8")
        return json_source(tmp_path, "empty.json", rows="list", columns=["编号"])


# ------------------------------------------------------------------------------------------------------- values

VALUES = {
    '"0010"': "0010",
    '" x "': " x ",
    "370102198001011234": "370102198001011234",
    "1.10": "1.10",
    "1E+3": "1E+3",
    "-0": "-0",
    "true": "true",
    "null": "",
    '""': "",
    '"\\u4e2d\\ud842\\udfb7"': "中𠮷",
    '[1.0,"a",null]': '[1.0,"a",null]',
    '{"b": [ 12345678901234567890 ], "c":"“甲”"}': '{"b":[12345678901234567890],"c":"“甲”"}',
}
FORMS = {"lines": '{{"n":1}}\n{{"v":{}}}\n', "document": '[{{"n":1}},{{"v":{}}}]', "chosen": '[{{"n":1}},{{"v":{}}}]'}
OPTIONS: dict[str, dict[str, str]] = {
    "lines": {},
    "document": {},
    "chosen": {"rows": "[*]"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("value", "text"), VALUES.items())
def test_a_value_is_kept_as_it_is_written(read: Read, form: str, value: str, text: str) -> None:
    assert read(FORMS[form].format(value), **OPTIONS[form]).rows[2] in {(None, text), (None, text or None)}


@pytest.mark.parametrize("form", ["lines", "document"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", "json.no_number"),
        ("[-Infinity]", "json.no_number"),
        ('1,"v":1', "json.doubled_name"),
        ('{"a":[{"x":1,"x":1}]}', "json.doubled_name"),
        ('"\\ud842"', "json.half_character"),
        ('["\\udfb7"]', "json.half_character"),
        ('1,"\\ud842":2', "json.half_character"),
    ],
)
def test_a_value_that_nobody_can_know_sets_its_row_aside(read: Read, form: str, value: str, code: str) -> None:
    found = read(FORMS[form].format(value))
    assert (list(found.rows), found.faults) == ([1], [(2, code)])


@pytest.mark.parametrize("row", ["[1]", "5", '"a"', "null"])
def test_a_row_that_is_no_object_is_set_aside(read: Read, row: str) -> None:
    assert read(f'{{"a":1}}\n{row}\n{{"a":2}}').faults == [(2, "json.row_no_object")]
    assert read(f'[{{"a":1}},{row},{{"a":2}}]').faults == [(2, "json.row_no_object")]


# -------------------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("line", "words"), [('{"a":1', "character 7"), ("{'a':1}", "character 2"), ('{"a":1}}', "character 8")]
)
def test_a_bad_line_is_set_aside_and_its_neighbours_are_read(read: Read, line: str, words: str) -> None:
    found = read(f'{{"a":0}}\n{line}\n{{"a":2}}\n{{"a":3}}\n')
    assert (list(found.rows), found.faults, found.texts) == ([1, 3, 4], [(2, "json.bad_line")], [line])
    assert words in found.sentences[0]


def test_a_line_that_is_nested_too_deeply_is_set_aside(read: Read) -> None:
    found = read('{"a":0}\n{"a":' + "[" * 200_000 + "\n", form="lines")
    assert found.faults == [(2, "json.bad_line")]


def test_a_line_of_another_encoding_is_set_aside(read: Read) -> None:
    found = read('{"a":"甲公司"}\n'.encode() * 2 + '{"a":"甲公司"}\n'.encode("gb18030"))
    assert (list(found.rows), found.faults) == ([1, 2], [(3, "file.undecodable")])


def test_columns_are_those_of_all_lines(read: Read) -> None:
    found = read('{"a":1}\n{"b":2}\n{"a":3,"c":4}\n')
    assert (found.columns, found.rows[2]) == (["a", "b", "c"], (None, "2", None))


# ----------------------------------------------------------------------------------------------------- documents

DOCUMENT = {"code": "0", "data": {"page": [1, 2], "list": [{"a": 1}, {"a": 2}]}, "list": [{"a": 9}]}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
def test_a_list_inside_a_document_is_read(
    read: Read, indent: int | None, encoding: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_text, "_PIECE", piece)
    content = json.dumps(DOCUMENT | {"名称": "甲公司，乙公司"}, ensure_ascii=False, indent=indent).encode(encoding)
    assert read(content, rows="data.list").rows == {1: ("1",), 2: ("2",)}


def test_rows_can_be_chosen_and_shaped_by_jmespath(read: Read) -> None:
    found = read(json.dumps(DOCUMENT), rows="data.list[?a=='2'].{\"值\": a, \"代码\": '1'}")
    assert (found.columns, found.rows) == (["值", "代码"], {1: ("2", "1")})


@pytest.mark.parametrize("rows", ["data.page.x", "data.lists", "data", "code", "data.page[0]"])
def test_a_path_that_finds_no_list_is_refused_with_those_there_are(read: Read, rows: str) -> None:
    with refused("json.no_list", "data.list、list"):
        read(json.dumps(DOCUMENT), rows=rows)


def test_a_document_that_is_no_list_is_refused_with_those_in_it(read: Read) -> None:
    with refused("json.not_a_list", "data.list、list"):
        read(json.dumps(DOCUMENT))


def test_what_is_no_jmespath_is_refused() -> None:
    with pytest.raises(ValidationError, match="no JMESPath"):
        JsonOptions(path="a", rows="a[?")


@pytest.mark.parametrize("rows", ["data.list", "data.list[*]"])
@pytest.mark.parametrize("cut", range(1, 60, 4))
def test_a_document_that_is_cut_off_is_refused_wherever_the_cut(read: Read, rows: str, cut: int) -> None:
    content = json.dumps(DOCUMENT)
    with refused("json.cut_off"):
        read(content[:-cut], rows=rows)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"list":[{"a":1}]} x', "line 1: extra text"),
        ('{"list":[{"a":1}\n{"a":2}]}', "line 2: one of , ]"),
        ('{"list":[{"a":1},]}', "line 1: "),
        ('{"list":[{"a":1}],"list":[{"a":2}]}', "'list' stands twice"),
        ("{list:[]}", "a member name in quotes"),
        ('{"list":[{"a":1,}]}', "line 1: "),
        ("{'list':[{'a':1}]}", "a member name in quotes"),
        ('{"list":[\n{"a":' + "[" * 200_000 + "]}", "line 2: it is nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(read: Read, content: str, words: str) -> None:
    with refused("json.not_json", words):
        read(content, rows="list")


@pytest.mark.parametrize(("first", "code"), [('{"a":NaN}', "json.no_number"), ('{"a":"x\ty"}', "json.bad_line")])
def test_a_first_line_that_is_set_aside_leaves_lines_to_be_lines(read: Read, first: str, code: str) -> None:
    found = read(f'{first}\n{{"a":"2"}}\n')
    assert (found.rows, found.faults) == ({2: ("2",)}, [(1, code)])


def test_an_encoding_that_is_stated_is_taken(read: Read) -> None:
    assert read('[{"a":"谢"}]'.encode("gb18030"), encoding="gb18030").rows == {1: ("谢",)}


def test_why_no_row_can_be_read_is_said(read: Read) -> None:
    with refused(
        "file.no_whole_row", "none of the 2 rows of 'a.json' can be read, so that its columns are not known; row 1"
    ):
        read("[1,2]")


def test_an_empty_document_is_cut_off(read: Read) -> None:
    with refused("json.cut_off", "by line 1"):
        read("", rows="list")


def test_a_name_said_twice_in_a_document_that_is_shaped_is_refused(read: Read) -> None:
    with refused("json.not_json", "the member 'a' stands twice"):
        read('{"list":[{"a":1,"a":2}]}', rows="list[*].{b: a}")


def test_a_value_that_is_too_large_is_refused() -> None:
    pieces = iter(['{"a":[{"b":"', *(["x" * 1000] * 100)])
    with refused("json.value_too_large", "longer than 5,000 characters"):
        list(JsonDocument("a.json", pieces, longest=5000).rows(["a"]))


def test_a_document_that_must_be_held_in_memory_has_a_limit(read: Read) -> None:
    content = json.dumps({"list": [{"a": "x" * 100}] * 100})
    with refused("json.value_too_large"):
        read(content, rows="list[*]", document_bytes=1000)
    assert len(read(content, rows="list", document_bytes=1000).rows) == 100


@pytest.mark.parametrize("lines", [True, False])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, lines: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_rows, "_ROWS_A_BATCH", 500)
    row = json.dumps({"编号": "x" * 2000, "名称": "y" * 2000}, ensure_ascii=False)
    content = "\n".join([row] * 8_000) if lines else '{"list":[' + ",".join([row] * 8_000) + "]}"
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    tracemalloc.start()
    source = json_source(tmp_path, rows="" if lines else "list", columns=["编号", "名称"])
    read = sum(batch.rows.height for batch in source.read())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (read, peak < 16 << 20) == (8_000, True)


# ------------------------------------------------------------------------------------------------------- columns


def test_a_member_that_is_not_declared_fails_the_run(read: Read) -> None:
    with refused("file.new_column", "row 2 of 'a.json' has members that `columns` does not name: b"):
        read('{"a":1}\n{"a":1,"b":2}\n', columns=["a"])


def test_a_file_without_rows_needs_declared_columns(read: Read) -> None:
    with refused("file.no_columns"):
        read("[]")


@pytest.mark.parametrize("name", ["", " ", "_row"])
def test_a_name_that_is_none_is_refused(read: Read, name: str) -> None:
    with refused("file.unusable_name"):
        read(json.dumps([{name: 1}]))


def test_files_of_other_members_are_refused(tmp_path: Path) -> None:
    for name, content in (("1.json", '{"a":1}'), ("2.json", '{"b":1}')):
        (tmp_path / name).write_text(content, encoding="utf-8")
    with refused("json.columns_differ", "missing a; extra b"):
        json_source(tmp_path, "*.json").check()
    assert len(list(json_source(tmp_path, "*.json", columns=["a", "b"]).read())) == 2


# ---------------------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize("end", [b"\xff", b"\xe4\xb8", "甲公司".encode("gb18030")])
def test_a_byte_of_another_encoding_refuses_a_document(read: Read, end: bytes) -> None:
    with refused("file.broken_encoding", "in line 2 (byte "):
        read('[{"a":"甲公司"},\n{"b":"'.encode() + end + b'"}]')


@pytest.mark.parametrize(
    ("content", "code"), [(b"PK\x03\x04", "file.workbook"), (b"\xff\x80\x01", "file.unknown_encoding")]
)
def test_what_is_no_text_is_refused(read: Read, content: bytes, code: str) -> None:
    with refused(code):
        read(content)


def test_the_plugin_offers_json() -> None:
    (offer,) = (each for each in gateway_sources() if each.name == "json")
    assert offer.options is JsonOptions
    assert len({each.code for each in offer.messages}) == len(offer.messages)
