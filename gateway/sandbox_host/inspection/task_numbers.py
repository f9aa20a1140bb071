"""任务编号: code (6) + yyyyMMdd + ``1`` + a running number of three digits, 18 in all (`standards.md` §2.2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from gateway.sandbox_host.inspection.records import NotAllowed

_MOST = 999


def next_task_number(code: str, day: date, taken: Collection[str]) -> str:
    """The next free number of a code and day."""
    front = f"{code}{day:%Y%m%d}1"
    number = 1 + max((int(each[len(front) :]) for each in taken if each.startswith(front)), default=0)
    if number > _MOST:
        raise NotAllowed(f"{day:%Y-%m-%d} 的任务编号已用完（{_MOST} 个）")
    return f"{front}{number:03d}"
