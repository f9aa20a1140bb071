"""Inputs and declarations that are wrong: one clear sentence, nothing lost, and the other feeds go on."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
import pytest

from gateway.errors import GatewayError, StartError
from gateway.pipeline import inbound
from gateway.pipeline.progress import Point, Reached
from gateway.pipeline.run_report import Counts
from gateway.state import database
from gateway.state.database import Database
from tests.companies import COUNTY, company, county_map, county_register, uscc
from tests.deployment import Deployment, register

REGISTER = "名录库.csv"
DATABASE = "department.db"


def said(error: GatewayError | None) -> tuple[str, str, str]:
    """The code of an error and its two sentences, each of which reads as one."""
    assert error is not None
    zh, en = error.text("zh"), error.text("en")
    for sentence in (zh, en):
        assert "\n" not in sentence
        assert not re.search(r"\{\w+\}", sentence), f"a blank was not filled: {sentence}"
        assert not sentence.endswith((".", "。"))
    assert re.search("[\u4e00-\u9fff]", zh)
    return error.message.code, zh, en


def content(made: Deployment) -> list[tuple[Any, ...]]:
    """Everything of the exchange that a failed run must leave alone."""
    return made.query(
        "SELECT record_key, name, change_number, withdrawn FROM inspection_targets ORDER BY record_key"
    ) + made.query("SELECT identity, status, last_run FROM issues ORDER BY identity")


def replace_text(file: Path, old: str, new: str, encoding: str = "utf-8") -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding=encoding)


def rename_away(made: Deployment) -> None:
    (made.directory / REGISTER).rename(made.directory / "名录库(1).csv")


def rewrite_in_gb18030(made: Deployment) -> None:
    replace_text(made.directory / REGISTER, "企业名称", "企业名称", encoding="gb18030")


def empty_out(made: Deployment) -> None:
    (made.directory / REGISTER).write_bytes(b"")


def rename_a_column(made: Deployment) -> None:
    replace_text(made.directory / REGISTER, "统一社会信用代码", "社会信用代码")


def name_two_columns_alike(made: Deployment) -> None:
    replace_text(made.directory / REGISTER, "法人代表", "企业名称")


def hand_over_a_workbook(made: Deployment) -> None:
    (made.directory / REGISTER).write_bytes(b"PK\x03\x04" + bytes(100))


def put_a_folder_there(made: Deployment) -> None:
    (made.directory / REGISTER).unlink()
    (made.directory / REGISTER).mkdir()


FILES: dict[Callable[[Deployment], None], tuple[str, list[str]]] = {
    rename_away: ("file.missing", [REGISTER, "名录库(1).csv"]),
    rewrite_in_gb18030: ("file.wrong_encoding", [REGISTER, "utf-8", "gb18030"]),
    empty_out: ("csv.empty_file", [REGISTER]),
    rename_a_column: ("map.missing_column", [REGISTER, "统一社会信用代码 → 社会信用代码", "departments/registry"]),
    name_two_columns_alike: ("csv.doubled_column_name", [REGISTER, "企业名称", "1, 5"]),
    hand_over_a_workbook: ("file.workbook", [REGISTER]),
    put_a_folder_there: ("file.folder", [REGISTER]),
}


@pytest.mark.parametrize(("spoil", "expected"), FILES.items(), ids=[each.__name__ for each in FILES])
def test_a_file_that_is_not_as_declared_fails_its_own_feed_only(
    made: Deployment, spoil: Callable[[Deployment], None], expected: tuple[str, list[str]]
) -> None:
    source = {"type": "csv", "path": REGISTER, "encoding": "utf-8"}
    made.declare(spoilt=made.inbound("", source=source), sound=made.inbound("sound.csv"))
    register(made.directory / REGISTER, company(1), company(2, 注册日期="1998-02-30"))
    register(made.directory / "sound.csv", company(3))
    made.run("spoilt")
    before = content(made)
    spoil(made)
    (failed,) = made.run("spoilt")
    assert (failed.status, failed.counts) == ("failed", Counts())
    code, zh, en = said(failed.error)
    assert code == expected[0]
    for fragment in expected[1]:
        assert fragment in zh
        assert fragment in en
    assert content(made) == before
    assert [report.status for report in made.run("spoilt", "sound")] == ["failed", "succeeded"]


def test_a_mended_file_goes_on_where_the_last_good_one_ended(made: Deployment) -> None:
    made.declare(i=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1), company(2))
    made.run("i")
    rename_a_column(made)
    assert made.run("i")[0].status == "failed"
    register(made.directory / REGISTER, company(1), company(2, "改名"))
    assert made.run("i")[0].counts == Counts(read=2, accepted=1, unchanged=1, records=1)


def test_a_file_of_a_header_alone_is_a_snapshot_of_no_rows(made: Deployment) -> None:
    made.declare(i=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1), company(2))
    made.run("i")
    register(made.directory / REGISTER)
    (report,) = made.run("i")
    assert (report.status, report.counts) == ("held", Counts())
    code, zh, _ = said(report.notices[0])
    assert (code, "2 条记录（占本数据流的 100.0 %）" in zh) == ("withdrawal.too_many", True)
    assert made.query("SELECT count(*) FROM inspection_targets WHERE withdrawn = 0") == [(2,)]


def test_of_very_many_unmapped_columns_a_sentence_names_the_first_and_the_issue_all(made: Deployment) -> None:
    more = [f"列{number}" for number in range(1000)]
    file = register(made.directory / REGISTER, company(1))
    header, row = file.read_text(encoding="utf-8").splitlines()
    file.write_text(f"{header},{','.join(more)}\n{row}{',1' * len(more)}\n", encoding="utf-8")
    made.declare(wide=made.inbound(REGISTER))
    (report,) = made.run("wide")
    [(value, arguments)] = made.query("SELECT value, arguments FROM issues")
    assert (report.counts.accepted, value) == (1, ", ".join(more))
    for sentence in (arguments, report.notices[0].text("zh"), report.notices[0].text("en")):
        assert (len(sentence) < 400, "列19, … (1000)" in sentence) == (True, True)


def test_an_unmapped_column_is_one_issue_and_the_rows_go_on(made: Deployment) -> None:
    made.declare(i=made.inbound("county.csv", map=county_map(made.directory)))
    county_register(made.directory / "county.csv", *((number, f"企业{number}", "") for number in range(3)))
    replace_text(made.directory / "county.csv", ",版本", ",版本,负责人手机,备注")
    replace_text(made.directory / "county.csv", "山东,", "山东,,1,2")
    for _ in range(2):
        (report,) = made.run("i")
    assert (report.status, report.counts) == ("with_issues", Counts(read=3, unchanged=3))
    assert made.query("SELECT code, value, status FROM issues") == [("map.unmapped_column", "负责人手机, 备注", "open")]
    same, unmapped = map(said, report.notices)
    code, zh, en = unmapped
    assert (same[0], code, "负责人手机, 备注" in zh, "负责人手机, 备注" in en) == (
        "run.same_content",
        "map.unmapped_column",
        True,
        True,
    )


def test_rows_that_are_wrong_are_set_aside_and_the_good_ones_stored(on_either: Deployment) -> None:
    on_either.declare(i=on_either.inbound(REGISTER))
    register(on_either.directory / REGISTER, company(1), *map(company, range(2, 7)))
    lines = (on_either.directory / REGISTER).read_bytes().splitlines(keepends=True)
    lines[2] = b"too,few,cells\n"
    lines[3] = b"\xff\xfe" + lines[3]
    lines[4] = b"broken off" + bytes(40) + b"\n"  # what a power cut leaves at the end of a block
    lines[5] = lines[5].replace("有限责任公司".encode(), b"\x00\x1f")
    (on_either.directory / REGISTER).write_bytes(b"".join(lines))
    (report,) = on_either.run("i")
    assert report.error is None
    assert report.counts == Counts(read=6, accepted=2, rejected=3, held=1, records=2)
    assert on_either.query('SELECT code, "row" FROM issues ORDER BY "row"') == [
        ("csv.too_few_cells", 3),
        ("file.undecodable", 4),
        ("csv.too_few_cells", 5),
        ("field.code", 6),
    ]


def test_a_value_too_long_for_a_key_is_set_aside(on_either: Deployment) -> None:
    without_lookup = COUNTY.replace("\n    steps:\n      - lookup: {企业: enterprise, 产品: product}", "")
    on_either.declare(i=on_either.inbound("county.csv", map=county_map(on_either.directory, without_lookup)))
    good = {"代码": uscc(1), "名称": "甲", "类别": "enterprise"}
    endless = {"代码": uscc(2), "名称": "乙", "类别": "很" * 5000}
    county_register(on_either.directory / "county.csv", good, endless)
    (report,) = on_either.run("i")
    assert report.error is None
    assert report.counts == Counts(read=2, accepted=1, rejected=1, records=1)


def test_the_longest_key_that_a_record_may_have_is_stored(on_either: Deployment) -> None:
    text = COUNTY.replace("constant: uscc", "constant: local").replace("province", "licence_label")
    on_either.declare(i=on_either.inbound("county.csv", map=county_map(on_either.directory, text)))
    # Inside a key each of these signs takes three characters.
    longest = {"代码": "|" * 64, "名称": "甲", "省份": "%" * 100}
    county_register(on_either.directory / "county.csv", longest)
    (report,) = on_either.run("i")
    assert report.error is None
    assert report.counts == Counts(read=1, accepted=1, records=1)


# ------------------------------------------------------------------------------------------------ databases


def database_feed(made: Deployment, **source: str) -> dict[str, Any]:
    """An inbound feed that reads a department's database."""
    text = COUNTY.replace("代码", "code").replace("名称", "name").replace("类别", "kind").replace("省份", "province")
    county_map(made.directory, text.replace("版本", "version"))
    usual = {"type": "sql", "url": f"sqlite:///{DATABASE}", "table": "companies"}
    return made.inbound("", source={**usual, **source}, map="county/targets")


