"""How many rows a snapshot must have: a source that was cut short, or read twice over, stores nothing."""

from __future__ import annotations

from gateway.errors import RunError
from gateway.messages import Message
from gateway.pipeline.feeds import Expectation

TOO_FEW_ROWS = Message(
    "expect.rows_at_least",
    zh="来源只有 {rows} 行，少于数据流声明的至少 {limit} 行；没有保存任何数据，请核对来源是否完整",
    en="the source has {rows} rows, fewer than the {limit} that the feed expects; nothing was stored, see whether the "
    "source is complete",
)
TOO_MANY_ROWS = Message(
    "expect.rows_at_most",
    zh="来源有 {rows} 行，多于数据流声明的至多 {limit} 行；没有保存任何数据，请核对来源",
    en="the source has {rows} rows, more than the {limit} that the feed expects; nothing was stored, check the source",
)


def refuse_too_few(rows: int, expect: Expectation) -> None:
    """Raise RunError for fewer rows than the feed expects."""
    if rows < expect.rows_at_least:
        raise RunError(TOO_FEW_ROWS, rows=rows, limit=expect.rows_at_least)


def refuse_too_many(rows: int, expect: Expectation) -> None:
    """Raise RunError for more rows than the feed expects."""
    if expect.rows_at_most is not None and rows > expect.rows_at_most:
        raise RunError(TOO_MANY_ROWS, rows=rows, limit=expect.rows_at_most)


MESSAGES = (TOO_FEW_ROWS, TOO_MANY_ROWS)
