"""Where the files of a source are: one place, named right; and what there is at it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from gateway.errors import SourceError, StartError
from gateway.interfaces import Found, Surroundings
from gateway_files import gateway_sources
from gateway_files.csv_source import CsvOptions
from gateway_files.drop_folder_place import DropFolderOptions, ReadyOptions
from gateway_files.placed_file import PlacedFile
from gateway_files.places import FileOptions, LocalPlace
from gateway_files.places_on_servers import FtpOptions, SftpOptions
from tests.plugins.gateway_files.conftest import write_xlsx

SFTP = {"host": "files.example", "user": "dept", "path": "/out/*.csv"}
READY = {"stable_seconds": "10"}

RIGHT: dict[str, dict[str, Any]] = {
    "a path": {"path": "in/*.csv"},
    "sftp": {"sftp": SFTP},
    "sftp by an address": {"sftp": {**SFTP, "host": "2001:db8::7"}},
    "ftp": {"ftp": SFTP},
    "a drop folder": {"drop_folder": {"folder": "in", "pattern": "*.csv", "ready": READY}},
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no place": ({}, "named are: -"),
    "two places": ({"path": "a.csv", "ftp": SFTP}, "named are: path, ftp"),
    "an empty path": ({"path": ""}, "at least 1 character"),
    "an address for a host": ({"sftp": {**SFTP, "host": "sftp://files.example"}}, "host"),
    "a user in the host": ({"sftp": {**SFTP, "host": "dept@files.example"}}, "host"),
    "a folder": ({"sftp": {**SFTP, "path": "/out/"}}, "a path to a file is expected"),
    "a pattern of folders": ({"ftp": {**SFTP, "path": "/*/a.csv"}}, "in its last part only"),
    "two lines": ({"ftp": {**SFTP, "path": "/a\r\nDELE b.csv"}}, "no control characters"),
    "a fingerprint in MD5": ({"sftp": {**SFTP, "host_key": "MD5:00:11"}}, "host_key"),
    "a misspelt option": ({"sftp": {**SFTP, "pasword": "x"}}, "pasword"),
}


@pytest.mark.parametrize("options", RIGHT.values(), ids=RIGHT)
def test_every_place_can_be_named(options: dict[str, Any]) -> None:
    assert CsvOptions.model_validate(options).model_fields_set == options.keys()


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=WRONG)
def test_a_place_named_wrong_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CsvOptions.model_validate(options)
    assert words in str(refused.value)


def test_a_local_place_leaves_out_what_is_open_beside(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "~$a.csv", ".a.csv"):
        (tmp_path / name).touch()
    with LocalPlace(tmp_path, "*.csv").files() as files:
        assert list(files) == [PlacedFile(tmp_path / name, name) for name in ("a.csv", "b.csv")]


# --------------------------------------------------------------------------------------------------- what there is


def discover(kind: str, directory: Path, options: Mapping[str, Any]) -> Sequence[Found]:
    (offer,) = (each for each in gateway_sources() if each.name == kind)
    assert offer.discover
    return offer.discover(options, Surroundings(directory, str))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "名录.CSV").write_text("名称,编号\n甲,001\n甲,\n乙,002\n", encoding="gb18030")
    (folder / "broken.csv").write_text("n,n\n")
    (folder / ".hidden.csv").write_text("n\n")
    (folder / "a.json").write_text('[{"n": 1}]')
    write_xlsx(folder / "表.xlsx", {"名单": [["姓名", "证号"], ["张", "001"]]})
    return tmp_path


@pytest.mark.parametrize("path", ["in", "in/*.CSV", "in/名录.CSV"])
def test_files_at_hand_are_listed_with_their_columns(filled: Path, path: str) -> None:
    (found,) = discover("csv", filled, {"path": path, "separator": ","})
    assert found.source == {"type": "csv", "path": "in/名录.CSV", "separator": ","}
    assert [(each.name, each.values) for each in found.columns] == [("名称", ["甲", "乙"]), ("编号", ["001", "002"])]


def test_each_kind_lists_its_own_files(filled: Path) -> None:
    found = {kind: discover(kind, filled, {"path": "in"}) for kind in ("workbook", "json")}
    listed = {
        kind: [(each.source["path"], [column.name for column in each.columns]) for each in found[kind]]
        for kind in found
    }
    assert listed == {"workbook": [("in/表.xlsx", ["姓名", "证号"])], "json": [("in/a.json", ["n"])]}


def test_without_a_path_the_deployment_is_looked_at(filled: Path) -> None:
    (filled / "top.csv").write_text("n\n")
    assert [each.source["path"] for each in discover("csv", filled, {})] == ["top.csv"]


def test_a_drop_folder_is_proposed_with_a_rule(filled: Path) -> None:
    (found,) = discover("csv", filled, {"drop_folder": {"folder": "in"}})
    assert found.source["drop_folder"] == {"folder": "in", "pattern": "*.CSV", "ready": {"stable_seconds": "60"}}
    assert found.title == "in/名录.CSV"


def test_a_file_that_is_named_and_cannot_be_read_is_told(filled: Path) -> None:
    with pytest.raises(SourceError, match="at positions 1, 2"):
        discover("csv", filled, {"path": "in/broken.csv"})
    with pytest.raises(SourceError, match="there is no file"):
        discover("csv", filled, {"path": "none"})


@pytest.mark.parametrize(
    ("options", "en", "zh"),
    [
        ({"path": "in", "x": "1"}, "x: there is no such thing", "x：没有这一项"),
        ({"sftp": {"host": "files.example"}}, "user: must be stated", "user：必须写明"),
    ],
)
def test_options_that_cannot_be_used_are_told(filled: Path, options: dict[str, Any], en: str, zh: str) -> None:
    with pytest.raises(StartError) as caught:
        discover("csv", filled, options)
    assert caught.value.text("en") == f"an option is wrong: {en}; correct it"
    assert caught.value.text("zh") == f"选项有误：{zh}；请更正后再列出"


# ------------------------------------------------------------------------------------------------------ documented


def documented() -> list[dict[str, Any]]:
    text = (Path(__file__).parents[3] / "docs" / "how-to" / "file-places.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    return [block["targets"]["source"] for block in blocks if "targets" in block]


@pytest.mark.parametrize("source", documented(), ids=lambda source: str([*source][1]))
def test_a_documented_source_opens(tmp_path: Path, source: dict[str, Any]) -> None:
    options = dict(source)
    kind = options.pop("type")
    (offer,) = (each for each in gateway_sources() if each.name == kind)
    assert offer.open(offer.options.model_validate(options), Surroundings(tmp_path, lambda _: "secret"))


def test_every_option_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "how-to" / "file-places.md").read_text(encoding="utf-8")
    options = [*FileOptions.model_fields]
    for model in (SftpOptions, FtpOptions, DropFolderOptions, ReadyOptions):
        options += model.model_fields
    assert [name for name in options if name not in text] == []
