"""Texts that are times with all their digits, so that their order as text is their order in time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_FORMS = (
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)
# A time, digits finer than a microsecond, and a zone.
_PARTS = re.compile(
    r"(?P<time>[\d/-]+(?:[ T][\d:]+(?:\.\d{1,6})?)?)\d*(?P<zone> ?[+-]\d\d(?::?\d\d)?|Z)?",
    flags=re.ASCII,
)
_CHINA = timezone(timedelta(hours=8))  # what a time without a zone is taken for


@dataclass(frozen=True, slots=True)
class TimeText:
    """A text taken apart: the moment without its zone, the form it is written in, and the zone as it is written."""

    moment: datetime
    form: str
    zone: str


def read(text: str) -> TimeText | None:
    """What a text says; None where it is no time, or one that lacks a digit."""
    parts = _PARTS.fullmatch(text)
    for form in _FORMS:
        if parts and (moment := _read(parts["time"], form)):
            return TimeText(moment, form, parts["zone"] or "")
    return None


def is_ahead(text: str, now: datetime) -> bool:
    """Whether a text is a time that has not come yet; `now` is aware."""
    found = read(text)
    return found is not None and found.moment > now.astimezone(_zone(found.zone)).replace(tzinfo=None)


def _zone(written: str) -> timezone:
    digits = re.sub(r"\D", "", written).ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if not written:
        return _CHINA
    return timezone(-offset if "-" in written else offset)


def _read(text: str, form: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is kept as it was written
    except ValueError:
        return None
    return moment if "%f" in form or moment.strftime(form) == text else None
