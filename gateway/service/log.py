"""The service's log: one JSON object a line, of feeds, runs and counts; never what a row or a secret says."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger

from gateway.errors import GatewayError

Log = FilteringBoundLogger

_PACKAGE = Path(__file__).parents[1]


def json_log(stream: TextIO) -> Log:
    """A log that writes to a stream."""
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return log


def take_in(log: Log) -> None:
    """Let what libraries warn of stand in the same log."""
    logging.basicConfig(level=logging.WARNING, handlers=[_IntoLog(log)], force=True)


def told(trouble: BaseException) -> str:
    """What may be said of an error: its code or its kind, for its sentence may quote what was read."""
    return trouble.message.code if isinstance(trouble, GatewayError) else type(trouble).__name__


def told_with_place(trouble: BaseException) -> dict[str, str]:
    """The same for the log, and where an error arose that nobody declared."""
    frames = [] if isinstance(trouble, GatewayError) else traceback.extract_tb(trouble.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents] or frames
    return {"error": told(trouble), **({"at": f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"} if ours else {})}


class _IntoLog(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write the sentence with its blanks, for their values may be anybody's."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        write("library", library=record.name, said=str(record.msg), **({"kind": kind} if kind else {}))