def department_database(made: Deployment) -> None:
    with closing(sqlite3.connect(made.directory / DATABASE)) as database:
        database.execute("CREATE TABLE companies (code, name, kind, province, version)")
        database.execute("INSERT INTO companies VALUES (?, '甲', '企业', '山东', 1)", [uscc(1)])
        database.commit()


@pytest.mark.parametrize(
    ("source", "code", "fragments"),
    [
        ({"url": "sqlite:///departmnet.db"}, "sql.missing_file", ["departmnet.db"]),
        ({"url": "postgresql://reader@127.0.0.1:1/x"}, "sql.unreachable", ["127.0.0.1", "1"]),
        ({"table": "company"}, "sql.unknown_table", ["company", "companies"]),
        ({"table": "companies", "columns": ["code", "nmae"]}, "sql.unknown_column", ["nmae", "name"]),
        ({"url": f"sqlite:///{REGISTER}"}, "sql.not_sqlite", [REGISTER]),
    ],
)
def test_a_database_that_is_not_as_declared_fails_its_own_feed_only(
    made: Deployment, source: dict[str, Any], code: str, fragments: list[str]
) -> None:
    department_database(made)
    register(made.directory / REGISTER, *map(company, range(50)))
    made.declare(spoilt=database_feed(made, **source), sound=made.inbound(REGISTER))
    failed, sound = made.run("spoilt", "sound")
    assert (failed.status, sound.status) == ("failed", "succeeded")
    found, zh, en = said(failed.error)
    assert found == code
    for fragment in fragments:
        assert fragment in zh
        assert fragment in en


