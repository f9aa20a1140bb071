"""Times as they are shown: in the time of China, which has had no summer time since 1991."""

from __future__ import annotations

import datetime as dt

CHINA = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")


def shown_time(moment: dt.datetime | None) -> str:
    """A moment to the second, or - where there is none."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def iso_time(moment: dt.datetime | None) -> str | None:
    """A moment for programs, with its zone."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds") if moment else None
