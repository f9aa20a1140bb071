"""When a feed is run: at minutes of the day, on the days that fit, in the time of China."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

CHINA = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_A_DAY = 24 * 60

_FARTHEST = 366 * 8 + 2  # days: 29 February comes after eight years at the latest
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Schedule:
    """Planned times, to the minute; two services, or one after a restart, reckon the same ones.

    `text` is how a feed writes it. `minutes` of the day stand in their order; Monday is the week day 0.
    """

    text: str
    minutes: tuple[int, ...] = field(repr=False)
    days: frozenset[int] = field(default=frozenset(range(1, 32)), repr=False)
    months: frozenset[int] = field(default=frozenset(range(1, 13)), repr=False)
    weekdays: frozenset[int] = field(default=frozenset(range(7)), repr=False)

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """The first planned time after a moment; None where there is none in eight years."""
        today, passed = self._stand(moment)
        for day in self._days(today, _DAY):
            number = passed if day == today else 0
            if number < len(self.minutes):
                return _at(day, self.minutes[number])
        return None

    def last_until(self, moment: dt.datetime) -> dt.datetime | None:
        """The last planned time up to a moment; None where there was none in eight years."""
        today, passed = self._stand(moment)
        for day in self._days(today, -_DAY):
            number = passed if day == today else len(self.minutes)
            if number:
                return _at(day, self.minutes[number - 1])
        return None

    def _stand(self, moment: dt.datetime) -> tuple[dt.date, int]:
        """The day of a moment, and how many minutes of the schedule have come on it."""
        local = moment.astimezone(CHINA)
        return local.date(), bisect_right(self.minutes, local.hour * 60 + local.minute)

    def _days(self, day: dt.date, step: dt.timedelta) -> Iterator[dt.date]:
        for _ in range(_FARTHEST):
            if day.day in self.days and day.month in self.months and day.weekday() in self.weekdays:
                yield day
            day += step


def _at(day: dt.date, minute: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), CHINA)