@pytest.mark.parametrize(
    ("url", "code", "fragments"),
    [
        ("postgresql://root:hidden@127.0.0.1:1/x", "state.unreachable", ["root:***@127.0.0.1:1"]),
        ("sqlite:////proc/none/gateway.db", "state.unreachable", ["/proc/none/gateway.db"]),
        ("mysql://root@127.0.0.1/x", "settings.invalid", ["database_url", "postgresql://"]),
    ],
)
def test_an_own_database_that_cannot_be_opened_stops_the_command(
    made: Deployment, url: str, code: str, fragments: list[str]
) -> None:
    made.declare(i=made.inbound(REGISTER))
    with pytest.raises(StartError) as stopped:
        Deployment(made.directory, url).run("i")
    found, zh, en = said(stopped.value)
    assert found == code
    assert "hidden" not in zh + en
    for fragment in fragments:
        assert fragment in zh
        assert fragment in en


def test_an_own_database_that_is_no_database_stops_the_command(made: Deployment) -> None:
    made.declare(i=made.inbound(REGISTER))
    (made.directory.parent / "gateway.db").write_text("企业名称,统一社会信用代码\n" * 100, encoding="utf-8")
    with pytest.raises(StartError) as stopped:
        made.run("i")
    assert said(stopped.value)[0] == "state.unreachable"


