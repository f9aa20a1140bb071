"""What a number format adds to a number: leading zeros, letters, a sign of per cent, or the parts of a day.

Digits that a format merely rounds or groups are no concern of it: such a number is read by its value. What a format
writes beside them is part of what a person reads in the cell, and so it is part of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

# The built-in formats that add something (ECMA-376 part 1, 18.8.30), from 27 on as the Chinese versions have them.
_YEAR_MONTH, _MONTH_DAY, _DAY = 'yyyy"年"m"月"', 'm"月"d"日"', 'yyyy"年"m"月"d"日"'
_TIME, _SECONDS = 'h"时"mm"分"', 'h"时"mm"分"ss"秒"'
CHINESE_DATES: Mapping[int, str] = {
    **dict.fromkeys((27, 36, 50, 52, 57), _YEAR_MONTH),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), _MONTH_DAY),
    30: "m-d-yy",
    31: _DAY,
    32: _TIME,
    33: _SECONDS,
    34: _TIME,
    35: _SECONDS,
    55: _TIME,
    56: _SECONDS,
}
_BUILT_IN: Mapping[int, str] = {
    9: "0%",
    10: "0.00%",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mmss.0",
    **CHINESE_DATES,
}

_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.)|(?P<space>[_*].)|\[(?P<bracket>[^\]]*)\]?'
    r"|(?P<general>General|G/通用格式)|(?P<clock>AM/PM|A/P|上午/下午)|(?P<power>E[+-])"
    r"|(?P<day>y+|m+|d+|h+|s+|e+|b+|g+|a+)|(?P<digit>[0#?])|(?P<mark>[.,%/@;])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9.]+)")
_CURRENCY = re.compile(r"\$([^-]+)")
_SILENT = re.compile(r"[\s¥￥]*")  # the yuan is what amounts are in
_SILENT_BELOW_ZERO = re.compile(r"[\s¥￥()+-]*")
_LITERAL, _GENERAL = "L", "G"

_DAY_ZERO = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a workbook knows no zone
LAST_DAY = {False: 2_958_465, True: 2_957_003}  # 9999-12-31
NO_DAY = 60  # 1900-02-29, which Excel counts as a day; those before it are one day later than they seem


def number_text(number: float) -> str:
    """A number as a person reads it: with the 15 digits that Excel shows at most, and no exponent."""
    return _plain(_shown_value(number))


@dataclass(frozen=True, slots=True)
class _Section:
    """One of the parts of a format, for some numbers: its picture, a character a piece, and what these stand for."""

    picture: str
    literals: tuple[str, ...]
    letters: tuple[str, ...]  # the runs of letters of a day or a time, as they follow each other
    condition: tuple[str, float] | None = None

    @property
    def is_text(self) -> bool:
        return "@" in self.picture

    @property
    def core(self) -> str:
        return self.picture.strip(_LITERAL + "%")

    @property
    def adds_nothing_to_days(self) -> bool:
        return {"y", "m", "d"} <= set(_parts(self.letters))


@cache
def _sections(code: str) -> tuple[_Section, ...]:
    divided: list[list[tuple[str, str]]] = [[]]
    for piece in _PIECE.finditer(code):
        kind = piece.lastgroup or ""
        if (kind, piece[0]) == ("mark", ";"):
            divided.append([])
        else:
            divided[-1].append(_bracketed(piece[kind]) if kind == "bracket" else (kind, piece[kind]))
    return tuple(map(_section, divided))


def _bracketed(text: str) -> tuple[str, str]:
    """What stands in brackets: a span of time, a condition, a currency; a colour or a language says nothing."""
    if re.fullmatch("h+|m+|s+", text, re.IGNORECASE):
        return "clock", f"[{text[0]}]"
    if _CONDITION.fullmatch(text):
        return "condition", text
    currency = _CURRENCY.match(text)
    return ("other", currency[1]) if currency else ("space", "")


def _section(pieces: Sequence[tuple[str, str]]) -> _Section:
    signs = {**dict.fromkeys(("quoted", "escaped", "other"), _LITERAL), "general": _GENERAL, "power": "E"}
    condition = next((_CONDITION.fullmatch(text) for kind, text in pieces if kind == "condition"), None)
    return _Section(
        "".join(text if kind in {"digit", "mark"} else signs.get(kind, "") for kind, text in pieces),
        tuple(text for kind, text in pieces if signs.get(kind) == _LITERAL),
        tuple(text.lower() for kind, text in pieces if kind in {"day", "clock"}),
        (condition[1], float(condition[2])) if condition else None,
    )


def looked_at(formats: Sequence[int], declared: Mapping[int, str]) -> dict[int, str]:
    """The format codes of the cell styles whose numbers show more than their value or their whole day.

    `formats` has the number of the format of each style, `declared` the codes that the workbook gives to numbers.
    """
    codes = {**_BUILT_IN, **declared}
    missed = CHINESE_DATES.keys() - declared.keys()  # other readers take these for plain numbers
    added = {number for number, code in codes.items() if number in missed or _adds(code)}
    return {style: codes[number] for style, number in enumerate(formats) if number in added}


def day_styles(formats: Sequence[int], declared: Mapping[int, str]) -> set[int]:
    """The cell styles whose numbers are shown as days or times."""
    codes = {14: "m/d/yyyy", 15: "d-mmm-yy", 22: "m/d/yyyy h:mm", **_BUILT_IN, **declared}
    return {style for style, number in enumerate(formats) if is_of_days(codes.get(number, ""))}


@cache
def is_of_days(code: str) -> bool:
    """Whether a format shows days or times."""
    return any(section.letters for section in _sections(code))


@cache
def _adds(code: str) -> bool:
    return any(_section_adds(section, at) for at, section in enumerate(_sections(code)) if not section.is_text)


def _section_adds(section: _Section, at: int) -> bool:
    if section.letters:
        return not section.adds_nothing_to_days
    if not section.core:
        return bool(section.picture) or at < 2
    return not (_is_value(section.core) and "%" not in section.picture and _is_silent(section, at))


def shown(code: str, number: float, *, since_1904: bool) -> str | None:
    """What a cell of that format shows of a number; None where Excel shows no such number or day.

    Days and times come in their ISO form, of the parts that the format shows.
    """
    at, section = _chosen(_sections(code), number)
    if section is None:
        return None
    if section.is_text:
        return number_text(number)
    if section.letters:
        return shown_day(section.letters, number, since_1904=since_1904)
    if not section.core:
        return _literally(section, number)
    return _written(section, at, number)


def _chosen(sections: Sequence[_Section], number: float) -> tuple[int, _Section | None]:
    """The section for a number, and its place: for numbers above zero, below it, and zero."""
    if any(each.condition for each in sections):
        met = [(at, each) for at, each in enumerate(sections[:3]) if _meets(number, each.condition)]
        return next(((at, each) for at, each in met if not each.is_text), (0, None))
    for_numbers = [each for each in sections[:3] if not each.is_text] or sections
    at = 1 if number < 0 else 2 if number == 0 else 0
    at = at if at < len(for_numbers) else 0
    return at, for_numbers[at]


def _meets(number: float, condition: tuple[str, float] | None) -> bool:
    if condition is None:
        return True
    sign, limit = condition
    less, more = number < limit, number > limit
    return {"<": less, ">": more, "=": not (less or more), "<>": less or more, "<=": not more, ">=": not less}[sign]


def _literally(section: _Section, number: float) -> str | None:
    """Nothing but text in place of the number; of a hidden zero or the dash of an account, the zero."""
    text = "".join(section.literals).strip()
    return "0" if number == 0 and text in {"", "-"} else text or None


def _written(section: _Section, at: int, number: float) -> str | None:
    before, inner, after = _divided(section)
    value = _shown_value(number)
    if _is_value(section.core):
        if "%" in section.picture:
            value *= 100
        elif _is_silent(section, at):
            return _plain(value)
        digits: str | None = _plain(abs(value))
    elif re.fullmatch("0+", section.core) and _is_silent(section, at) and (value < 0 or value % 1):
        return _plain(value)  # no code is below zero or broken
    else:
        digits = _filled(section.core, inner, value)
    if digits is None:
        return None
    sign = "-" if number < 0 and at == 0 else ""
    return (sign + before + digits + after).strip()


def _divided(section: _Section) -> tuple[str, Sequence[str], str]:
    """What is written before the digits, between them, and after them."""
    picture = section.picture
    start = picture.index(section.core[0]) if section.core else len(picture)
    signs = iter(section.literals)
    written = [next(signs) if sign == _LITERAL else sign for sign in picture]
    end = start + len(section.core)
    inner = [text for text, sign in zip(written[start:end], picture[start:end], strict=True) if sign == _LITERAL]
    return "".join(written[:start]), inner, "".join(written[end:])


def _is_value(core: str) -> bool:
    """Whether the digits are those of the value, be they rounded or grouped, or written as a fraction or a power."""
    if core == _GENERAL or "/" in core or (_LITERAL not in core and "E" in core):
        return True
    whole = core.partition(".")[0]
    return bool(re.fullmatch(r"[0#?,]*(\.[0#?]*)?", core)) and whole.count("0") <= 1 and not whole.endswith(",")


def _is_silent(section: _Section, at: int) -> bool:
    allowed = _SILENT_BELOW_ZERO if at else _SILENT
    return bool(allowed.fullmatch("".join(section.literals)))


def _filled(core: str, inner: Sequence[str], value: Decimal) -> str | None:
    """The digits of a value in the places of a picture such as 00000 or 000-0000; None where they do not fit."""
    whole, point, places = core.replace(",", "").partition(".")
    if core.rstrip(".").endswith(",") or not re.fullmatch("[0#?L]+", whole) or not re.fullmatch("[0#?]*", places):
        return None
    number, fraction = f"{abs(value):.{len(places)}f}".partition(".")[::2]
    if Decimal(f"{number}.{fraction or 0}") != abs(value):
        return None
    return _in_places(whole, inner, number) + point * bool(fraction) + fraction


def _in_places(picture: str, inner: Sequence[str], number: str) -> str:
    digits, between, made = list(number), list(inner), ""
    for place in reversed(picture):
        if place == _LITERAL:
            made = between.pop() + made
        else:
            made = (digits.pop() if digits else "0" if place == "0" else "") + made
    return "".join(digits) + made


def _shown_value(number: float) -> Decimal:
    return Decimal(f"{number:.15g}")


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def shown_day(letters: Sequence[str], number: float, *, since_1904: bool) -> str | None:
    """The parts of a day and a time that some letters show; None for a number that is no day."""
    seconds = round(number * 86_400)
    if any(each.startswith("[") for each in letters):
        sign, seconds = "-" * (seconds < 0), abs(seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    parts = _parts(letters)
    if not 0 <= number < LAST_DAY[since_1904] + 1 or not parts:
        return None
    day, time = divmod(seconds, 86_400)
    clock = f"{time // 3600:02}:{time // 60 % 60:02}:{time % 60:02}"
    if "t" not in parts and not (time and {"y", "m", "d"} <= set(parts)):
        clock = ""
    if number < 1 and clock and not since_1904:
        return clock
    texts = dict(zip("ymd", iso_day(day, since_1904=since_1904).split("-"), strict=True))
    return " ".join(filter(None, ["-".join(texts[each] for each in "ymd" if each in parts), clock]))


def iso_day(day: int, *, since_1904: bool) -> str:
    """The ISO date of a day number, the two that Excel alone has included: 1900-01-00 and 1900-02-29."""
    if not since_1904 and day in {0, NO_DAY}:
        return "1900-02-29" if day else "1900-01-00"
    later = 1 if day < NO_DAY and not since_1904 else 0
    return (_DAY_ZERO[since_1904] + timedelta(days=day + later)).strftime("%Y-%m-%d").zfill(10)


def _parts(letters: Sequence[str]) -> Mapping[str, None]:
    """Which parts are shown: y, m and d, and t for a time; after hours or before seconds, m are minutes."""
    return dict.fromkeys(filter(None, _named(letters)))


def _named(letters: Sequence[str]) -> Iterator[str]:
    for at, run in enumerate(letters):
        before, after = letters[at - 1] if at else "", letters[at + 1] if at + 1 < len(letters) else ""
        if run[0] in "yeb":
            yield "y"
        elif run[0] in "hs" or (run[0] == "m" and (before[:1] == "h" or after[:1] == "s")):
            yield "t"
        elif run[0] == "m" or run in {"d", "dd"}:
            yield run[0]
