"""`gateway discover` lists what a source could read and proposes a field map that a person finishes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli.application import run_command
from gateway.mapping import load_field_map
from tests.deployment import Deployment

# A source of a plugin from outside: it lists the CSV files of a folder with their first rows.
PLUGIN = """
import csv
from pathlib import Path
from gateway.errors import SourceError, StartError
from gateway.hookspecs import offers
from gateway.interfaces import Found, FoundColumn, Options, SourceOffer
from gateway.messages import Message

NO_FOLDER = Message("shelf.no_folder", zh="没有文件夹“{folder}”；请更正 folder", en="no folder {folder!r}; correct it")

class ShelfOptions(Options):
    folder: str
    file: str

def look(options, surroundings):
    folder = surroundings.directory / options.get("folder", ".")
    if not folder.is_dir():
        raise SourceError(NO_FOLDER, folder=folder.name)
    names = [options["file"]] if "file" in options else sorted(each.name for each in folder.glob("*.csv"))
    return [found(folder, name) for name in names]

def found(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:5]
    columns = [FoundColumn(each, "text", [row[each] for row in rows]) for each in rows[0]]
    return Found({"type": "shelf", "folder": folder.name, "file": name}, columns, title=name)

@offers
def gateway_sources():
    return [SourceOffer("shelf", "书架", ShelfOptions, print, messages=(NO_FOLDER,), discover=look)]
