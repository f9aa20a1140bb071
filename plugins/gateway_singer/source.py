"""A stream of a Singer tap as a source; its STATE is where the next run goes on."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from pydantic import ValidationError

from gateway.domain import exact_json
from gateway.domain.wrong_values import wrong_values
from gateway.errors import SourceError, StartError
from gateway.interfaces import ROW, Batch, Found, Memory, RowFault, Surroundings
from gateway.messages import Message
from gateway_singer.catalog import Catalog, Stream, discovered
from gateway_singer.options import WRONG_OPTIONS, SingerOptions, TapOptions, file_not_read
from gateway_singer.speech import Ignored, NotSpoken, Record, Schema, State, read_line
from gateway_singer.tap import Tap

UNKNOWN_LINE = Message(
    "singer.unknown_line",
    zh="取数程序 {tap} 输出的第 {line} 行不是 SCHEMA、RECORD、STATE 消息：{excerpt}；没有保存任何数据，"
    "请让它把日志写到标准错误，或换一个遵守 Singer 规范的取数程序",
    en="line {line} of the tap {tap} is no SCHEMA, RECORD or STATE message: {excerpt}; nothing was stored, let it log "
    "to standard error, or use a tap that keeps to the Singer specification",
)
NO_SCHEMA = Message(
    "singer.no_schema",
    zh="取数程序 {tap} 没有给出流“{stream}”的 SCHEMA；它给出的流有：{known}；没有保存任何数据，"
    "请核对 stream、select 和 metadata",
    en="the tap {tap} gave no SCHEMA of the stream {stream!r}; it gave: {known}; nothing was stored, check stream, "
    "select and metadata",
)
RECORD_FIRST = Message(
    "singer.record_before_schema",
    zh="取数程序 {tap} 在流“{stream}”的 SCHEMA 之前就给出了 RECORD（第 {line} 行）；没有保存任何数据，"
    "请换一个遵守 Singer 规范的取数程序",
    en="the tap {tap} gave a RECORD of {stream!r} before its SCHEMA (line {line}); nothing was stored, use a tap that "
    "keeps to the Singer specification",
)
NEW_COLUMN = Message(
    "singer.schema_changed",
    zh="取数程序 {tap} 中途给流“{stream}”换了 SCHEMA，多出数据项：{columns}；没有保存任何数据，请把它们写入 columns",
    en="the tap {tap} changed the SCHEMA of {stream!r} while it was read, with new members: {columns}; nothing was "
    "stored, name them in columns",
)
RESERVED = Message(
    "singer.reserved_column",
    zh="流“{stream}”有名为 {column} 的数据项，这个名称由网关自用；请在取数程序中改名",
    en="the stream {stream!r} has a member named {column}, a name that the gateway uses itself; rename it in the tap",
)
UNDECLARED = Message(
    "singer.undeclared_member",
    zh="第 {row} 条有 SCHEMA 中没有的数据项：{members}；请把它们写入数据流的 columns，或修正取数程序",
    en="record {row} has members that the SCHEMA does not name: {members}; name them in the feed's columns, or mend "
    "the tap",
)
NO_OBJECT = Message(
    "singer.record_no_object",
    zh="第 {row} 条不是由数据项组成的记录；请修正取数程序",
    en="record {row} is no object of members; mend the tap",
)
DOUBLED = Message(
    "singer.doubled_member",
    zh="第 {row} 条的数据项“{member}”出现了两次，无法知道以哪个为准；请修正取数程序",
    en="record {row} says the member {member!r} twice, and which of the two counts cannot be known; mend the tap",
)
NO_TEXT = Message(
    "singer.record_no_text",
    zh="第 {row} 条含有不成字符的编码（单独的代理项）；请更正来源中的该条记录",
    en="record {row} holds a code that is no character (a lone surrogate); correct the record where it comes from",
)
NO_NUMBER = Message(
    "singer.record_no_number",
    zh="第 {row} 条含有 {name}，不是 JSON 的值；空值应写作 null，请修正取数程序",
    en="record {row} holds {name}, which is no value of JSON; nothing is written as null, mend the tap",
)

MESSAGES = (
    UNKNOWN_LINE,
    NO_SCHEMA,
    RECORD_FIRST,
    NEW_COLUMN,
    RESERVED,
    UNDECLARED,
    NO_OBJECT,
    DOUBLED,
    NO_TEXT,
    NO_NUMBER,
)

_STATE = "state"
_EXCERPT = 200


class SingerSource:
    """Runs the tap once a reading."""

    def __init__(self, options: SingerOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._directory = surroundings.directory
        self._tap = Tap.of(options, surroundings)

    def check(self) -> None:
        """Raise SourceError unless the tap is there and, where it can tell, has the stream; read no rows."""
        self._tap.assert_there()
        self._selection()

    def read(self) -> Iterator[Batch]:
        """Everything the tap gives from the beginning; raises SourceError."""
        return self._read({}, {})

    def resume(self, memory: Memory) -> Iterator[Batch]:
        """What the tap gives from its last STATE, or from the moment that an operator names."""
        if memory.since is not None:
            return self._read({self._options.since_member: memory.since}, {})
        return self._read({}, {_STATE: memory.cursor[_STATE]} if memory.cursor else {})

    def settle(self, *, stored: bool) -> None:
        """Nothing: a tap takes nothing away, and its STATE is kept with what was stored."""

    def _read(self, config: Mapping[str, Any], files: Mapping[str, str]) -> Iterator[Batch]:
        names, selection = self._selection()
        lines = self._tap.lines(more=config, **selection, **files)
        return _Reading(self._tap, self._options, names).batches(lines)

    def _selection(self) -> tuple[Collection[str], Mapping[str, str]]:
        """The names that the stream goes by, and the catalog by the flag that the tap takes it under."""
        options = self._options
        if options.select == "nothing":
            return (options.stream,), {}
        if options.catalog_file:
            text = self._file_text()
            return Catalog(self._tap.name, text).stream(options.stream).names, {options.select: text}
        catalog = discovered(self._tap)
        stream = catalog.stream(options.stream)
        return stream.names, {options.select: catalog.selecting(stream, options.metadata)}

    def _file_text(self) -> str:
        file = self._directory / str(self._options.catalog_file)
        try:
            return file.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise file_not_read(file, "catalog_file", error) from error


@dataclass
class _Reading:
    """One run of the tap, on the way."""

    tap: Tap
    options: SingerOptions
    names: Collection[str]
    columns: tuple[str, ...] = ()
    seen: int = 0  # records of the stream
    rows: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    cursor: Mapping[str, str] | None = None
    others: dict[str, None] = field(default_factory=dict)

    def batches(self, lines: Generator[bytes]) -> Iterator[Batch]:
        """The stream's records, so many a batch; the last batch has the last STATE, with rows or without."""
        with closing(lines):  # at once where reading ends early: the tap must not go on
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    self._take(number, line)
                if len(self.rows) + len(self.faults) >= self.options.batch_rows:
                    yield self._batch()
        if not self.columns:
            known = ", ".join(self.others) or "-"
            raise SourceError(NO_SCHEMA, tap=self.tap.name, stream=self.options.stream, known=known)
        yield self._batch()

    def _take(self, number: int, line: bytes) -> None:
        match self._message(number, line):
            case Record(stream, members) if stream in self.names:
                self._take_record(number, members)
            case Schema(stream, columns) if stream in self.names:
                self._take_schema(columns)
            case Schema(stream, _) | Record(stream, _):
                self.others[stream] = None
            case State(text):
                self.cursor = {_STATE: text}

    def _message(self, number: int, line: bytes) -> Schema | Record | State | Ignored:
        try:
            return read_line(line)
        except NotSpoken as error:
            excerpt = self.tap.hidden(line.decode("utf-8", "backslashreplace"))[:_EXCERPT]
            raise SourceError(UNKNOWN_LINE, tap=self.tap.name, line=number, excerpt=excerpt) from error

    def _take_schema(self, columns: Sequence[str]) -> None:
        if ROW in columns:
            raise SourceError(RESERVED, stream=self.options.stream, column=ROW)
        if not self.columns:
            self.columns = tuple(dict.fromkeys((*columns, *self.options.columns)))
        elif unknown := [name for name in columns if name not in self.columns]:
            stream = self.options.stream
            raise SourceError(NEW_COLUMN, tap=self.tap.name, stream=stream, columns=", ".join(unknown))

    def _take_record(self, number: int, members: Any) -> None:
        if not self.columns:
            raise SourceError(RECORD_FIRST, tap=self.tap.name, stream=self.options.stream, line=number)
        self.seen += 1
        if (wrong := _wrong(members, self.columns)) is None:
            self.rows.append((self.seen, members))
            return
        message, values = wrong
        self.faults.append(RowFault(self.seen, message, {"row": self.seen, **values}, exact_json.shown(members)))

    def _batch(self) -> Batch:
        cells = {name: [exact_json.cell(row.get(name)) for _, row in self.rows] for name in self.columns}
        frame = pl.DataFrame(
            {ROW: [number for number, _ in self.rows], **cells},
            schema={ROW: pl.Int64(), **dict.fromkeys(self.columns, pl.String())},
        )
        batch = Batch(self.options.stream, frame, faults=self.faults, cursor=self.cursor)
        self.rows, self.faults = [], []
        return batch


