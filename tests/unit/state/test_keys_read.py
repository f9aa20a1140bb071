from __future__ import annotations

import polars as pl

from gateway.domain.frame_hash import frame_hash
from gateway.state import keys_read
from gateway.state.database import Database


def read(run: int, *keys: str) -> pl.DataFrame:
    return pl.DataFrame({"key": keys}, schema={"key": pl.String}).select(frame_hash("key"), run=pl.lit(run, pl.Int64))


def remember(database: Database, run: int, oldest: int, *parts: pl.DataFrame) -> None:
    with database.write() as connection:
        keys_read.remember(connection, "a", run, pl.concat(parts), oldest)


def remembered(database: Database, *keys: str) -> tuple[int | None, list[int | None]]:
    with database.read() as connection:
        found = keys_read.remembered(connection, "a")
    asked = read(0, *keys).select("key").join(found.keys, on="key", how="left", maintain_order="left")
    return found.since, asked["run"].to_list()


def test_the_last_run_that_read_a_key_is_remembered(database: Database) -> None:
    remember(database, 5, 5, read(5, "A", "B"))
    remember(database, 6, 5, read(6, "B", "C"), read(5, "C"))
    assert remembered(database, "A", "B", "C", "D") == (5, [5, 6, 6, None])


def test_what_was_read_before_the_oldest_held_row_is_forgotten(database: Database) -> None:
    remember(database, 5, 5, read(5, "A"))
    remember(database, 7, 6, read(7, "B"))
    assert remembered(database, "A", "B") == (5, [None, 7])


def test_nothing_is_remembered_when_no_row_is_held(database: Database) -> None:
    remember(database, 5, 5, read(5, "A"))
    with database.write() as connection:
        keys_read.forget(connection, "a")
    assert remembered(database, "A") == (None, [None])


def test_the_hash_of_a_key_is_the_same_in_every_release() -> None:
    keys = read(1, "91370202264706576B|uscc|enterprise|", "1|D1")["key"]
    assert keys.to_list() == [168985421511774721841251274288257076751, 180646295010405794094639490900583180230]
