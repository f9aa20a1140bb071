"""Reading a feed's source: everything, or what its memory does not cover; and the memory that a stored run leaves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from gateway.errors import GatewayError, RunError, StartError
from gateway.interfaces import Batch, Memory, ResumingSource, Source
from gateway.messages import Message
from gateway.pipeline.feeds import InboundFeed
from gateway.pipeline.judging import Judging
from gateway.pipeline.limit import first_rows
from gateway.pipeline.spool import Terms
from gateway.state import reading_memory
from gateway.state.database import Connection, Database
from gateway.state.reading_memory import Position

NOT_RESUMING = Message(
    "reading.not_resuming",
    zh="数据流“{feed}”每次都读取来源的全部内容，没有读取位置，不能使用 {option}；请去掉该选项；"
    "只读取新内容须声明 reads: changes，并使用能接着读的来源",
    en="feed {feed!r} reads its whole source each time and keeps no position, so {option} means nothing for it; leave "
    "the option out; to read only what is new it must say reads: changes, of a source that can resume",
)
DECLARED_OTHERWISE = Message(
    "reading.declared_otherwise",
    zh="来源声明中的 {changed} 在保存读取位置之后改过，接着原位置 {cursor} 读取会漏行；没有读取任何内容，"
    "请改回原来的声明，或运行 gateway run {feed} --reset 从头读取（可加 --since 指明起点）",
    en="{changed} of the source's declaration changed after the position {cursor} was stored, and going on there would "
    "skip rows; nothing was read, change the declaration back, or run `gateway run {feed} --reset` to read from the "
    "beginning (or from where --since says)",
)
FORGOTTEN = Message(
    "reading.forgotten",
    zh="按要求忘记了{what_zh}，本次{where_zh}读取；已入库的记录不受影响",
    en="as asked, {what} was forgotten and this run reads from {where}; what is stored stays as it is",
)
LIMITED = Message(
    "reading.limited",
    zh="按要求最多读取 {limit} 行：没有读到的记录不作撤回，其问题也不关闭；读取位置只到最后一个完整批次",
    en="as asked, at most {limit} rows were read: records that were not read are not withdrawn and their issues stay "
    "open, and the position stands after the last whole batch",
)
NOT_SETTLED = Message(
    "reading.not_settled",
    zh="读取已结束，但来源未能收尾（{reason_zh}）；已入库的数据不受影响，下次运行会再次收尾",
    en="reading has ended, but the source could not be settled ({reason}); what is stored stands, the next run settles "
    "it again",
)

# What a source's declaration may say otherwise while its position stays true: who asks, how patiently, in what
# portions, and how far it looks back.
_MANNER = re.compile(
    r"(password|secrets?|auth|signature|requester|service|partitions|attempts|ca_file)(\..*)?"
    r"|cursor\.(look_back|safety)|.*_(seconds?|bytes|size)"
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an operator asks of one run: read from here, forget what was read, read at most so many rows."""

    since: str | None = None
    reset: bool = False
    limit: int | None = None


AS_DECLARED = Asked()