"""

STAFF = "XM,ZFZH,DWBM,LXDH,BZ\n张某,0205262020040290,001,0532-1,x\n李某,0205262020040291,001,,\n"
COMPANIES = "企业名称,TYSHXYDM,成立日期\n甲公司,91370202264706576B,2017/3/9\n"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with a folder of files, and the plugin installed beside the gateway."""
    installed = tmp_path / "site"
    (installed / "gateway_shelf-1.0.dist-info").mkdir(parents=True)
    (installed / "gateway_shelf.py").write_text(PLUGIN, encoding="utf-8")
    (installed / "gateway_shelf-1.0.dist-info" / "METADATA").write_text("Name: gateway-shelf\nVersion: 1.0\n")
    (installed / "gateway_shelf-1.0.dist-info" / "entry_points.txt").write_text(
        "[gateway]\ngateway_shelf=gateway_shelf\n"
    )
    monkeypatch.syspath_prepend(installed)
    inbox = tmp_path / "deployment" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "companies.csv").write_text(COMPANIES, encoding="utf-8")
    (inbox / "staff.csv").write_text(STAFF, encoding="utf-8")
    return tmp_path / "deployment"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, directory: Path) -> Call:
    monkeypatch.chdir(directory)
    monkeypatch.setenv("COLUMNS", "100")

    def called(*arguments: object, language: str = "zh") -> Said:
        monkeypatch.setenv("GATEWAY_LANG", language)
        code = run_command([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return called


def test_everything_that_is_there_is_listed_with_what_a_feed_says_for_it(call: Call) -> None:
    said = call("discover", "shelf", "folder=inbox")
    assert (said.code, said.err) == (0, "")
    lines = [line.rstrip() for line in said.out.splitlines()]
    assert "source: {type: shelf, folder: inbox, file: staff.csv}" in lines
    assert [line.split() for line in lines if line.startswith("ZFZH")] == [
        ["ZFZH", "text", "0205262020040290", "|", "0205262020040291"]
    ]


def test_what_is_there_is_listed_for_programs(call: Call) -> None:
    found = json.loads(call("discover", "shelf", "folder=inbox", "--json").out)
    assert [(each["title"], each["source"]["file"]) for each in found] == [
        ("companies.csv", "companies.csv"),
        ("staff.csv", "staff.csv"),
    ]
    assert found[0]["columns"][1] == {"name": "TYSHXYDM", "type": "text", "values": ["91370202264706576B"]}


def test_a_map_is_proposed_on_stdout_and_nothing_is_written(call: Call, directory: Path) -> None:
    before = sorted(directory.rglob("*"))
    said = call("discover", "shelf", "folder=inbox", "file=staff.csv", "--dataset", "inspectors")
    assert (said.code, said.err) == (0, "")
    assert "  inspector_number: {from: ZFZH, steps: [strip]}" in said.out.splitlines()
    assert "#   BZ: ?" in said.out.splitlines()
    assert sorted(directory.rglob("*")) == before


def test_a_proposal_in_a_file_is_no_map_of_a_feed_before_a_person_has_finished_it(call: Call, directory: Path) -> None:
    deployment = Deployment(directory, "")
    (directory / "mappings").mkdir()
    file = directory / "mappings" / "staff.yml"
    said = call(
        "discover", "shelf", "folder=inbox", "file=staff.csv", "--dataset", "inspectors", "--out", "mappings/staff.yml"
    )
    assert (said.code, "采用 4 列，0 列把握小，1 列没有去处，缺 1 个必填字段" in said.out) == (0, True)
    source = {"type": "csv", "path": "inbox/staff.csv"}
    feed = {"direction": "inbound", "dataset": "inspectors", "department": "A", "source": source, "map": "staff"}
    deployment.declare(staff=feed)
    assert "待确认" in call("check").out
    text = file.read_text(encoding="utf-8")
    unmarked = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("待确认"))
    file.write_text(unmarked, encoding="utf-8")
    assert "certificate_kind" in call("check").out  # demanded, and no column gives it
    finished = unmarked.replace(
        "fields:\n", "ignore: {BZ: 内部}\nfields:\n  certificate_kind: {constant: certificate}\n"
    )
    file.write_text(finished, encoding="utf-8")
    assert load_field_map(finished, "mappings/staff.yml").map == "staff"
    said = call("run", "staff", "--json")
    assert (said.code, json.loads(said.out)[0]["accepted"]) == (0, 2)


def test_the_folder_of_a_proposal_is_made_where_there_is_none(call: Call, directory: Path) -> None:
    file = "mappings/departments/yjgl/inspectors.yml"
    said = call("discover", "csv", "path=inbox/staff.csv", "--dataset", "inspectors", "--out", file)
    assert (said.code, said.err) == (0, "")
    assert "map: departments/yjgl/inspectors" in (directory / file).read_text(encoding="utf-8")


def test_a_file_that_is_there_is_left_alone(call: Call, directory: Path) -> None:
    (directory / "a.yml").write_text("mine", encoding="utf-8")
    said = call("discover", "shelf", "folder=inbox", "--dataset", "inspectors", "--out", "a.yml")
    assert (said.code, (directory / "a.yml").read_text(encoding="utf-8")) == (2, "mine")


def test_a_proposal_for_programs_says_how_sure_each_match_is(call: Call) -> None:
    said = call(
        "discover",
        "shelf",
        "folder=inbox",
        "file=companies.csv",
        "--dataset",
        "inspection_targets",
        "--json",
        language="en",
    )
    proposal = json.loads(said.out)
    assert [(each["field"], each["column"], each["confidence"]) for each in proposal["matches"]] == [
        ("identifier", "TYSHXYDM", "middle"),
        ("name", "企业名称", "high"),
        ("established_on", "成立日期", "high"),
    ]
    assert proposal["matches"][1]["reasons"] == ["'企业名称' is a usual name"]
    assert (proposal["constants"], proposal["unmatched_fields"]) == ({"identifier_scheme": "uscc"}, ["kind"])


def test_several_things_are_told_apart_by_their_options(call: Call) -> None:
    said = call("discover", "shelf", "folder=inbox", "--dataset", "inspectors")
    assert (said.code, said.out) == (2, "")
    assert "找到 2 处内容" in said.err
    assert "file=companies.csv / file=staff.csv" in said.err


def test_a_feed_is_looked_at_by_its_own_source(call: Call, directory: Path) -> None:
    source = {"type": "shelf", "name": "staff", "folder": "inbox", "file": "staff.csv"}
    feed = {"direction": "inbound", "dataset": "inspectors", "department": "A", "source": source, "map": "staff"}
    Deployment(directory, "").declare(staff=feed)
    own = json.loads(call("discover", "staff", "--json").out)
    other = json.loads(call("discover", "staff", "file=companies.csv", "--json").out)
    assert [each["title"] for each in (*own, *other)] == ["staff.csv", "companies.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["shelv"], 2, "没有名为“shelv”的来源类型或数据流；最接近的是：shelf"),
        (["shelf", "folder"], 2, "“folder”不是选项"),
        (["shelf", "foldr=inbox"], 2, "没有名为“foldr”的选项（来源类型 shelf）；最接近的是：folder"),
        (["shelf", "folder=nowhere"], 1, "没有文件夹“nowhere”"),
        (["shelf", "--dataset", "inspector"], 2, "最接近的是：inspectors"),
        (["shelf", "--out", "a.yml"], 2, "--dataset"),
        (["shelf", "--dataset", "inspectors"], 2, "没有找到可读的内容"),
        (
            ["shelf", "folder=inbox", "file=staff.csv", "--dataset", "inspectors", "--out", "inbox/staff.csv/a.yml"],
            2,
            "无法写入",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(call: Call, arguments: list[str], code: int, what: str) -> None:
    said = call("discover", *arguments)
    assert (said.code, said.out, what in said.err, said.err.count("\n")) == (code, "", True, 1)


def test_a_folder_without_files_is_said(call: Call) -> None:
    said = call("discover", "shelf")
    assert (said.code, said.out) == (1, "没有找到可读的内容；请核对选项\n")


def test_the_shipped_csv_source_leads_from_a_file_to_a_map(call: Call) -> None:
    (found,) = json.loads(call("discover", "csv", "path=inbox/staff.csv", "--json").out)
    assert [each["name"] for each in found["columns"]] == ["XM", "ZFZH", "DWBM", "LXDH", "BZ"]
    said = call("discover", "csv", "path=inbox/staff.csv", "--dataset", "inspectors")
    assert (said.code, "  inspector_number: {from: ZFZH, steps: [strip]}" in said.out.splitlines()) == (0, True)


def test_the_shipped_sql_source_lists_tables_and_leads_to_a_map(call: Call, directory: Path) -> None:
    with closing(sqlite3.connect(directory / "yjgl.db")) as database, database:
        database.execute("CREATE TABLE T_RYXX (XM TEXT, ZFZH TEXT)")
        database.execute("INSERT INTO T_RYXX VALUES ('张某', '0205262020040290')")
    (found,) = json.loads(call("discover", "sql", "url=sqlite:///yjgl.db", "--json").out)
    assert (found["source"]["table"], found["columns"][1]["values"]) == ("T_RYXX", ["0205262020040290"])
    said = call("discover", "sql", "url=sqlite:///yjgl.db", "--dataset", "inspectors")
    assert "  name: {from: XM, steps: [strip]}" in said.out.splitlines()
