"""A profile is read strictly and says where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gateway.errors import StartError
from gateway.formats.profile import Profile, load_profile
from gateway.interfaces import Document, RecordVersion, Wire

Write = Callable[..., Path]


def failure(path: Path) -> str:
    with pytest.raises(StartError) as raised:
        load_profile(path)
    return raised.value.text("en").replace(str(path.parent), "…")


def test_both_files_make_one_declaration(profile: Profile) -> None:
    declared = profile.declared
    assert (declared.dataset, declared.in_force_from, declared.limits.records_per_document, declared.title) == (
        "departments",
        date(2024, 9, 1),
        3,
        "部门",
    )


def test_a_profile_is_what_a_destination_needs(profile: Profile) -> None:
    wire: Wire = profile
    assert (wire.content_type, wire.deliver_path, wire.find_path, wire.options) == (
        "application/json; charset=utf-8",
        "/in",
        "/ask",
        {
            "format": "json",
            "health_path": "/well",
            "signature": {
                "scheme": "national_exchange",
                "headers": {"sid": "s", "rid": "r", "rtime": "t", "sign": "x"},
                "signed": ["sid", "rid", "rtime"],
            },
        },
    )


def test_the_identity_names_profile_version_and_dataset(profile: Profile) -> None:
    assert profile.identity == "test/platform/2024-09/departments"


def test_the_field_map_is_handed_on_as_it_stands(profile: Profile) -> None:
    assert profile.fields == {"code": {"from": "department_code"}, "rank": {"from": "level"}}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: 部门\n", "title: 部门\ncolour: red\n", "colour: there is no such thing"),
        ("records_per_document: 3", "records_per_document: 0", "records_per_document: must be greater than 0"),
        ("head.rc", "head.[", "answer.code: 'head.[' is no JMESPath expression"),
        ("'\\w+'", "'['", "wire_checks.code.pattern: '[' is no regular expression"),
        ("title: 稍后}", 'title: 稍后}\n    "6": {next: accepted, title: 好}', "errors.document.6.next"),
        ("rank: {from: level}", "grade: {from: level}", "not so: grade, rank"),
        ("key: id, change_number: no", "key: code, change_number: no", "wire names used twice: code"),
        ('refused: ["N"]', 'refused: ["N", "Y"]', "Y stands in both answer.accepted and answer.refused"),
        ('success: ["1"]', 'success: ["1", "7"]', "7 stands in both answer.success and errors.document"),
        ("deliver: /in", "deliver: in", "endpoints.deliver: 'in' must start with /"),
        ("scheme: national_exchange", "scheme: magic", "signature.scheme: must be one of 'national_exchange'"),
        ("title: 部门\n", "title: 部门\nversion: 2024-09\n", "version: also in _platform.yml"),
        ("dataset: departments\n", "dataset: departements\n", "('2024-09', 'departements'), its place says"),
        (
            "length: 32",
            "length: 32, uscc_when: {field: gone, equals: '1'}",
            "conditions on wire fields that are not there: gone",
        ),
    ],
)
def test_a_wrong_profile_says_what_is_wrong(write: Write, old: str, new: str, says: str) -> None:
    assert says in failure(write((old, new)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: 部门\n", "title: 部门\ncolour: red\n", "不合要求：colour：没有这一项；请按"),
        ("head.rc", "head.[", "不合要求：answer.code：“head.[”不是 JMESPath 表达式；"),
        ('refused: ["N"]', 'refused: ["N", "Y"]', "不合要求：Y 同时写在 answer.accepted 和 answer.refused 中；"),
        ("title: 部门\n", "title: 部门\nversion: 2024-09\n", "不合要求：version：_platform.yml 中也写了；请按"),
        (
            "dataset: departments\n",
            "dataset: departements\n",
            "version 和 dataset 为 2024-09、departements，文件所在位置却是",
        ),
    ],
)
def test_a_wrong_profile_says_so_in_chinese(write: Write, old: str, new: str, says: str) -> None:
    with pytest.raises(StartError) as caught:
        load_profile(write((old, new)))
    assert says in caught.value.text("zh")


def test_a_key_said_twice_is_refused_with_its_line(write: Write) -> None:
    assert "departments.yml line 4 says the key 'title' again, which stands on line 3" in failure(
        write(("title: 部门\n", "title: 部门\ntitle: 部门\n"))
    )


def test_a_profile_in_another_versions_folder_is_refused(write: Write) -> None:
    path = write(place="2025-01/departments.yml")
    assert "version and dataset are ('2024-09', 'departments'), its place says ('2025-01', 'departments')" in failure(
        path
    )


def test_a_missing_platform_file_is_named(write: Write) -> None:
    path = write()
    path.with_name("_platform.yml").unlink()
    assert "_platform.yml cannot be read" in failure(path)


def test_a_file_in_another_encoding_is_named(write: Write) -> None:
    path = write()
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert "departments.yml cannot be read" in failure(path)


@pytest.mark.parametrize("text", ["", "- a list\n"])
def test_a_file_without_keys_is_refused(write: Write, text: str) -> None:
    path = write()
    path.write_text(text, encoding="utf-8")
    assert "a mapping of keys is expected" in failure(path)


def test_records_are_rendered_with_their_key_number_and_operation_first(profile: Profile) -> None:
    versions = pl.DataFrame({"record_key": ["a|", "b|"], "change_number": [7, 8], "operation": ["insert", "withdraw"]})
    wire = pl.DataFrame({"rank": [None, "1"], "code": ["01", "济南"]})
    assert profile.render(versions, wire).to_list() == [
        '{"id":"a|","no":7,"op":"i","code":"01","rank":null}',
        '{"id":"b|","no":8,"op":"d","code":"济南","rank":"1"}',
    ]


def test_an_operation_that_is_none_is_never_sent(profile: Profile) -> None:
    versions = pl.DataFrame({"record_key": ["a"], "change_number": [7], "operation": ["upsert"]})
    with pytest.raises(pl.exceptions.InvalidOperationError):
        profile.render(versions, pl.DataFrame({"code": ["1"], "rank": ["1"]}))


def test_a_question_names_the_versions_and_nothing_else(profile: Profile) -> None:
    document = Document("k1", "departments", b"", [RecordVersion("甲|", 7), RecordVersion("b", 8)])
    assert profile.find_request(document).decode() == (
        '{"batch":"k1","kind":"BM","fmt":"1","n":2,"rows":[{"id":"甲|","no":7},{"id":"b","no":8}]}'
    )
