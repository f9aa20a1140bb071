"""Where pushed batches are taken in: who sends, for which feed, under which key, and what became of each row."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Protocol

from gateway.errors import GatewayError, LeaseLost, SourceError, StartError
from gateway.messages import Language, Message
from gateway.pipeline.failed_run import CRASHED, NO_FILES
from gateway.pipeline.feeds import InboundFeed, OutboundFeed
from gateway.pipeline.pushed import PushedSource, PushRunner, is_pushed
from gateway.pipeline.run_report import RunReport
from gateway.service.push.tokens import Tokens
from gateway.state import leases, pushed_batches
from gateway.state.database import AWAY, Database
from gateway.state.pushed_batches import PushedBatch

NO_TOKEN = Message(
    "push.no_token",
    zh="缺少令牌或令牌无效；请在 Authorization 请求头中写“Bearer 令牌”，令牌由网关管理员发放",
    en="there is no valid token; write “Bearer TOKEN” in the header Authorization, the gateway's administrators issue "
    "tokens",
)
NO_FEED = Message(
    "push.no_feed",
    zh="部门“{department}”没有向 {dataset} 推送的数据流；该部门可以推送的有：{known}；请更正网址，或联系网关管理员",
    en="department {department!r} has no feed that pushes to {dataset}; it may push to: {known}; correct the address "
    "or ask the gateway's administrators",
)
TWO_FEEDS = Message(
    "push.two_feeds",
    zh="部门“{department}”有两个向 {dataset} 推送的数据流：{feeds}；请联系网关管理员只保留一个",
    en="department {department!r} has two feeds that push to {dataset}: {feeds}; ask the gateway's administrators to "
    "keep one",
)
NO_KEY = Message(
    "push.no_key",
    zh="缺少可用的 Idempotency-Key 请求头；请为每一批写一个不重复的值，1 到 {allowed} 个字母、数字或 ASCII 符号，"
    "重发同一批时写同一个值",
    en="there is no usable header Idempotency-Key; give each batch a value of its own, 1 to {allowed} letters, digits "
    "or signs of ASCII, and the same value when the same batch is sent again",
)
KEY_TAKEN = Message(
    "push.key_taken",
    zh="Idempotency-Key“{key}”已用于另一批内容；请为这一批换一个值",
    en="the Idempotency-Key {key!r} was used for other content; give this batch another one",
)
BUSY = Message(
    "push.busy",
    zh="数据流“{feed}”正在运行，等了 {seconds} 秒仍未结束；这一批没有入库，请稍后以同一 Idempotency-Key 重发",
    en="feed {feed!r} is being run and was waited for {seconds} seconds; nothing of this batch was stored, send it "
    "again later with the same Idempotency-Key",
)

MESSAGES = (NO_TOKEN, NO_FEED, TWO_FEEDS, NO_KEY, KEY_TAKEN, BUSY)

_LONGEST_KEY = 200
_KEY = re.compile(rf"[!-~]{{1,{_LONGEST_KEY}}}")
_BEARER = re.compile(r"Bearer +([!-~]+) *", re.IGNORECASE)
_AGAIN = 0.2  # seconds between two looks whether another process has ended its run
_RETRY_SECONDS = 5
_LANGUAGES: tuple[Language, Language] = ("zh", "en")

Issue = Mapping[str, Any]
Sentence = Callable[[str, str, Issue, Language], str]  # of an issue of a feed and its dataset


class Declared(Protocol):
    """The feeds of the deployment as its files stand."""

    def feeds(self) -> Mapping[str, InboundFeed | OutboundFeed]:
        """The feeds by name."""

    def runner(self, name: str) -> Any:
        """What runs a feed; StartError where its map or connector is wrong."""

    def assert_dataset(self, name: str) -> None:
        """Raise UnknownName for a dataset that is not there."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered: a status and an object; `again` is in seconds, `replayed` what was answered before."""

    status: HTTPStatus
    content: Mapping[str, Any]
    again: int | None = None
    replayed: bool = False


class Refused(Exception):
    """A request that is not taken in: why, and the status that says so."""

    def __init__(self, status: HTTPStatus, error: GatewayError, again: int | None = None) -> None:
        super().__init__(str(error))
        self.answer = Answered(status, {"error": _said(error)}, again)