def interrupted_at(point: Point) -> Reached:
    """Something that ends the process's work at a point, as Ctrl-C does."""

    def reached(passed: Point) -> None:
        if passed == point:
            raise KeyboardInterrupt

    return reached


def meanwhile(point: Point, happens: Callable[[], object]) -> Reached:
    """Something that happens elsewhere when a run passes a point for the first time."""
    happened: list[object] = []

    def reached(passed: Point) -> None:
        if passed == point and not happened:
            happened.append(happens())

    return reached


def process_has_ended(made: Deployment) -> None:
    """Let the leases go that a run could not give back: those of a process that has ended count for nothing."""
    own = Database(made.database_url)
    with own.write() as connection:
        connection.exec_driver_sql("DELETE FROM leases")
    own.close()


def test_an_own_database_that_is_locked_for_too_long_fails_the_run_and_loses_nothing(
    made: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.01)
    made.declare(i=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1))
    with closing(sqlite3.connect(made.directory.parent / "gateway.db", check_same_thread=False)) as other:
        lock = meanwhile(Point.SPOOL_COMPLETE, lambda: other.execute("BEGIN IMMEDIATE"))
        (failed,) = made.run("i", reached=lock)
    code, zh, en = said(failed.error)
    assert (failed.status, code) == ("failed", "state.away")
    assert "database is locked" in zh
    assert "database is locked" in en
    process_has_ended(made)
    assert made.run("i")[0].counts == Counts(read=1, unchanged=1)  # what was read before is stored first
    assert made.query("SELECT status FROM runs ORDER BY id") == [("succeeded",), ("succeeded",)]


def test_an_own_server_that_goes_away_fails_the_run_and_loses_nothing(made: Deployment, postgresql_url: str) -> None:
    made = Deployment(made.directory, postgresql_url)
    made.declare(i=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1))
    made.run()

    def close_the_door() -> None:
        with psycopg.connect(postgresql_url, autocommit=True) as own:
            name = own.info.dbname
            with psycopg.connect(postgresql_url, dbname="postgres", autocommit=True) as other:
                other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )

    def open_the_door() -> None:
        name = psycopg.conninfo.conninfo_to_dict(postgresql_url)["dbname"]
        with psycopg.connect(postgresql_url, dbname="postgres", autocommit=True) as other:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())

    try:
        (failed,) = made.run("i", reached=meanwhile(Point.SPOOL_COMPLETE, close_the_door))
    finally:
        open_the_door()
    assert (failed.status, said(failed.error)[0]) == ("failed", "state.away")
    process_has_ended(made)
    assert made.run("i")[0].counts == Counts(read=1, unchanged=1)


