"""What a department's system sends: a list of rows in JSON, read strictly, numbers as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import polars as pl
from pydantic import AfterValidator, Field

from gateway.domain import exact_json
from gateway.errors import OptionError, SourceError
from gateway.interfaces import ROW, Batch, Options, RowFault, Surroundings
from gateway.messages import Message

NOT_UTF_8 = Message(
    "push.not_utf_8",
    zh="请求内容不是 UTF-8 编码（第 {position} 个字节起）；请以 UTF-8 发送 JSON",
    en="the body is not UTF-8 (from byte {position}); send JSON in UTF-8",
)
NOT_JSON = Message(
    "push.not_json",
    zh="请求内容不是有效的 JSON：{why}；应为由行组成的列表，如 [{example}]",
    en="the body is no valid JSON: {why}; a list of rows is expected, as [{example}]",
)
NO_LIST = Message(
    "push.no_list",
    zh="请求内容应为由行组成的列表，而不是 {found}；如 [{example}]",
    en="the body must be a list of rows, not {found}; as [{example}]",
)
TOO_MANY_ROWS = Message(
    "push.too_many_rows",
    zh="一次推送了 {rows} 行，至多 {allowed} 行；请分成几批，每批用自己的 Idempotency-Key",
    en="{rows} rows were pushed at once and {allowed} are allowed; send several batches, each with an Idempotency-Key "
    "of its own",
)
NO_OBJECT = Message(
    "push.row_no_object",
    zh="第 {row} 行不是由数据项组成的对象；应如 {example}",
    en="row {row} is no object of members; it must look like {example}",
)
UNDECLARED = Message(
    "push.undeclared_member",
    zh="第 {row} 行有未约定的数据项：{members}；约定的有：{allowed}；请更正名称后重新推送该行",
    en="row {row} has members that were not agreed: {members}; agreed are: {allowed}; correct their names and push the "
    "row again",
)
DOUBLED_MEMBER = Message(
    "push.doubled_member",
    zh="第 {row} 行的数据项“{member}”写了两次；请只保留一个后重新推送该行",
    en="row {row} says the member {member!r} twice; keep one and push the row again",
)
NO_TEXT = Message(
    "push.row_no_text",
    zh="第 {row} 行含有不成字符的编码（单独的代理项）；请更正后重新推送该行",
    en="row {row} holds a code that is no character (a lone surrogate); correct it and push the row again",
)
NO_MEMBER_NAME = Message(
    "push.no_member_name",
    zh="“{name}”不能用作数据项的名称：名称不得为空，{own} 是网关自用的",
    en="{name!r} cannot be the name of a member; {own} is the gateway's own",
)

MESSAGES = (NOT_UTF_8, NOT_JSON, NO_LIST, TOO_MANY_ROWS, NO_OBJECT, UNDECLARED, DOUBLED_MEMBER, NO_TEXT, NO_MEMBER_NAME)

_PLACE = "push"


def _names(columns: tuple[str, ...]) -> tuple[str, ...]:
    for name in {"", ROW}.intersection(columns):
        raise OptionError(NO_MEMBER_NAME, name=name, own=ROW)
    return columns


class PushOptions(Options, defer_build=True):
    """What the sender and this side agreed on: the members of a row, and how many rows a batch may have."""

    columns: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_names)]
    rows_at_most: Annotated[int, Field(ge=1, le=100_000)] = 10_000


class PushSource:
    """Has nothing to read by itself: each batch is read when it comes."""

    def __init__(self, options: PushOptions, _surroundings: Surroundings) -> None:
        self._columns = options.columns
        self._rows_at_most = options.rows_at_most

    def check(self) -> None:
        """Nothing is asked of the sender."""

    def read(self) -> Iterator[Batch]:
        """The agreed columns, without rows."""
        yield self._batch(_PLACE, [])

    def batch(self, place: str, body: bytes) -> Batch:
        """The rows of a body, numbered from 1; raises SourceError for one that is no list of so many rows."""
        rows = _rows(body, self._example)
        if len(rows) > self._rows_at_most:
            raise SourceError(TOO_MANY_ROWS, rows=len(rows), allowed=self._rows_at_most)
        return self._batch(place, rows)

    def _batch(self, place: str, rows: Sequence[Any]) -> Batch:
        good: list[tuple[int, Mapping[str, Any]]] = []
        faults: list[RowFault] = []
        for number, row in enumerate(rows, start=1):
            if wrong := self._wrong(row):
                message, values = wrong
                faults.append(RowFault(number, message, {"row": number, **values}, exact_json.shown(row)))
            else:
                good.append((number, row))
        cells = {name: [exact_json.cell(row.get(name)) for _, row in good] for name in self._columns}
        frame = pl.DataFrame(
            {ROW: [number for number, _ in good], **cells},
            schema={ROW: pl.Int64(), **dict.fromkeys(self._columns, pl.String())},
        )
        return Batch(place, frame, faults=faults)

    def _wrong(self, row: Any) -> tuple[Message, dict[str, str]] | None:
        if not isinstance(row, dict):
            return NO_OBJECT, {"example": self._example}
        if isinstance(row, exact_json.Doubled):
            return DOUBLED_MEMBER, {"member": row.name}
        if unknown := sorted(row.keys() - set(self._columns)):
            return UNDECLARED, {"members": ", ".join(unknown), "allowed": ", ".join(self._columns)}
        return None if exact_json.is_text(row) else (NO_TEXT, {})

    @property
    def _example(self) -> str:
        return exact_json.written(dict.fromkeys(self._columns[:2], "…"))


def _rows(body: bytes, example: str) -> list[Any]:
    try:
        content = exact_json.read(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(NOT_UTF_8, position=error.start + 1) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(NOT_JSON, why=str(error), example=example) from error
    if not isinstance(content, list):
        raise SourceError(NO_LIST, found=exact_json.shown(content)[:100], example=example)
    return content
