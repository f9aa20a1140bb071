"""Whether the service is well: what is wrong is kept by subject until it is put right, and said in both languages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from gateway.messages import Message
from gateway.service.log import told
from gateway.service.pace import Clock
from gateway.state.database import Database

FEED_FAILED = Message(
    "service.feed_failed",
    zh="数据流“{feed}”最近一次运行（{run}）失败（{reason_code}）；可用 gateway runs --feed {feed} 查看原因",
    en="the last run ({run}) of feed {feed!r} failed ({reason_code}); gateway runs --feed {feed} shows why",
)
FEED_BROKEN = Message(
    "service.feed_broken",
    zh="数据流“{feed}”无法运行（{reason_code}），{seconds} 秒后再试；可用 gateway check 查看原因",
    en="feed {feed!r} could not be run ({reason_code}) and is tried again in {seconds} seconds; gateway check shows "
    "why",
)
WRONG_FILES = Message(
    "service.wrong_files",
    zh="改动后的数据流声明有误（{reason_code}），仍按改动前的声明运行；可用 gateway check 查看，更正后自动生效",
    en="the feeds were changed and are now declared wrong ({reason_code}), so those of before stay in force; "
    "gateway check shows what is wrong, and what is put right counts at once",
)
NO_DATABASE = Message(
    "service.no_database",
    zh="网关自身的数据库无法访问（{reason_code}）；恢复后会自动继续",
    en="the gateway's own database cannot be reached ({reason_code}); everything goes on by itself once it can",
)
INTERRUPTED = Message(
    "service.interrupted",
    zh="调度中断（{reason_code}），正在重试；详见日志",
    en="scheduling was interrupted ({reason_code}) and is tried again; see the log",
)
STALLED = Message(
    "service.stalled",
    zh="调度已 {seconds} 秒没有动静；请查看日志，并重新启动服务",
    en="the scheduler has not moved for {seconds} seconds; look at the log and start the service again",
)
AHEAD = Message(
    "service.ahead",
    zh="数据流“{feed}”已运行到计划时间 {planned_for}，而时钟现在是 {moment}，应是时钟被拨回；到那时之前不再按计划运行，"
    "需要时请用 gateway run 运行",
    en="feed {feed!r} was run up to the planned time {planned_for}, and the clock says {moment}, so it was set back; "
    "nothing is run by schedule until then, use gateway run where it cannot wait",
)

_STALLED_AFTER = 60.0


class Health:
    """What `/health` says."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._troubles: dict[str, tuple[Message, dict[str, Any]]] = {}
        self._looked_at: float | None = None  # on the monotonic clock; None while another process schedules

    def trouble(self, subject: str, message: Message, **values: Any) -> None:
        """Say that something is wrong with a subject, in place of what was said of it before."""
        self._troubles[subject] = (message, values)

    def well(self, subject: str) -> None:
        """Say that nothing is wrong with a subject any more."""
        self._troubles.pop(subject, None)

    def looked(self) -> None:
        """Say that the scheduler is at work."""
        self._looked_at = time.monotonic()

    def stands_by(self) -> None:
        """Say that this process does not schedule; what it found of the feeds is the scheduler's to say now."""
        self._looked_at = None
        self._troubles = {subject: trouble for subject, trouble in self._troubles.items() if trouble[0] is WRONG_FILES}

    def page(self) -> tuple[bool, dict[str, object]]:
        """Whether all is well, and the object that is answered."""
        reasons = [
            {"code": message.code, **values, "zh": message.text("zh", values), "en": message.text("en", values)}
            for message, values in self._reasons()
        ]
        return not reasons, {
            "status": "degraded" if reasons else "ok",
            "role": "standby" if self._looked_at is None else "scheduler",
            "at": self._clock().isoformat(timespec="seconds"),
            "reasons": reasons,
        }

    def _reasons(self) -> Iterator[tuple[Message, dict[str, Any]]]:
        try:
            with self._database.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what there is to say
            yield NO_DATABASE, {"reason_code": told(error)}
        looked_at = self._looked_at
        if looked_at is not None and (silent := time.monotonic() - looked_at) > _STALLED_AFTER:
            yield STALLED, {"seconds": round(silent)}
        yield from list(self._troubles.values())


MESSAGES = (FEED_FAILED, FEED_BROKEN, WRONG_FILES, NO_DATABASE, INTERRUPTED, STALLED, AHEAD)
