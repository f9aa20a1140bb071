"""The `sql:` of a field map: one expression that can neither fail on a single value nor look beyond its row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

import polars as pl

from gateway.mapping.map_errors import Wrong
from gateway.messages import Message

SQL_REFUSED = Message(
    "map.sql_refused",
    zh="{file} 的 {where}：sql 中的“{found}”不允许；只能用一行内各列、运算符、CASE 以及这些函数：{allowed}；"
    "要读成数、日期、时间或是否，请用步骤 integer、decimal、date、time、boolean",
    en="{file}, {where}: {found!r} is not allowed in sql; it takes the columns of one row, operators, CASE and "
    "these functions: {allowed}; the steps integer, decimal, date, time and boolean read other types",
)
SQL_WRONG = Message(
    "map.sql_wrong",
    zh="{file} 的 {where}：sql “{sql}”无法理解：{what}",
    en="{file}, {where}: the sql {sql!r} cannot be read: {what}",
)
SQL_NO_ELSE = Message(
    "map.sql_no_else",
    zh="{file} 的 {where}：sql “{sql}”的 CASE 没有写 ELSE，遇到没有列出的值会悄悄变成空；"
    "请写明 ELSE（确实应为空的写 ELSE NULL），代码对照请用步骤 lookup",
    en="{file}, {where}: a CASE of the sql {sql!r} has no ELSE, so that a value it does not list becomes empty unseen; "
    "say ELSE (ELSE NULL where empty is meant), or use the step lookup for codes",
)
SQL_FAILS = Message(
    "map.sql_fails",
    zh="{file} 的 {where}：sql “{sql}”对有的单元格无法计算：{what}；请改写，使任何内容都能算出结果",
    en="{file}, {where}: the sql {sql!r} fails for some cells: {what}; write it so that it works for any text",
)

# None aggregates, asks the clock, raises for one bad value as CAST does or empties it unseen as TRY_CAST does: a bad
# row must not stop the good ones, and must not pass for one of them.
# fmt: off
FUNCTIONS = (
    "CHAR_LENGTH", "COALESCE", "CONCAT", "CONCAT_WS", "ENDS_WITH", "IFNULL", "LEFT", "LENGTH",
    "LOWER", "LTRIM", "NULLIF", "REGEXP_LIKE", "REPLACE", "REVERSE", "RIGHT", "RTRIM",
    "SPLIT_PART", "STARTS_WITH", "STRPOS", "SUBSTR", "SUBSTRING", "TRIM", "UPPER",
)
# fmt: on
_GRAMMAR = frozenset({"AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "WHEN", "THEN", "ELSE", "AS", "BETWEEN"})
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_CALL = re.compile(r"(\w+)\s*\(")
_CASE, _ELSE = (re.compile(rf"\b{word}\b", re.IGNORECASE) for word in ("CASE", "ELSE"))
_REFUSED = re.compile(r"::|;|--|/\*|\b(?:SELECT|OVER|FROM|CURRENT_\w+|LOCALTIME\w*)\b", re.IGNORECASE)


def sql_expression(sql: str) -> pl.Expr:
    """The expression; raises Wrong for one that is not understood, or that does more than look at a row."""
    bare = _QUOTED.sub("''", sql)
    refused = [match.group() for match in _REFUSED.finditer(bare)]
    refused += [name for name in _CALL.findall(bare) if name.upper() not in _GRAMMAR.union(FUNCTIONS)]
    if refused:
        raise Wrong(SQL_REFUSED, found=refused[0], allowed=", ".join(FUNCTIONS))
    if len(_CASE.findall(bare)) > len(_ELSE.findall(bare)):
        raise Wrong(SQL_NO_ELSE, sql=sql)
    try:
        expression = pl.sql_expr(sql)
        columns = expression.meta.root_names()
    except pl.exceptions.PolarsError as error:
        raise Wrong(SQL_WRONG, sql=sql, what=str(error).splitlines()[0]) from error
    if not columns:
        raise Wrong(SQL_WRONG, sql=sql, what="it names no column; a fixed value is a constant")
    return expression


# Cells that some function takes for a pattern, a number or a place in the text, and stumbles over.
_CELLS: Mapping[type[pl.DataType], tuple[object, ...]] = {
    pl.String: ("", "1", "甲a", "(", "\\", None, "-1", "%", "2024-02-30"),
    pl.Int64: (0, 1, -1, None, 2**40),
    pl.Boolean: (True, False, None),
    pl.Date: (date(2024, 2, 29), None),
    pl.Datetime: (datetime(2024, 2, 29, tzinfo=UTC), None),
    pl.List: (["甲", ""], [], None),
}
_TRIED = 9


def assert_works(sql: str, expression: pl.Expr, types: Mapping[str, pl.DataType]) -> None:
    """Raise Wrong where the expression over columns of these types stumbles over a cell, or is no column of a row."""
    cells = {
        name: pl.Series([of_type[(row + at) % len(of_type)] for row in range(_TRIED)], dtype=dtype)
        for at, (name, dtype) in enumerate(types.items())
        if (of_type := _CELLS.get(dtype.base_type()))
    }
    frame = pl.DataFrame(cells)
    for rows in (frame, frame.head(1), frame.clear()):
        try:
            height = rows.select(expression.alias("")).height
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise Wrong(SQL_FAILS, sql=sql, what=str(error).splitlines()[0]) from error
        if height != rows.height:
            raise Wrong(SQL_FAILS, sql=sql, what=f"{height} values for {rows.height} rows")
