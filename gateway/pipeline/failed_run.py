"""The run that stored nothing: its report, and how what nobody foresaw is said."""

from __future__ import annotations

from gateway.errors import GatewayError, RunError
from gateway.messages import Message
from gateway.pipeline.run_report import Counts, RunReport

NO_FILES = Message(
    "run.files",
    zh="文件 {file} 无法读写：{reason}；没有保存任何数据，请检查磁盘空间和目录权限后重新运行",
    en="the file {file} cannot be written or read: {reason}; nothing was stored, check the space on the disk and the "
    "rights to its folder, then run again",
)
CRASHED = Message(
    "run.crashed",
    zh="程序内部错误（{kind}）：{reason}；没有保存任何数据，请把这条信息报告给维护者",
    en="an internal error ({kind}): {reason}; nothing was stored, report this to the maintainers",
)


def failed(feed: str, run: int | None, error: GatewayError) -> RunReport:
    """The report of a run that stored nothing."""
    return RunReport(feed=feed, run=run, status="failed", counts=Counts(), seconds=0, error=error)


def crashed(crash: BaseException) -> RunError:
    """What is said of a full disk or a mistake of our own; its first line only, since a person reads it."""
    if isinstance(crash, OSError):
        return RunError(NO_FILES, file=str(crash.filename or "-"), reason=crash.strerror or str(crash))
    lines = str(crash).splitlines() or ["-"]
    return RunError(CRASHED, kind=type(crash).__name__, reason=lines[0][:300])


MESSAGES = (NO_FILES, CRASHED)
