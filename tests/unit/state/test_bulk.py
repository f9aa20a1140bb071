from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal

from gateway.state import bulk
from gateway.state.database import Database

table = sa.Table(
    "bulk_rows",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("text", sa.Text),
    sa.Column("number", sa.BigInteger),
    sa.Column("day", sa.Date),
    sa.Column("moment", sa.String(32)),
    sa.Column("flag", sa.Boolean),
)
SCHEMA = {
    "text": pl.String(),
    "number": pl.Int64(),
    "day": pl.Date(),
    "moment": pl.Datetime("us", "UTC"),
    "flag": pl.Boolean(),
}
NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
ROWS = pl.DataFrame(
    {
        "text": [
            "plain",
            "",
            None,
            'quote " and , comma',
            "line\nfeed",
            "\\N",
            "山东，青岛",
            "a\\tb\\\\t\\\\\tc\r\n\\",
        ],
        "number": [1, -(2**53) - 1, None, 999_999_999_999_999_999, 0, 5, 6, 7],
        "day": [dt.date(2024, 2, 29), None, dt.date(1, 1, 1), dt.date(9999, 12, 31), None, None, None, None],
        "moment": [NOON, *[None] * 7],
        "flag": [True, False, *[None] * 6],
    },
    schema=SCHEMA,
)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as connection:
        table.create(connection)
        bulk.insert_frame(connection, table, ROWS)
    return database


def test_a_frame_comes_back_as_it_went_in(filled: Database) -> None:
    with filled.read() as connection:
        texts = bulk.text_frame(connection, table, ["id", *SCHEMA], "id > ?", [0])
    back = bulk.typed(texts, {"id": pl.Int64(), **SCHEMA}).sort("id").drop("id")
    assert_frame_equal(back, ROWS)


def test_frames_of_a_whole_table_leave_no_row_out(filled: Database) -> None:
    with filled.read() as connection:
        frames = list(bulk.text_frames(connection, table, ["id", "text"], "1 = 1"))
    assert_frame_equal(pl.concat(frames).sort("id").drop("id"), ROWS.select("text"))
    assert sorted(pl.concat(frames)["id"].cast(pl.Int64)) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_updating_touches_only_the_rows_that_are_named(filled: Database) -> None:
    with filled.write() as connection:
        bulk.update_frame(connection, table, pl.DataFrame({"id": [2, 3], "text": ["two", None], "number": [22, 33]}))
    with filled.read() as connection:
        found = connection.execute(sa.select(table.c.id, table.c.text, table.c.number).order_by(table.c.id)).fetchall()
    assert [tuple(row) for row in found[:4]] == [
        (1, "plain", 1),
        (2, "two", 22),
        (3, None, 33),
        (4, 'quote " and , comma', 999_999_999_999_999_999),
    ]


def test_an_empty_frame_writes_nothing(filled: Database) -> None:
    with filled.write() as connection:
        bulk.insert_frame(connection, table, ROWS.clear())
        bulk.update_frame(connection, table, pl.DataFrame({"id": [], "text": []}))
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == ROWS.height


def test_a_percent_sign_in_a_condition_is_no_placeholder(filled: Database) -> None:
    with filled.read() as connection:
        found = bulk.text_frame(connection, table, ["text"], "text LIKE '%comma' AND number > ?", [0])
    assert found["text"].to_list() == ['quote " and , comma']