@dataclass(frozen=True)
class Desk:
    """Takes batches in, one of a feed at a time."""

    database: Database
    tokens: Tokens
    declared: Declared
    sentence: Sentence
    ran: Callable[[RunReport], None]
    wait_seconds: float
    keep_days: int = 30  # after that a key may be used again
    _locks: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock), init=False)

    def department(self, authorization: str) -> str:
        """Whose token came; raises Refused."""
        bearer = _BEARER.fullmatch(authorization)
        try:
            department = self.tokens.department(bearer[1]) if bearer else None
        except StartError as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, error, _RETRY_SECONDS) from error
        if department is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, StartError(NO_TOKEN))
        return department

    def feed(self, department: str, dataset: str) -> str:
        """The feed that a department pushes a dataset to; raises Refused."""
        try:
            self.declared.assert_dataset(dataset)
            feeds = self._feeds_of(department)
        except StartError as error:
            raise Refused(HTTPStatus.NOT_FOUND, error) from error
        found = [name for name, feed in feeds.items() if feed.dataset == dataset]
        if len(found) > 1:
            two = StartError(TWO_FEEDS, department=department, dataset=dataset, feeds=", ".join(found))
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, two)
        if not found:
            known = ", ".join(sorted({feed.dataset for feed in feeds.values()})) or "-"
            none = StartError(NO_FEED, department=department, dataset=dataset, known=known)
            raise Refused(HTTPStatus.FORBIDDEN, none)
        return found[0]

    def take(self, feed: str, key: str, body: bytes) -> Answered:
        """Store a batch, or find it stored, and say what became of each row; raises Refused."""
        if not _KEY.fullmatch(key):
            raise Refused(HTTPStatus.BAD_REQUEST, StartError(NO_KEY, allowed=_LONGEST_KEY))
        try:
            runner = self.declared.runner(feed)
            assert isinstance(runner, PushRunner)
            return self._taken(runner, key, body)
        except GatewayError as error:
            raise _refusal(error) from error

    def _taken(self, runner: PushRunner, key: str, body: bytes) -> Answered:
        until = time.monotonic() + self.wait_seconds
        source, place = runner.source, f"push/{key}"
        assert isinstance(source, PushedSource)
        try:
            batch = source.batch(place, body)  # before the key is taken: what is no batch may be corrected under it
        except SourceError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, error) from error
        if (known := self._entered(runner.name, place, key, body)).run is not None:
            return self._answer(runner, known, replayed=True)
        report = self._run(replace(runner, batch=batch), until)
        if report.error is not None:
            raise report.error
        with self.database.read() as connection:
            stored = pushed_batches.outcomes(connection, runner.name, place)
        assert stored is not None
        return self._answer(runner, stored)

    def _entered(self, feed: str, place: str, key: str, body: bytes) -> PushedBatch:
        digest = hashlib.sha256(body).hexdigest()
        with self.database.write() as connection:
            oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=self.keep_days)
            pushed_batches.forget_before(connection, oldest)
            known = pushed_batches.enter(connection, feed, place, digest)
        if known.body_digest != digest:
            raise Refused(HTTPStatus.CONFLICT, StartError(KEY_TAKEN, key=key))
        return known

    def _run(self, runner: PushRunner, until: float) -> RunReport:
        """Run the feed once nobody else does; a report of failure where that takes too long."""
        lock = self._locks[runner.name]
        if not lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise self._busy(runner.name)
        try:
            while (report := runner.run()).error and report.error.message is leases.HELD:
                if time.monotonic() >= until:
                    raise self._busy(runner.name)
                time.sleep(_AGAIN)
        finally:
            lock.release()
        self.ran(report)
        return report

    def _busy(self, feed: str) -> Refused:
        error = StartError(BUSY, feed=feed, seconds=self.wait_seconds)
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, error, _RETRY_SECONDS)

    def _feeds_of(self, department: str) -> Mapping[str, InboundFeed]:
        return {
            name: feed
            for name, feed in self.declared.feeds().items()
            if is_pushed(feed) and feed.department == department
        }

    def _answer(self, runner: PushRunner, batch: PushedBatch, *, replayed: bool = False) -> Answered:
        rows = batch.rows or ()
        outcomes = [row["outcome"] for row in rows]
        counts = {each: outcomes.count(each) for each in ("accepted", "unchanged", "rejected", "held")}
        records = [self._record(runner, row) for row in rows]
        content = {"feed": runner.name, "run": batch.run, "read": len(rows), **counts, "records": records}
        return Answered(HTTPStatus.OK, content, replayed=replayed)

    def _record(self, runner: PushRunner, row: Mapping[str, Any]) -> Mapping[str, Any]:
        said = [self._issue(runner, issue) for issue in row["issues"]]
        return {"row": row["row"], "outcome": row["outcome"], **({"issues": said} if said else {})}

    def _issue(self, runner: PushRunner, issue: Issue) -> Mapping[str, Any]:
        members = {name: issue[name] for name in ("code", "outcome", "field", "column", "value")}
        zh, en = (self.sentence(runner.name, runner.feed.dataset, issue, each) for each in _LANGUAGES)
        return {**members, "zh": zh, "en": en}


def _refusal(error: GatewayError) -> Refused:
    """By whose turn it is: the sender's to correct, or ours to put right."""
    if error.message in {AWAY, NO_FILES} or isinstance(error, LeaseLost):
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, error, _RETRY_SECONDS)
    if error.message is CRASHED:
        return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, error)
    ours = isinstance(error, StartError | SourceError)
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE if ours else HTTPStatus.UNPROCESSABLE_ENTITY, error)


def _said(error: GatewayError) -> Mapping[str, str]:
    return {"code": error.message.code, "zh": error.text("zh"), "en": error.text("en")}


def as_json(content: Mapping[str, Any]) -> bytes:
    """The bytes of an answer."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="backslashreplace")