def test_what_a_killed_run_left_spoilt_is_read_anew(made: Deployment) -> None:
    made.declare(i=made.inbound(REGISTER), other=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1))
    with pytest.raises(KeyboardInterrupt):
        made.run("i", reached=interrupted_at(Point.SPOOL_COMPLETE))
    for file in (made.directory / "spool").rglob("*.arrow"):
        file.write_bytes(b"")  # a power cut
    assert made.run("i")[0].counts == Counts(read=1, accepted=1, records=1)
    assert made.query("SELECT status FROM runs ORDER BY id") == [("failed",), ("succeeded",)]


def test_a_spool_that_cannot_be_written_fails_the_run_with_a_sentence(made: Deployment) -> None:
    made.declare(i=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1))
    (made.directory / "spool").write_text("a file where the folder should be")
    (failed,) = made.run("i")
    code, zh, _ = said(failed.error)
    assert (failed.status, code, "spool" in zh) == ("failed", "run.files", True)


def test_a_run_that_was_stored_is_not_called_failed_for_want_of_space_afterwards(
    made: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "LOOKED_UP", 0)
    made.declare(i=made.inbound(REGISTER))
    register(made.directory / REGISTER, company(1))
    (made.directory / "spool" / "i" / "known.unfinished").mkdir(parents=True)  # where a file is to be written
    (report,) = made.run("i")
    assert (report.status, report.counts.accepted) == ("succeeded", 1)
    assert made.query("SELECT status FROM runs") == [("succeeded",)]


def test_a_file_whose_name_is_in_another_encoding_is_read_and_named(on_either: Deployment) -> None:
    on_either.declare(i=on_either.inbound("*.csv"), missing=on_either.inbound("录.csv"))
    register(on_either.directory / REGISTER, company(1), company(2, 注册日期="1998-02-30"))
    (on_either.directory / REGISTER).rename(on_either.directory / os.fsdecode("名录库.csv".encode("gb18030")))
    missing, found = on_either.run("missing", "i")
    assert said(missing.error)[0] == "file.missing"
    assert (found.error, found.counts) == (None, Counts(read=2, accepted=1, rejected=1, records=1))
    assert on_either.query("SELECT source FROM inspection_targets") == [("名录库.csv",)]


# -------------------------------------------------------------------------------------------- declarations


@pytest.mark.parametrize(
    ("said_wrong", "code", "fragments"),
    [
        ({"source": {"type": "cvs", "path": REGISTER}}, "start.unknown_name", ["cvs", "csv"]),
        ({"dataset": "inspection_target"}, "start.unknown_name", ["inspection_target", "inspection_targets"]),
        ({"map": "departments/registery/inspection_targets"}, "start.unknown_name", ["departments/registry/"]),
        ({"source": {"type": "csv", "pth": REGISTER}}, "feed.wrong_options", ["pth", "path, sftp"]),
        ({"source": {"type": "csv", "path": REGISTER, "encoding": "gbk"}}, "feed.wrong_options", ["encoding"]),
        ({"source": {"path": REGISTER}}, "feed.invalid", ["a.yml", "source.type"]),
        ({"source": {"type": ["csv"], "path": REGISTER}}, "feed.invalid", ["a.yml", "source.type"]),
        ({"source": "csv"}, "feed.invalid", ["a.yml", "source"]),
        ({"direction": "inwards"}, "feed.invalid", ["a.yml", "inbound", "outbound"]),
        ({"reads": "all"}, "feed.invalid", ["reads", "everything"]),
        ({"expect": {"vanish_at_most": "fünf %"}}, "feed.invalid", ["expect.vanish_at_most"]),
        ({"department": "3" * 33}, "feed.invalid", ["department", "32"]),
        ({"colour": "red"}, "feed.invalid", ["colour"]),
    ],
)
def test_an_inbound_feed_declared_wrong_stops_the_command(
    made: Deployment, said_wrong: dict[str, Any], code: str, fragments: list[str]
) -> None:
    made.declare(a={**made.inbound(REGISTER), **said_wrong})
    register(made.directory / REGISTER, company(1))
    refuses(made, "a", code, fragments)


