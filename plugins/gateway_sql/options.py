"""How a feed says which database it reads, and what of it."""

from __future__ import annotations

from pydantic import ConfigDict, Field, field_validator, model_validator

from gateway.interfaces import Options
from gateway.messages import Message
from gateway.transport.sql import Selection
from gateway.transport.sql.messages import OptionError

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

MESSAGES = (TABLE_OR_QUERY, SCHEMA_OF_QUERY)


class SqlOptions(Options):
    """One table or one query of one database.

    `url` is `sqlite:///file.db`, from the deployment's folder, or `postgresql://user@host:port/database`; `password`
    is the name of a secret. Without `order_by` a table is read in the order of its primary key.
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

    @property
    def selection(self) -> Selection:
        """What is read."""
        return Selection(self.table, self.schema_name, self.query, self.columns, self.order_by)
