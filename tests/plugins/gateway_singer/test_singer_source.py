"""Taps are run as they are: every record once, numbers as written, nothing stored of a tap that fails."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError, StartError
from gateway.interfaces import Batch, Memory, ResumingSource, Source, Surroundings
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_singer.options import SingerOptions
from gateway_singer.source import SingerSource, discover

Open = Callable[..., SingerSource]
SCHEMA = {"type": "SCHEMA", "stream": "companies", "schema": {"properties": {"code": {}, "name": {}}}}
ROWS = [{"code": f"{number:03}", "name": f"企业{number}", "updated_at": f"2026-01-0{number}"} for number in (1, 2, 3)]


def record(**members: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "companies", "record": members}


def rows_of(batches: Iterator[Batch]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.rows.drop("_row").rows(named=True)]


def refused(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(source.read())
    return caught.value


class TestSingerContract(SourceContract):
    @pytest.fixture
    def source(self, open_saying: Open) -> Source:
        rows = [record(code="1", name="甲"), record(code="2", more="x"), record(code="3"), record(code="4", name="丁")]
        other = {"type": "RECORD", "stream": "people", "record": {"id": 1}}
        return open_saying(SCHEMA, other, *rows, batch_rows=2)

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {1: ("1", "甲"), 2: None, 3: ("3", ""), 4: ("4", "丁")}

    @pytest.fixture
    def empty_source(self, open_rows: Open) -> Source:
        return open_rows([{"code": "1", "updated_at": ""}])  # before every bookmark


# ------------------------------------------------------------------------------------------------------- values


def test_values_are_taken_as_they_were_written(open_saying: Open) -> None:
    line = (
        '{"type":"RECORD","stream":"companies","record":'
        '{"code":123456789012345678901,"name":[1.10,{"a":true,"b":"名"},null]}}'
    )
    rows = rows_of(open_saying(SCHEMA, line, record(code=None, name=""), record(code=False)).read())
    assert rows == [
        {"code": "123456789012345678901", "name": '[1.10,{"a":true,"b":"名"},null]'},
        {"code": None, "name": ""},
        {"code": "false", "name": None},
    ]


def test_records_that_are_no_rows_are_set_aside_and_the_others_go_on(open_saying: Open) -> None:
    surrogate = '{"type":"RECORD","stream":"companies","record":{"code":"\\ud800"}}'
    no_object = {"type": "RECORD", "stream": "companies", "record": [1]}
    doubled = '{"type":"RECORD","stream":"companies","record":{"code":"5","code":6.0}}'
    source = open_saying(SCHEMA, surrogate, no_object, record(code="3", other="x", more="y"), record(code="4"), doubled)
    (batch,) = source.read()
    assert [(fault.row, fault.message.code, fault.text) for fault in batch.faults] == [
        (1, "singer.record_no_text", '{"code":"\\ud800"}'),
        (2, "singer.record_no_object", "[1]"),
        (3, "singer.undeclared_member", '{"code":"3","other":"x","more":"y"}'),
        (5, "singer.doubled_member", '{"code":"5","code":6.0}'),
    ]
    assert batch.faults[2].values["members"] == "more, other"
    assert batch.rows["_row"].to_list() == [4]


def test_members_beside_the_schema_can_be_declared(open_saying: Open) -> None:
    rows = rows_of(open_saying(SCHEMA, record(code="1", more="x"), columns=("more",)).read())
    assert rows == [{"code": "1", "name": None, "more": "x"}]


def test_versions_are_not_activated_and_blank_lines_say_nothing(open_saying: Open) -> None:
    version = {"type": "ACTIVATE_VERSION", "stream": "companies", "version": 1}
    assert rows_of(open_saying(SCHEMA, version, "", record(code="1", name="甲"), version).read()) == [
        {"code": "1", "name": "甲"}
    ]


def test_a_last_line_without_its_end_is_read(open_saying: Open, tmp_path: Path) -> None:
    source = open_saying(SCHEMA, record(code="1", name="甲"))
    (tmp_path / "say").write_bytes((tmp_path / "say").read_bytes().rstrip(b"\n"))
    assert rows_of(source.read()) == [{"code": "1", "name": "甲"}]


# --------------------------------------------------------------------------------------------------- selections


@pytest.mark.parametrize("select", ["catalog", "properties"])
@pytest.mark.parametrize("name", ["companies", "county-companies"])
def test_the_stream_is_selected_from_the_taps_own_catalog(open_rows: Open, select: str, name: str) -> None:
    source = open_rows(ROWS, select=select, stream=name)
    source.check()
    assert rows_of(source.read()) == ROWS


def test_every_member_is_selected_but_those_that_the_tap_cannot_give(open_rows: Open, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    source = open_rows(ROWS, metadata={"replication-method": "INCREMENTAL"})
    config = {"rows": str(tmp_path / "rows.json"), "note": str(note)}
    source = open_rows(ROWS, metadata={"replication-method": "INCREMENTAL"}, config=config)
    list(source.read())
    people, companies = json.loads(note.read_text())["catalog"]["streams"]
    assert [each["metadata"] for each in people["metadata"]] == [{"inclusion": "available", "selected": False}]
    assert {tuple(each["breadcrumb"]): each["metadata"] for each in companies["metadata"]} == {
        (): {"inclusion": "available", "selected": True, "replication-method": "INCREMENTAL"},
        **{("properties", name): {"selected": True} for name in ROWS[0]},
    }


def test_a_catalog_of_the_deployment_takes_the_place_of_discovery(open_rows: Open, tmp_path: Path) -> None:
    selected = [{"breadcrumb": [], "metadata": {"selected": True}}]
    stream = {"tap_stream_id": "companies", "stream": "companies", "metadata": selected}
    catalog = {"streams": [{**stream, "schema": {"properties": {"code": {}, "updated_at": {}}}}]}
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    rows = [{"code": "001", "updated_at": "2026-01-01"}]
    assert rows_of(open_rows(rows, catalog_file="catalog.json").read()) == rows


def test_a_stream_that_is_not_there_is_said_with_those_that_are(open_rows: Open) -> None:
    with pytest.raises(SourceError) as caught:
        open_rows(ROWS, stream="firms").check()
    assert (caught.value.message.code, caught.value.values["known"]) == (
        "singer.unknown_stream",
        "county-people, county-companies",
    )


def test_discovery_lists_every_stream_with_what_a_feed_has_to_say(open_rows: Open, tmp_path: Path) -> None:
    open_rows(ROWS)
    given = {"command": (sys.executable, str(Path(__file__).with_name("a_tap.py")))}
    found = discover({**given, "config": {"rows": str(tmp_path / "rows.json")}}, Surroundings(tmp_path, {}.__getitem__))
    assert [(each.source["type"], each.source["stream"], each.title) for each in found] == [
        ("singer", "county-people", "people"),
        ("singer", "county-companies", "companies"),
    ]
    assert [(column.name, column.type) for column in found[1].columns] == [(name, "string") for name in ROWS[0]]
    assert SingerOptions.model_validate({k: v for k, v in found[1].source.items() if k != "type"})


def test_discovery_without_a_command_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="command: must be stated") as caught:
        discover({"type": "singer"}, Surroundings(tmp_path, {}.__getitem__))
    assert "选项有误：command：必须写明；" in caught.value.text("zh")


# ------------------------------------------------------------------------------------------------------- states


def test_the_next_run_goes_on_after_the_last_state(open_rows: Open) -> None:
    first = open_rows(ROWS[:2])
    assert isinstance(first, ResumingSource)
    (batch,) = first.resume(Memory())
    assert batch.cursor == {"state": '{"bookmarks":{"companies":"2026-01-02"}}'}
    (next_batch,) = open_rows(ROWS).resume(Memory(cursor=batch.cursor))
    assert rows_of(iter([next_batch])) == ROWS[2:]
    (nothing,) = open_rows(ROWS).resume(Memory(cursor=next_batch.cursor))
    assert (nothing.rows.height, nothing.cursor) == (0, next_batch.cursor)


def test_a_batch_never_has_a_state_that_covers_rows_after_it(open_saying: Open) -> None:
    states = [{"type": "STATE", "value": {"at": number}} for number in range(4)]
    rows = [record(code=str(number)) for number in range(4)]
    source = open_saying(SCHEMA, states[0], rows[0], rows[1], rows[2], states[3], rows[3], batch_rows=2)
    cursors = [(batch.rows["code"].to_list(), batch.cursor) for batch in source.resume(Memory())]
    assert cursors == [
        (["0", "1"], {"state": '{"at":0}'}),
        (["2", "3"], {"state": '{"at":3}'}),
        ([], {"state": '{"at":3}'}),
    ]


def test_a_state_is_given_back_as_it_was_written(open_saying: Open, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    source = open_saying(SCHEMA, config={"note": str(note)})
    list(source.resume(Memory(cursor={"state": '{"lsn":1.50,"id":"枣"}'})))
    assert json.loads(note.read_text())["state"] == {"lsn": 1.5, "id": "枣"}


def test_since_sets_the_start_and_leaves_the_state_out(open_rows: Open) -> None:
    memory = Memory(cursor={"state": '{"bookmarks":{"companies":"2026-01-03"}}'}, since="2026-01-01")
    assert rows_of(open_rows(ROWS).resume(memory)) == ROWS[1:]


# ------------------------------------------------------------------------------------------------------ secrets


def test_secrets_reach_the_tap_in_a_file_that_is_gone_afterwards(open_saying: Open, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    config = {"note": str(note), "account": {"user": "gateway"}}
    list(open_saying(SCHEMA, config=config, secrets={"account.password": "county", "token": "county"}).read())
    seen = json.loads(note.read_text())
    assert seen["config"]["account"] == {"user": "gateway", "password": 's3cret "密钥"/1'}
    assert seen["config"]["token"] == 's3cret "密钥"/1'
    assert seen["rights"] == ["0o600", "0o700"]
    assert not Path(seen["place"]).parent.exists()
    assert not any("s3cret" in argument for argument in seen["arguments"])
    assert Path(seen["directory"]).samefile(tmp_path)


def test_the_tap_does_not_inherit_what_is_the_gateways(
    open_saying: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_SECRET_COUNTY", "x")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "x")
    note = tmp_path / "note.json"
    list(open_saying(SCHEMA, config={"note": str(note)}).read())
    seen = json.loads(note.read_text())["environ"]
    assert "PATH" in seen
    assert [name for name in seen if name.startswith("GATEWAY_")] == []


def test_a_secret_is_hidden_wherever_the_tap_shows_it(open_saying: Open) -> None:
    complaint = 'cannot log in with s3cret "密钥"/1 ({}) at https://x/?k={}'.format(
        json.dumps('s3cret "密钥"/1'), "s3cret%20%22%E5%AF%86%E9%92%A5%22%2F1"
    )
    config = {"complain": complaint, "exit": "1"}
    error = refused(open_saying(SCHEMA, config=config, secrets={"password": "county"}))
    assert error.values["said"] == 'cannot log in with *** ("***") at https://x/?k=***'
    error = refused(open_saying('debug s3cret "密钥"/1', secrets={"password": "county"}))
    assert error.values["excerpt"] == "debug ***"


# ------------------------------------------------------------------------------------------------------ trouble


def test_a_tap_that_fails_after_its_last_line_fails_the_run(open_saying: Open) -> None:
    error = refused(open_saying(SCHEMA, record(code="1"), config={"complain": "INFO x\nODBC: 拒绝\n", "exit": "3"}))
    assert (error.message.code, error.values["code"], error.values["said"]) == (
        "singer.failed",
        3,
        "INFO x | ODBC: 拒绝",
    )


@pytest.mark.parametrize(
    "line",
    [
        "Reading 5 rows",
        '{"type": "RECORD", "stream": "companies"',
        {"type": "BATCH", "stream": "companies"},
        {"stream": "companies"},
        {"type": "RECORD", "record": {}},
        {"type": "RECORD", "stream": "companies"},
        {"type": "SCHEMA", "stream": "companies", "schema": {}},
        {"type": "STATE"},
        ["RECORD"],
        "[" * 100_000,
    ],
    ids=lambda line: str(line)[:40],
)
def test_a_line_that_is_no_message_fails_the_run_and_is_shown(open_saying: Open, line: Any) -> None:
    error = refused(open_saying(SCHEMA, record(code="1"), line, record(code="2")))
    assert (error.message.code, error.values["line"]) == ("singer.unknown_line", 3)
    assert error.values["excerpt"] == (line if isinstance(line, str) else json.dumps(line))[:200]


def test_a_line_that_is_not_utf_8_fails_the_run(open_saying: Open, tmp_path: Path) -> None:
    source = open_saying(SCHEMA)
    with (tmp_path / "say").open("ab") as file:
        file.write('{"type":"RECORD","stream":"companies","record":{"code":"枣"}}\n'.encode("gb18030"))
    assert refused(source).values["line"] == 2


def test_a_record_before_its_schema_is_refused(open_saying: Open) -> None:
    error = refused(open_saying(record(code="1"), SCHEMA))
    assert (error.message.code, error.values["line"]) == ("singer.record_before_schema", 1)


def test_a_stream_without_schema_is_refused_and_the_others_are_named(open_saying: Open) -> None:
    error = refused(open_saying({**SCHEMA, "stream": "people"}, {**SCHEMA, "stream": "firms"}))
    assert (error.message.code, error.values["known"]) == ("singer.no_schema", "people, firms")


def test_a_schema_that_grows_while_it_is_read_is_refused_unless_declared(open_saying: Open) -> None:
    grown = {**SCHEMA, "schema": {"properties": {"code": {}, "more": {}}}}
    error = refused(open_saying(SCHEMA, record(code="1"), grown, record(code="2", more="x")))
    assert (error.message.code, error.values["columns"]) == ("singer.schema_changed", "more")
    rows = rows_of(open_saying(SCHEMA, grown, record(code="2", more="x"), columns=("more",)).read())
    assert rows == [{"code": "2", "name": None, "more": "x"}]


def test_a_member_that_would_hide_the_rows_number_is_refused(open_saying: Open) -> None:
    assert refused(open_saying({**SCHEMA, "schema": {"properties": {"_row": {}}}})).message.code == (
        "singer.reserved_column"
    )


def test_a_silent_tap_is_stopped(open_saying: Open, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    error = refused(open_saying(SCHEMA, config={"dawdle": "60", "note": str(note)}, silent_seconds=1))
    assert error.message.code == "singer.silent"
    assert not _is_alive(json.loads(note.read_text())["process"])


def test_a_tap_that_nobody_reads_on_is_stopped(open_saying: Open, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    rows = [record(code=str(number)) for number in range(3)]
    reading = open_saying(SCHEMA, *rows, batch_rows=1, config={"dawdle": "60", "note": str(note)}).read()
    assert next(reading).rows.height == 1
    reading.close()  # type: ignore[attr-defined]
    assert not _is_alive(json.loads(note.read_text())["process"])


def test_a_line_without_end_is_not_waited_for(open_saying: Open) -> None:
    error = refused(open_saying(SCHEMA, "x" * 200_000, line_bytes=2048))
    assert error.message.code == "singer.long_line"


@pytest.mark.parametrize("command", [("./missing-tap",), ("missing-tap",), (str(Path(__file__)),)], ids=str)
def test_a_tap_that_cannot_be_started_is_said(open_saying: Open, command: tuple[str, ...]) -> None:
    source = open_saying(SCHEMA, command=command)
    assert refused(source).message.code == "singer.not_started"
    with pytest.raises(SourceError):
        source.check()


def test_a_tap_without_discovery_says_what_to_write(open_saying: Open) -> None:
    error = refused(open_saying(SCHEMA, select="catalog"))
    assert error.message.code == "singer.not_discovered"
    assert "KeyError" in error.values["said"]
    assert "select: nothing" in str(error)


def test_a_secret_may_be_any_word_of_the_catalog(open_rows: Open, tmp_path: Path) -> None:
    source = open_rows(ROWS)
    secrets = {"token": "word"}
    options = source._options.model_copy(update={"secrets": secrets})
    assert rows_of(SingerSource(options, Surroundings(tmp_path, {"word": "stream"}.__getitem__)).read()) == ROWS


def test_a_discovery_that_is_no_catalog_is_said(open_rows: Open) -> None:
    error = refused(open_rows(ROWS, command=("/bin/echo", "hello"), select="catalog"))
    assert error.message.code == "singer.no_catalog"
    assert "select: nothing" in str(error)


# ------------------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    "options",
    [
        {"command": ()},
        {"command": "tap-mysql --x"},
        {"stream": ""},
        {"select": "nothing", "metadata": {"a": "b"}},
        {"catalog_file": "c.json", "metadata": {"a": "b"}},
        {"config_file": "a.json"},
        {"unknown": "1"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(open_rows: Open, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        open_rows(ROWS, **options)


def test_numbers_of_a_configuration_stand_in_a_file(open_rows: Open, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    content = {"rows": str(tmp_path / "rows.json"), "note": str(note), "limit": 5, "deep": True}
    (tmp_path / "tap.json").write_text(json.dumps(content))
    assert rows_of(open_rows(ROWS, config={}, config_file="tap.json").read()) == ROWS
    assert json.loads(note.read_text())["config"] == content


@pytest.mark.parametrize("content", [None, "[1]", "{"])
def test_a_configuration_that_cannot_be_read_stops_the_start(
    open_rows: Open, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "tap.json").write_text(content)
    with pytest.raises(StartError) as caught:
        open_rows(ROWS, config={}, config_file="tap.json")
    assert (caught.value.message.code, caught.value.values["option"]) == ("singer.file_not_read", "config_file")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
