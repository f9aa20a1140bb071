from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from gateway.checking import compile_checks
from gateway.domain.dataset import CodeList, Dataset, Facts, Field
from gateway.domain.frame_hash import frame_hash
from gateway.domain.record_key import LONGEST_KEY
from gateway.interfaces import ROW, Batch, RowFault
from gateway.mapping import compile_map, field_map_of
from gateway.messages import Message
from gateway.pipeline.judge import JUDGED, Judge, issues_file

KINDS = CodeList("kinds", "类别", {"enterprise": "企业"}, source="-")
DATASET = Dataset(
    "things",
    "物",
    fields=(
        Field(name="number", title="编号", length=700, required=True, key=True),
        Field(name="kind", title="类别", key=True, codes=KINDS),
        Field(name="name", title="名称", length=4, required=True),
        Field(name="colour", title="颜色", codes=CodeList("colours", "颜色", {"red": "红"}, source="-")),
    ),
)
COLUMNS = {"number": "编号", "kind": "类别", "name": "名称", "colour": "颜色", "record_version": "版本"}
USUAL = {"编号": "1", "类别": "enterprise", "名称": "甲", "颜色": "red", "版本": ""}
FAULT = Message("test.fault", zh="第 {line} 行", en="line {line}")


@pytest.fixture(scope="module")
def judge() -> Judge:
    fields = {name: {"from": column} for name, column in COLUMNS.items()}
    compiled = compile_map(field_map_of({"map": "t", "dataset": "things", "fields": fields}, "t"), DATASET.schema)
    return Judge(DATASET, compiled, compile_checks(DATASET, Facts()), compiled.columns)


def batch(*rows: dict[str, str], faults: tuple[RowFault, ...] = ()) -> Batch:
    cells = {ROW: pl.Series(range(2, len(rows) + 2), dtype=pl.Int64)}
    cells |= {name: pl.Series([{**USUAL, **row}[name] for row in rows], dtype=pl.String) for name in USUAL}
    return Batch("a.csv", pl.DataFrame(cells), faults)


def judged(judge: Judge, folder: Path, given: Batch) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = judge.judge(3, given, folder, None, 0)
    assert dict(frame.schema) == JUDGED
    return frame, pl.read_ipc(issues_file(folder, 3))


def hashed(text: str) -> int:
    return int(pl.DataFrame({"k": [text]}).select(frame_hash("k")).item())


def test_a_row_that_is_right_is_accepted_under_its_key(judge: Judge, tmp_path: Path) -> None:
    frame, issues = judged(judge, tmp_path, batch({}))
    assert frame.select("batch", "index", "key", "verdict").rows() == [(3, 0, hashed("1|enterprise"), "accepted")]
    assert frame["row_hash"].null_count() == 0
    assert issues.is_empty()


def test_what_is_wrong_elsewhere_leaves_the_key_readable(judge: Judge, tmp_path: Path) -> None:
    frame, issues = judged(judge, tmp_path, batch({"名称": "五个字的名"}, {"颜色": "blue"}))
    assert frame["verdict"].to_list() == ["rejected", "held"]
    assert frame["key"].to_list() == [hashed("1|enterprise")] * 2
    assert issues.select("code", "record_key", "row").rows() == [
        ("field.length", "1|enterprise", 2),
        ("field.code", "1|enterprise", 3),
    ]


@pytest.mark.parametrize(
    ("wrong", "verdict", "code"),
    [
        ({"编号": ""}, "rejected", "field.required"),
        ({"编号": "1\x07"}, "rejected", "field.control"),
        ({"类别": "enterprlse"}, "held", "field.code"),
        ({"编号": "x" * LONGEST_KEY}, "rejected", "key.too_long"),
        ({"编号": "|" * 400}, "rejected", "key.too_long"),
    ],
)
def test_a_key_that_cannot_be_trusted_names_no_record(
    judge: Judge, tmp_path: Path, wrong: dict[str, str], verdict: str, code: str
) -> None:
    frame, issues = judged(judge, tmp_path, batch(wrong))
    assert frame.select("key", "verdict", "row_hash").rows() == [(None, verdict, None)]
    assert issues.select("code", "record_key", "row").rows() == [(code, None, 2)]


def test_the_longest_key_is_still_one(judge: Judge, tmp_path: Path) -> None:
    frame, issues = judged(judge, tmp_path, batch({"编号": "x" * (LONGEST_KEY - len("|enterprise"))}))
    assert frame["verdict"].to_list() == ["accepted"]
    assert issues.is_empty()


def test_an_issue_shows_the_whole_row_as_it_was_written(judge: Judge, tmp_path: Path) -> None:
    _, issues = judged(judge, tmp_path, batch({}, {"名称": "五个字的名", "版本": "7"}))
    (issue,) = issues.to_dicts()
    assert issue["original"] == '{"编号":"1","类别":"enterprise","名称":"五个字的名","颜色":"red","版本":"7"}'
    assert (issue["place"], issue["column"], issue["value"]) == ("a.csv", "名称", "五个字的名")


def test_a_row_that_could_not_be_split_is_an_issue_too(judge: Judge, tmp_path: Path) -> None:
    fault = RowFault(9, FAULT, {"line": 9}, "半,行")
    frame, issues = judged(judge, tmp_path, batch({}, faults=(fault,)))
    assert frame.height == 1
    assert issues.select("code", "row", "value", "arguments", "original").rows() == [
        ("test.fault", 9, "半,行", '{"line": 9}', "半,行")
    ]


def test_a_batch_without_rows_has_no_verdicts(judge: Judge, tmp_path: Path) -> None:
    frame, issues = judged(judge, tmp_path, batch())
    assert frame.is_empty()
    assert issues.is_empty()


def test_a_version_stays_as_the_source_wrote_it(judge: Judge, tmp_path: Path) -> None:
    frame, _ = judged(judge, tmp_path, batch({"版本": "9"}, {"版本": "2024/9/30 8:00"}, {"版本": ""}))
    assert frame["version"].to_list() == ["9", "2024/9/30 8:00", None]


def test_a_version_that_tells_nothing_holds_its_row(judge: Judge, tmp_path: Path) -> None:
    frame, issues = judged(judge, tmp_path, batch({"版本": "v9"}, {"版本": "9"}))
    assert frame["verdict"].to_list() == ["held", "accepted"]
    assert issues.select("outcome", "code", "field", "column", "value").rows() == [
        ("held", "version.unreadable", "record_version", "版本", "v9")
    ]


def test_the_version_is_no_part_of_the_content(judge: Judge, tmp_path: Path) -> None:
    frame, _ = judged(judge, tmp_path, batch({"版本": "1"}, {"版本": "2"}))
    assert frame["digest"].n_unique() == 1