def _wrong(members: Any, columns: Sequence[str]) -> tuple[Message, dict[str, str]] | None:
    """Why a record cannot be taken as a row, if it cannot."""
    if not isinstance(members, dict):
        return NO_OBJECT, {}
    if unknown := members.keys() - set(columns):
        return UNDECLARED, {"members": ", ".join(sorted(unknown))}
    if isinstance(members, exact_json.Doubled):
        return DOUBLED, {"member": members.name}
    if not exact_json.is_text(members):
        return NO_TEXT, {}
    constant = exact_json.constant_in(members)
    return (NO_NUMBER, {"name": constant}) if constant else None


def discover(given: Mapping[str, Any], surroundings: Surroundings) -> Sequence[Found]:
    """Every stream of a tap, with its members; raises SourceError or StartError."""
    known = {name: value for name, value in given.items() if name in TapOptions.model_fields}
    try:
        tap = Tap.of(TapOptions.model_validate(known), surroundings)
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        allowed = ", ".join(TapOptions.model_fields)
        raise StartError(WRONG_OPTIONS, reason=reason, reason_zh=reason_zh, allowed=allowed) from error
    return [_found(stream, known) for stream in discovered(tap).streams]


def _found(stream: Stream, known: Mapping[str, Any]) -> Found:
    names = stream.names
    return Found({"type": "singer", **known, "stream": names[0]}, stream.columns, title=names[-1])