@pytest.mark.parametrize(
    ("said_wrong", "code", "fragments"),
    [
        ({"profile": "shandong/platform/2023-1"}, "start.unknown_name", ["shandong/platform/2023-01"]),
        ({"where": {"provinze": "山东"}}, "start.unknown_name", ["provinze", "province"]),
        ({"destination": {"name": "x", "type": "rset"}}, "start.unknown_name", ["rset", "rest"]),
        ({"destination": {"name": "x", "type": "rest", "urll": "http://127.0.0.1"}}, "feed.wrong_options", ["urll"]),
        ({"destination": {"type": "rest"}}, "feed.invalid", ["a.yml", "destination.name"]),
        ({"dataset": "department"}, "start.unknown_name", ["departments"]),
        ({"destination": {"name": ["x"], "type": "rest"}}, "feed.invalid", ["destination.name"]),
    ],
)
def test_an_outbound_feed_declared_wrong_stops_the_command(
    made: Deployment, said_wrong: dict[str, Any], code: str, fragments: list[str]
) -> None:
    made.declare(a={**made.outbound("http://127.0.0.1:1"), **said_wrong})
    refuses(made, "a", code, fragments)


def test_a_feed_that_is_not_there_is_answered_with_the_nearest(made: Deployment) -> None:
    made.declare(registry_shandong=made.inbound(REGISTER))
    refuses(made, "registry-shangdong", "start.unknown_name", ["registry-shangdong", "registry-shandong"])


@pytest.mark.parametrize(
    ("text", "code", "fragments"),
    [
        ("a:\n  direction: inbound\n  source: {type: csv\n  map: x\n", "yaml.syntax", ["b.yml", "4"]),
        ("a:\n  direction: inbound\n  direction: inbound\n", "yaml.duplicate_key", ["b.yml", "3", "direction"]),
        ("- a\n- b\n", "feed.no_names", ["b.yml"]),
        ("a: inbound\n", "feed.invalid", ["b.yml", "“a”"]),
    ],
)
def test_a_broken_declaration_is_shown_with_its_file_and_line(
    made: Deployment, text: str, code: str, fragments: list[str]
) -> None:
    made.declare(sound=made.inbound(REGISTER))
    (made.directory / "config" / "feeds" / "b.yml").write_text(text, encoding="utf-8")
    refuses(made, "sound", code, fragments, languages=("zh",))


def test_a_declaration_in_another_encoding_is_named(made: Deployment) -> None:
    made.declare(sound=made.inbound(REGISTER))
    (made.directory / "config" / "feeds" / "b.yml").write_text("数据流: {}", encoding="gb18030")
    refuses(made, "sound", "feed.unreadable", ["b.yml", "utf-8"])


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../a", ".hidden", "a\\b", "a\nb", "", " a", "甲" * 101])
def test_a_name_that_is_no_name_of_a_folder_is_refused(made: Deployment, name: str) -> None:
    (made.directory / "config" / "feeds").mkdir(parents=True)
    made.declare(b={})
    import json

    file = made.directory / "config" / "feeds" / "b.yml"
    file.write_text(json.dumps({name: made.inbound(REGISTER)}, ensure_ascii=False), encoding="utf-8")
    refuses(made, name, "feed.name", ["b.yml"])


def test_a_field_map_in_another_encoding_is_named(made: Deployment) -> None:
    made.declare(a=made.inbound(REGISTER, map=county_map(made.directory)))
    file = made.directory / "mappings" / "county" / "targets.yml"
    file.write_bytes(COUNTY.encode("gb18030"))
    refuses(made, "a", "map.unreadable", ["county/targets"])


def refuses(
    made: Deployment, feed: str, code: str, fragments: list[str], languages: tuple[str, ...] = ("zh", "en")
) -> None:
    """The command stops with one sentence, and nothing was begun."""
    with pytest.raises(StartError) as stopped:
        made.run(feed)
    found, zh, en = said(stopped.value)
    assert found == code, zh
    for fragment in fragments:
        for language in languages:
            assert fragment in {"zh": zh, "en": en}[language]
    assert made.query("SELECT count(*) FROM runs") == [(0,)]
