"""Files that cannot be read as declared, one clear sentence each; and several files read as one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Surroundings
from gateway_files import gateway_sources
from gateway_files.csv_source import MESSAGES, CsvOptions, CsvSource

Open = Callable[..., CsvSource]


@pytest.fixture
def in_folder(tmp_path: Path) -> Open:
    """A source over files of these names and contents."""

    def opened(path: str, files: dict[str, str], **options: Any) -> CsvSource:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content.encode())
        return CsvSource(CsvOptions(path=path, **options), Surroundings(tmp_path, str))

    return opened


def refusal(source: CsvSource) -> SourceError:
    """The error that both checking and reading end with; both its sentences are whole."""
    with pytest.raises(SourceError) as checked:
        source.check()
    with pytest.raises(SourceError) as read:
        list(source.read())
    assert str(read.value) == str(checked.value)
    assert checked.value.message in MESSAGES
    for text in (checked.value.text("zh"), checked.value.text("en")):
        assert "{" not in text
        assert "\n" not in text
    return checked.value


HEADERS = {
    "no bytes": (b"", "csv.empty_file", "'a.csv' is empty"),
    "a mark alone": (b"\xef\xbb\xbf", "csv.empty_file", "'a.csv' is empty"),
    "blank lines": (b"\n \r\n", "csv.empty_file", "'a.csv' is empty"),
    "one name twice": ("名称,编号,名称\n".encode(), "csv.doubled_column_name", "'名称' at positions 1, 3"),
    "a column without a name": (b"a,,c\n1,2,3\n", "csv.empty_column_name", "column 2 of"),
    "a separator at the end": (b"a,b,\n1,2,\n", "csv.empty_column_name", "column 3 of"),
    "a name of spaces": (b"a, ,\n", "csv.empty_column_name", "column 2, 3 of"),
    "the gateway's own name": (b"a,_row\n", "csv.reserved_column_name", "column 2 of the file 'a.csv' is named '_row'"),
    "an open quote": (b'a,"b\n1,2\n', "csv.unreadable_header", "cell 2 opens a quote"),
    "text after a quote": (b'a,"b"c\n1,2\n', "csv.unreadable_header", "text follows the closing quote"),
    "undecodable": (b"a\xff,b\n1,2\n3,4\n", "csv.unreadable_header", "it reads: a\\xff,b"),
    "two separators": (b"a,b;c\n", "csv.unclear_separator", ", ; are all possible"),
    "utf-32": ("名称,编号\n".encode("utf-32"), "file.unknown_encoding", "UTF-16"),
    "neither encoding": (bytes(range(128, 256)), "file.unknown_encoding", "neither UTF-8, GB18030 nor UTF-16"),
    "a workbook": (b"PK\x03\x04\x14\x00", "file.workbook", "a workbook"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file.workbook", "a workbook"),
}


@pytest.mark.parametrize(("content", "code", "words"), HEADERS.values(), ids=HEADERS)
def test_a_file_without_a_usable_header_is_refused(open_csv: Open, content: bytes, code: str, words: str) -> None:
    error = refusal(open_csv(content))
    assert error.message.code == code
    assert words in str(error)


def test_a_header_alone_is_a_source_without_rows(open_csv: Open) -> None:
    source = open_csv("名称,编号\n".encode())
    source.check()
    assert [batch.rows.columns for batch in source.read()] == [["_row", "名称", "编号"]]


@pytest.mark.parametrize(("stated", "actual"), [("utf-8", "gb18030"), ("gb18030", "utf-8"), ("gb18030", "utf-8-sig")])
def test_a_wrong_encoding_is_refused_with_the_one_that_fits(open_csv: Open, stated: str, actual: str) -> None:
    error = refusal(open_csv("名称,编号\n甲公司,1\n".encode(actual), encoding=stated))
    assert error.message.code == "file.wrong_encoding"
    assert f"stated to be {stated} but is not; {actual.removesuffix('-sig')} fits" in str(error)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_stated_encoding_that_is_right_is_kept(open_csv: Open, encoding: str) -> None:
    source = open_csv("名称\n甲公司\n".encode(encoding), encoding=encoding)
    assert [batch.rows.rows() for batch in source.read()] == [[(2, "甲公司")]]


def test_ascii_is_read_under_every_encoding(open_csv: Open) -> None:
    assert [batch.rows.rows() for batch in open_csv(b"a\n1\n", encoding="gb18030").read()] == [[(2, "1")]]


# ----------------------------------------------------------------------------------------------------- which files


def test_a_missing_file_is_refused_with_the_nearest_names(in_folder: Open) -> None:
    error = refusal(in_folder("targets.csv", {"target.csv": "a", "people.csv": "a"}))
    assert error.message.code == "file.missing"
    assert "the nearest are: target.csv" in str(error)


def test_a_missing_folder_is_refused(in_folder: Open) -> None:
    assert refusal(in_folder("nowhere/a.csv", {})).message.code == "file.missing"


def test_a_folder_is_refused(in_folder: Open) -> None:
    assert refusal(in_folder("in", {"in/a.csv": "a"})).message.code == "file.folder"


def test_a_pattern_that_matches_no_file_is_refused(in_folder: Open) -> None:
    assert refusal(in_folder("*.txt", {"a.csv": "a"})).message.code == "file.missing"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_refused(in_folder: Open, tmp_path: Path) -> None:
    source = in_folder("a.csv", {"a.csv": "a"})
    (tmp_path / "a.csv").chmod(0)
    assert refusal(source).message.code == "file.unreadable"


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(in_folder: Open) -> None:
    error = refusal(in_folder("x" * 300 + ".csv", {}))
    assert error.message.code == "file.unreadable"
    assert "name too long" in str(error).lower()


def test_several_files_are_read_in_name_order_each_with_its_own_lines(in_folder: Open) -> None:
    files = {"b.csv": "n,m\n3,x\n4\n", "a.csv": "n,m\n\n1,x\n", "c.csv": "n,m\n", ".d.csv": "other\n1\n"}
    batches = list(in_folder("*.csv", files).read())
    assert [(batch.place, batch.rows.rows()) for batch in batches] == [
        ("a.csv", [(3, "1", "x")]),
        ("b.csv", [(2, "3", "x")]),
        ("c.csv", []),
    ]
    assert [fault.row for batch in batches for fault in batch.faults] == [3]


def test_files_in_subfolders_are_named_by_their_path(in_folder: Open) -> None:
    files = {"north/a.csv": "n\n1\n", "south/a.csv": "n\n2\n"}
    assert [batch.place for batch in in_folder("*/a.csv", files).read()] == ["north/a.csv", "south/a.csv"]


def test_files_of_several_encodings_are_read_as_one(in_folder: Open, tmp_path: Path) -> None:
    source = in_folder("*.csv", {"a.csv": "名称\n甲公司\n"})
    (tmp_path / "b.csv").write_bytes("名称\n乙公司\n".encode("gb18030"))
    assert [batch.rows["名称"].to_list() for batch in source.read()] == [["甲公司"], ["乙公司"]]


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(in_folder: Open) -> None:
    files = {"a[1].csv": "n\n1\n", "a1.csv": "n\n2\n"}
    assert [batch.place for batch in in_folder("a[1].csv", files).read()] == ["a[1].csv"]


def test_an_absolute_path_is_read(in_folder: Open, tmp_path: Path) -> None:
    source = in_folder(str(tmp_path / "*.csv"), {"a.csv": "n\n1\n"})
    assert [batch.place for batch in source.read()] == ["a.csv"]


@pytest.mark.parametrize(
    ("other", "words"), [("a,c", "missing b; extra c"), ("b,a", "missing -; extra -"), ("a", "missing b; extra -")]
)
def test_files_of_differing_columns_are_refused(in_folder: Open, other: str, words: str) -> None:
    error = refusal(in_folder("*.csv", {"1.csv": "a,b\n", "2.csv": f"{other}\n"}))
    assert error.message.code == "csv.columns_differ"
    assert f"the columns of the file '2.csv' differ from those of '1.csv': {words}" in str(error)


# ------------------------------------------------------------------------------------------- files that do not stay


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"9\n")


def rewrite(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2"))
    os.utime(path, ns=(0, 0))


CHANGES = {"it grew": append, "it was rewritten": rewrite, "it went away": Path.unlink}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("name", ["a.csv", "b.csv"])
def test_a_file_that_changes_while_it_is_read_fails_the_run(
    in_folder: Open, tmp_path: Path, change: Callable[[Path], None], name: str
) -> None:
    reading = iter(in_folder("*.csv", {"a.csv": "n\n1\n", "b.csv": "n\n1\n"}).read())
    first = next(reading)
    change(tmp_path / name)
    with pytest.raises(SourceError) as error:
        list(reading)
    assert first.rows.height == 1
    assert error.value.message.code in {"file.changed", "file.unreadable"}
    assert name in str(error.value)


def test_a_reader_may_stop_early(in_folder: Open, tmp_path: Path) -> None:
    source = in_folder("*.csv", {"a.csv": "n\n1\n", "b.csv": "n\n1\n"})
    assert next(source.read()).place == "a.csv"
    append(tmp_path / "a.csv")
    assert len(list(source.read())) == 2


# ---------------------------------------------------------------------------------------------------------- offer


def test_the_plugin_offers_csv(tmp_path: Path) -> None:
    (offer,) = (each for each in gateway_sources() if each.name == "csv")
    assert (offer.title, offer.options) == ("CSV 文件", CsvOptions)
    assert isinstance(offer.open(CsvOptions(path="a.csv"), Surroundings(tmp_path, str)), CsvSource)


def test_opening_does_no_work(tmp_path: Path) -> None:
    CsvSource(CsvOptions(path="nothing.csv"), Surroundings(tmp_path / "nowhere", str))


@pytest.mark.parametrize(
    "options",
    [{}, {"path": ""}, {"path": "a", "separator": "."}, {"path": "a", "quote": "x"}, {"path": "a", "sep": ","}],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CsvOptions(**options)  # type: ignore[arg-type]


def test_every_message_has_one_code_and_two_sentences() -> None:
    assert len({message.code for message in MESSAGES}) == len(MESSAGES)
    assert all(message.zh and message.en for message in MESSAGES)
