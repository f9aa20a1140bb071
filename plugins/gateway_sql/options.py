"""How a feed says which database it reads, what of it, and how much of that at a time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from gateway.errors import OptionError
from gateway.interfaces import Options
from gateway.messages import Message
from gateway.transport.sql import Selection

if TYPE_CHECKING:
    from gateway.transport.sql.cursor import Cursor
    from gateway.transport.sql.ranges import Partitions

TABLE_OR_QUERY = Message(
    "sql.table_or_query",
    zh="数据库来源必须写明 table（表名）或 query（查询语句），并且只能写其中一个",
    en="a database source names either a table or a query, and not both",
)
SCHEMA_OF_QUERY = Message(
    "sql.schema_of_query",
    zh="schema 只能和 table 一起使用；请在 query 中直接写明 schema",
    en="schema goes with table only; name the schema inside the query",
)
ORDER_IS_GIVEN = Message(
    "sql.order_is_given",
    zh="order_by 不能与 cursor 或 partitions 同时使用：它们已按自己的列排序；请去掉 order_by",
    en="order_by does not go with cursor or partitions, which read in the order of their own column; leave it out",
)
CURSOR_NOT_READ = Message(
    "sql.cursor_not_read",
    zh="cursor 的列“{column}”不在 columns 中；请把它加进 columns",
    en="the cursor's column {column!r} is not among columns; add it there",
)
WRONG_SPAN = Message(
    "sql.wrong_span",
    zh="“{value}”不是时长；请写成 30 seconds、10 minutes、2 hours、7 days 这样的形式（数字列的 look_back 只写数字）",
    en="{value!r} is no span of time; write it as 30 seconds, 10 minutes, 2 hours, 7 days (or a bare number to look "
    "back in a column of numbers)",
)

MESSAGES = (TABLE_OR_QUERY, SCHEMA_OF_QUERY, ORDER_IS_GIVEN, CURSOR_NOT_READ, WRONG_SPAN)

_SPAN = re.compile(r"(\d{1,6}) (second|minute|hour|day|week)s?", flags=re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", flags=re.ASCII)
_Name = Annotated[str, Field(min_length=1)]


def _span(value: object) -> object:
    """A time as `2 hours`; raises OptionError."""
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(str(value))
    if found is None:
        raise OptionError(WRONG_SPAN, value=value)
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _number_or_span(value: object) -> object:
    return int(str(value)) if _NUMBER.fullmatch(str(value)) else _span(value)


class CursorOptions(Options, defer_build=True):
    """The column that says what is new, from where on the first run reads, and how far back each later one looks."""

    column: _Name
    look_back: Annotated[int | timedelta, BeforeValidator(_number_or_span)] | None = None
    nulls: Literal["refuse", "read"] = "refuse"
    start: _Name | None = None
    safety: Annotated[timedelta, BeforeValidator(_span)] = timedelta(0)

    @property
    def cursor(self) -> Cursor:
        """What the reader is told."""
        from gateway.transport.sql.cursor import Cursor, LookBack

        look_back = None if self.look_back is None else LookBack(self.look_back)
        return Cursor(self.column, look_back, self.nulls, self.start, int(self.safety.total_seconds()))


class PartitionOptions(Options, defer_build=True):
    """The column whose ranges are read beside each other, and by how many connections at once."""

    column: _Name
    parts: Annotated[int, Field(ge=2, le=16)] = 4

    @property
    def partitions(self) -> Partitions:
        """What the reader is told."""
        from gateway.transport.sql.ranges import Partitions

        return Partitions(self.column, self.parts)


class SqlOptions(Options, defer_build=True):
    """One table or one query of one database.

    `url` is `sqlite:///file.db`, from the deployment's folder, or as `postgresql://user@host:port/database`;
    `password` is the name of a secret. Without `order_by` a table is read in the order of its primary key.
    """

    # A url may hold a password by mistake, so what was given is never repeated in an error.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    url: str
    password: str | None = None
    table: str | None = Field(default=None, min_length=1)
    schema_name: str | None = Field(default=None, min_length=1, alias="schema")
    query: str | None = Field(default=None, min_length=1)
    columns: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    cursor: CursorOptions | None = None
    partitions: PartitionOptions | None = None

    @field_validator("url")
    @classmethod
    def _url_is_readable_and_holds_no_password(cls, url: str) -> str:
        from gateway.transport.sql.address import parse_url

        parse_url(url)
        return url

    @model_validator(mode="after")
    def _one_of_table_and_query(self) -> SqlOptions:
        if (self.table is None) == (self.query is None):
            raise OptionError(TABLE_OR_QUERY)
        if self.query is not None and self.schema_name is not None:
            raise OptionError(SCHEMA_OF_QUERY)
        return self

    @model_validator(mode="after")
    def _one_order(self) -> SqlOptions:
        if self.order_by and (self.cursor or self.partitions):
            raise OptionError(ORDER_IS_GIVEN)
        if self.cursor and self.columns and self.cursor.column not in self.columns:
            raise OptionError(CURSOR_NOT_READ, column=self.cursor.column)
        return self

    @property
    def selection(self) -> Selection:
        """What is read."""
        return Selection(self.table, self.schema_name, self.query, self.columns, self.order_by)