@dataclass(frozen=True)
class Reader:
    """Reads the source of one feed and keeps its memory; ask only while holding the feed's lease."""

    name: str
    feed: InboundFeed
    source: Source
    database: Database

    @property
    def resuming(self) -> ResumingSource | None:
        """The source where it is asked only for what is new."""
        if self.feed.reads == "changes" and isinstance(self.source, ResumingSource):
            return self.source
        return None

    def refuse(self, asked: Asked) -> None:
        """Raise StartError for what cannot be asked of this feed."""
        if self.resuming:
            return
        for option, given in (("--since", asked.since is not None), ("--reset", asked.reset)):
            if given:
                raise StartError(NOT_RESUMING, feed=self.name, option=option)

    def terms(self, asked: Asked) -> Terms:
        """On what terms a run reads now."""
        return Terms(since=asked.since, limit=asked.limit, declared=declared(self.feed.source))

    def batches(self, terms: Terms) -> Iterator[Batch]:
        """What the run reads; raises RunError where the stored position is of another declaration."""
        batches = self.resuming.resume(self._memory(terms)) if self.resuming else self.source.read()
        return batches if terms.limit is None else first_rows(batches, terms.limit)

    def remember(self, connection: Connection, run: int, terms: Terms, judging: Judging) -> None:
        """Keep what was read up to where, in the transaction that stores it.

        A run that an operator sent elsewhere by `since` leaves a position that is there as it was: rows between the
        two may be unread. A limited run does not settle its source, which was not read to its end.
        """
        if not self.resuming or len(judging.places) == terms.again:
            return
        cursor, spoken = judging.cursor, terms.declared
        held = reading_memory.position(connection, self.name)
        if held and (cursor is None or (terms.since is not None and held.cursor is not None)):
            cursor, spoken = held.cursor, held.declared
        new = Position(cursor, spoken, settled=terms.limit is not None)
        reading_memory.keep_position(connection, self.name, run, new)
        reading_memory.keep_contents(connection, self.name, run, judging.read_whole)

    def settle(self, *, stored: bool) -> tuple[RunError, ...]:
        """Tell the source that the run has ended; what goes wrong there is a notice."""
        if not self.resuming:
            return ()
        try:
            self.resuming.settle(stored=stored)
            if stored:
                with self.database.write() as connection:
                    reading_memory.mark_settled(connection, self.name)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - what is stored stands
            return (_not_settled(error),)
        return ()

    def make_up(self) -> tuple[RunError, ...]:
        """Settle what an earlier run stored and was killed, or refused, before it could settle it."""
        if not self.resuming:
            return ()
        with self.database.read() as connection:
            held = reading_memory.position(connection, self.name)
        return self.settle(stored=True) if held and not held.settled else ()

    def forget(self, since: str | None = None) -> RunError:
        """Forget everything that was read; the notice says what that was, and from where is read instead."""
        with self.database.write() as connection:
            cursor, contents = reading_memory.forget(connection, self.name)
        kept = [(f"读取位置（{_shown(cursor)}）", f"the position ({_shown(cursor)})")] if cursor else []
        if contents:
            kept.append((f"{contents} 个已读文件的记录", f"the ledger of {contents} files read"))
        what_zh, what = zip(*kept or [("读取位置（原本没有）", "the position (there was none)")], strict=True)
        return RunError(
            FORGOTTEN,
            what=" and ".join(what),
            what_zh="和".join(what_zh),
            where="the beginning" if since is None else repr(since),
            where_zh="从头" if since is None else f"从“{since}”起",
        )

    def _memory(self, terms: Terms) -> Memory:
        with self.database.read() as connection:
            held = reading_memory.position(connection, self.name)
        cursor = held.cursor if held else None
        if held and cursor is not None and (changed := _differing(held.declared, terms.declared)):
            raise RunError(DECLARED_OTHERWISE, feed=self.name, changed=", ".join(changed), cursor=_shown(cursor))
        return Memory(cursor, self._has_read, terms.since)

    def _has_read(self, digest: str) -> bool:
        with self.database.read() as connection:
            return reading_memory.has_read(connection, self.name, digest)


def declared(source: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each member of a source's declaration, those of its mappings one by one as ``cursor.column``."""
    members: dict[str, Any] = {}
    for name, value in source.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        members |= {f"{name}.{part}".rstrip("."): each for part, each in inner}
    return {name: _digest(value) for name, value in sorted(members.items()) if not _MANNER.fullmatch(name)}


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _differing(held: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in held.keys() | now.keys() if held.get(name) != now.get(name))


def _shown(cursor: Mapping[str, str] | None) -> str:
    return ", ".join(f"{name}={value}" for name, value in (cursor or {}).items()) or "-"


def _not_settled(error: BaseException) -> RunError:
    if isinstance(error, GatewayError):
        return RunError(NOT_SETTLED, reason=error.text("en"), reason_zh=error.text("zh"))
    said = f"{type(error).__name__}: {error}"
    return RunError(NOT_SETTLED, reason=said, reason_zh=said)


MESSAGES = (NOT_RESUMING, DECLARED_OTHERWISE, FORGOTTEN, LIMITED, NOT_SETTLED)
