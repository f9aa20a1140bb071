"""The words of a feed's `schedule:`, read and refused; numeric week days are, since systems count them differently."""

from __future__ import annotations

import datetime as dt
import re
from itertools import product

from gateway.errors import StartError
from gateway.messages import Message
from gateway.pipeline.schedule import CHINA, DAYS, MINUTES_A_DAY, Schedule

NO_FORM = Message(
    "schedule.no_form",
    zh="不属于任何一种写法",
    en="it has none of the forms",
)
UNEVEN = Message(
    "schedule.uneven",
    zh="{minutes} 分钟不能整除一天，每天的时刻会不同；最接近的是：{nearest} 分钟",
    en="{minutes} minutes do not divide a day, so its times would differ from day to day; the nearest are: {nearest}",
)
NO_TIME = Message(
    "schedule.no_time",
    zh="“{time}”不是 00:00 到 23:59 的时刻",
    en="{time!r} is no time from 00:00 to 23:59",
)
DAY_NUMBER = Message(
    "schedule.day_number",
    zh="星期不能写成数字（{part}），各系统的算法不同；请写 mon、tue、wed、thu、fri、sat、sun，如 mon-fri",
    en="week days are not written as numbers ({part}), which systems count differently; write mon, tue, wed, thu, fri, "
    "sat, sun, as in mon-fri",
)
NO_FIELD = Message(
    "schedule.no_field",
    zh="第 {position} 段“{part}”不可用：可以写 {allowed}，或用逗号连接其中几个",
    en="field {position}, {part!r}, is not usable: it may be {allowed}, or several of these with commas",
)
BOTH_DAYS = Message(
    "schedule.both_days",
    zh="日（{day}）和星期（{weekday}）不能同时限定，各系统对其含义的解释不同；请把其中一段写成 *",
    en="the day of the month ({day}) and the week day ({weekday}) cannot both be limited, since systems disagree on "
    "what that means; write one of them as *",
)
NEVER = Message(
    "schedule.never",
    zh="这个日期永远不会到来",
    en="that date never comes",
)

_SHORT_DAYS = tuple(day[:3] for day in DAYS)
# What the fields of a cron line may hold: minute, hour, day of the month, month.
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12))
_FIELDS = len(_BOUNDS) + 1
_EVERY = re.compile(r"every (?:([0-9]{1,4}) )?(minute|hour)s?")


def read_schedule(text: str) -> Schedule:
    """The schedule that these words mean; raises StartError with the reason where they mean none."""
    words = text.lower().split()
    if found := _EVERY.fullmatch(" ".join(words)):
        return _every(int(found[1] or 1), found[2])
    if len(words) == 2 and words[0] in ("daily", *DAYS):
        return _daily(*words)
    if len(words) == _FIELDS:
        return _cron(words)
    raise StartError(NO_FORM)


def _every(count: int, unit: str) -> Schedule:
    minutes = count * (60 if unit == "hour" else 1)
    if not minutes or MINUTES_A_DAY % minutes:
        raise StartError(UNEVEN, minutes=minutes, nearest=", ".join(map(str, _nearest_divisors(minutes))))
    said = f"{count} {unit}s" if count > 1 else unit
    return Schedule(f"every {said}", tuple(range(0, MINUTES_A_DAY, minutes)))


def _nearest_divisors(minutes: int) -> list[int]:
    divisors = [each for each in range(1, MINUTES_A_DAY + 1) if MINUTES_A_DAY % each == 0]
    return sorted(sorted(divisors, key=lambda each: abs(each - minutes))[:2])


def _daily(day: str, time: str) -> Schedule:
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", time)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise StartError(NO_TIME, time=time)
    hour, minute = int(found[1]), int(found[2])
    weekdays = frozenset(range(7) if day == "daily" else [DAYS.index(day)])
    return Schedule(f"{day} {hour:02}:{minute:02}", (hour * 60 + minute,), weekdays=weekdays)


def _cron(parts: list[str]) -> Schedule:
    minutes, hours, days, months = (
        _numbers(position, part, *bounds) for position, (part, bounds) in enumerate(zip(parts, _BOUNDS, strict=False))
    )
    weekdays = _weekdays(parts[4])
    if len(days) < 31 and len(weekdays) < 7:
        raise StartError(BOTH_DAYS, day=parts[2], weekday=parts[4])
    times = tuple(hour * 60 + minute for hour, minute in product(sorted(hours), sorted(minutes)))
    schedule = Schedule(" ".join(parts), times, days, months, weekdays)
    if schedule.next_after(dt.datetime(2000, 1, 1, tzinfo=CHINA)) is None:
        raise StartError(NEVER)
    return schedule


def _numbers(position: int, part: str, least: int, most: int) -> frozenset[int]:
    """The numbers that one field of a cron line names."""
    numbers: set[int] = set()
    for each in part.split(","):
        found = re.fullmatch(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?", each)
        start = int(found[1]) if found and found[1] else least
        end = int(found[2]) if found and found[2] else start if found and found[1] else most
        step = int(found[3]) if found and found[3] else 1
        lonely = bool(found and found[1] and not found[2] and found[3])  # 5/10 means different things
        if not found or not step or lonely or not least <= start <= end <= most:
            allowed = f"*, */{min(5, most)}, {least}…{most}, {least}-{most}, {least}-{most}/2"
            raise StartError(NO_FIELD, position=position + 1, part=part, allowed=allowed)
        numbers.update(range(start, end + 1, step))
    return frozenset(numbers)


def _weekdays(part: str) -> frozenset[int]:
    """The week days that the last field of a cron line names; a range may run past Sunday."""
    if part == "*":
        return frozenset(range(7))
    if re.search(r"[0-9]", part):
        raise StartError(DAY_NUMBER, part=part)
    weekdays: set[int] = set()
    for each in part.split(","):
        names = each.split("-")
        if len(names) > 2 or not all(name in (*DAYS, *_SHORT_DAYS) for name in names):
            raise StartError(NO_FIELD, position=_FIELDS, part=part, allowed="*, mon…sun, mon-fri")
        first, last = _SHORT_DAYS.index(names[0][:3]), _SHORT_DAYS.index(names[-1][:3])
        weekdays.update((first + number) % 7 for number in range((last - first) % 7 + 1))
    return frozenset(weekdays)


MESSAGES = (NO_FORM, UNEVEN, NO_TIME, DAY_NUMBER, NO_FIELD, BOTH_DAYS, NEVER)
