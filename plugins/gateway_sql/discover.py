"""What a database holds, as the options of a feed's source, from its url alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from gateway.domain.wrong_values import wrong_values
from gateway.errors import StartError
from gateway.interfaces import Found, FoundColumn, Surroundings
from gateway.messages import Message
from gateway_sql.options import SqlOptions

if TYPE_CHECKING:
    from gateway.transport.sql.discovery import FoundRows

WRONG_OPTIONS = Message(
    "sql.wrong_options",
    zh="不能按这些选项查看数据库：{reason_zh}；至少写明 url，可以加 password、schema、table 或 query",
    en="a database cannot be looked into by these options: {reason}; say at least the url, and password, schema, table "
    "or query where needed",
)

MESSAGES = (WRONG_OPTIONS,)

_ANY_TABLE = "-"


def discover_sql(given: Mapping[str, Any], surroundings: Surroundings) -> Sequence[Found]:
    """Every table and view, or the one or the query that is named; raises StartError or SourceError."""
    from gateway.transport.sql.address import dialect_at
    from gateway.transport.sql.discovery import found_rows
    from gateway.transport.sql.selection import Selection

    known = {name: value for name, value in given.items() if name != "type"}
    options = _options(known)
    password = surroundings.secret(options.password) if options.password is not None else None
    wanted = Selection(known.get("table"), options.schema_name, options.query)
    return [
        _found(known, each) for each in found_rows(dialect_at(options.url, password, surroundings.directory), wanted)
    ]


def _options(known: Mapping[str, Any]) -> SqlOptions:
    anything = {} if {"table", "query"} & known.keys() else {"table": _ANY_TABLE}
    try:
        return SqlOptions.model_validate({**known, **anything})
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        raise StartError(WRONG_OPTIONS, reason=reason, reason_zh=reason_zh) from None


def _found(known: Mapping[str, Any], rows: FoundRows) -> Found:
    selection = rows.selection
    place = {"schema": selection.schema, "table": selection.table, "query": selection.query}
    source = {"type": "sql", **known, **{name: value for name, value in place.items() if value is not None}}
    if rows.binary:
        source["columns"] = [name for name in rows.types if name not in rows.binary]
    columns = [FoundColumn(name, kind, rows.values.get(name, ())) for name, kind in rows.types.items()]
    return Found(source, columns, title=selection.place)
