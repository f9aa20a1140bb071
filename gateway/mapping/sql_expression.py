"""The `sql:` of a field map: one expression that can neither fail on a single value nor look beyond its row."""

from __future__ import annotations

import re

import polars as pl

from gateway.mapping.map_errors import Wrong
from gateway.messages import Message

SQL_REFUSED = Message(
    "map.sql_refused",
    zh="{file} 的 {where}：sql 中的“{found}”不允许；只能用一行内各列、运算符、CASE 以及这些函数：{allowed}",
    en="{file}, {where}: {found!r} is not allowed in sql; it takes the columns of one row, operators, CASE and "
    "these functions: {allowed}",
)
SQL_WRONG = Message(
    "map.sql_wrong",
    zh="{file} 的 {where}：sql “{sql}”无法理解：{what}",
    en="{file}, {where}: the sql {sql!r} cannot be read: {what}",
)

# None aggregates, asks the clock, or raises for one bad value as CAST does: a bad row must not stop the good ones.
# fmt: off
FUNCTIONS = (
    "CHAR_LENGTH", "COALESCE", "CONCAT", "CONCAT_WS", "ENDS_WITH", "IFNULL", "LEFT", "LENGTH",
    "LOWER", "LTRIM", "NULLIF", "REGEXP_LIKE", "REPLACE", "REVERSE", "RIGHT", "RTRIM",
    "SPLIT_PART", "STARTS_WITH", "STRPOS", "SUBSTR", "SUBSTRING", "TRIM", "TRY_CAST", "UPPER",
)
# fmt: on
_GRAMMAR = frozenset({"AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "WHEN", "THEN", "ELSE", "AS", "BETWEEN"})
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_CALL = re.compile(r"(\w+)\s*\(")
_REFUSED = re.compile(r"::|;|--|/\*|\b(?:SELECT|OVER|FROM|CURRENT_\w+|LOCALTIME\w*)\b", re.IGNORECASE)


def sql_expression(sql: str) -> pl.Expr:
    """The expression; raises Wrong for one that is not understood, or that does more than look at a row."""
    bare = _QUOTED.sub("''", sql)
    refused = [match.group() for match in _REFUSED.finditer(bare)]
    refused += [name for name in _CALL.findall(bare) if name.upper() not in _GRAMMAR.union(FUNCTIONS)]
    if refused:
        raise Wrong(SQL_REFUSED, found=refused[0], allowed=", ".join(FUNCTIONS))
    try:
        expression = pl.sql_expr(sql)
        columns = expression.meta.root_names()
    except pl.exceptions.PolarsError as error:
        raise Wrong(SQL_WRONG, sql=sql, what=str(error).splitlines()[0]) from error
    if not columns:
        raise Wrong(SQL_WRONG, sql=sql, what="it names no column; a fixed value is a constant")
    return expression
