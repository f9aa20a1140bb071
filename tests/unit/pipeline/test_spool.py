from __future__ import annotations

from pathlib import Path

import polars as pl

from gateway.interfaces import ROW, Batch, Content, LeftOut, RowFault
from gateway.messages import Catalogue, Message
from gateway.pipeline.spool import Spool, Terms

FAULT = Message("test.fault", zh="第 {line} 行", en="line {line}")
TOTAL = Message("test.total", zh="合计", en="a total")
MESSAGES = Catalogue([FAULT, TOTAL])
ROWS = pl.DataFrame({ROW: [2, 5], "名称": ["甲\n\x00乙", None]}, schema={ROW: pl.Int64, "名称": pl.String})
BATCH = Batch("部门/a.csv", ROWS, [RowFault(3, FAULT, {"line": 3}, "半\x00行")], [LeftOut(4, TOTAL, "合计,2")])
RESUMING = Batch(
    "甲.csv", ROWS, cursor={"更新时间": "2026-01-01 00:00:00.000001"}, read_whole=[Content("ab" * 32, "甲.csv")]
)


def test_a_batch_comes_back_as_it_was(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "1")
    spool.begin(Terms())
    spool.write(0, BATCH)
    kept = spool.read(0, MESSAGES)
    assert kept.rows.equals(ROWS)
    assert (kept.place, kept.faults, kept.left_out) == (BATCH.place, BATCH.faults, BATCH.left_out)


def test_a_batch_comes_back_with_where_reading_goes_on(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "1")
    spool.begin(Terms())
    spool.write(0, RESUMING)
    kept = spool.read(0, MESSAGES)
    assert (kept.cursor, kept.read_whole) == (RESUMING.cursor, RESUMING.read_whole)


def test_a_spool_is_complete_only_when_the_source_was_read_to_its_end(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "1")
    assert not spool.is_complete
    spool.begin(Terms(again=2, since="2026-01-01", limit=5, declared={"cursor.column": "更新时间"}))
    spool.write(0, BATCH)
    assert not spool.is_complete
    spool.complete()
    assert spool.is_complete
    assert spool.terms == Terms(again=2, since="2026-01-01", limit=5, declared={"cursor.column": "更新时间"})


def test_batches_stay_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "1")
    for number in (2, 10, 0):
        spool.write(number, BATCH)
    assert spool.judged.is_dir()
    assert list(spool.numbers()) == [0, 2, 10]


def test_what_is_removed_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "1")
    spool.write(0, BATCH)
    (spool.judged / "x").write_text("x")
    spool.remove_judged()
    assert [each.name for each in spool.folder.iterdir() if each.is_dir()] == []
    spool.remove()
    spool.remove()
    assert list(tmp_path.iterdir()) == []
