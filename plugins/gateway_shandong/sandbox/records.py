"""What the platform checks in each record, in a fixed order; the first thing wrong is the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.sandbox_host.platform.codes import RecordCode, Wrong
from gateway.sandbox_host.platform.store import WITHDRAW
from gateway_shandong.sandbox.codes import (
    CODE_UNKNOWN,
    FIELD_UNKNOWN,
    NO_PLAIN_VALUE,
    PATTERN,
    RECORD_NAMES_WRONG,
    REQUIRED,
    TOO_LONG,
    USCC_WRONG,
)
from gateway_shandong.sandbox.declared import FieldCheck

KEY, CHANGE_NUMBER, OPERATION = "sjbs", "bbh", "czlx"
_OPERATIONS = {"i": "新增", "u": "变更", WITHDRAW: "撤回"}
_LONGEST_KEY = 500
_LARGEST_NUMBER = 2**63 - 1

# GB 32100-2015: the alphabet without I O S V Z, and the weights 3^i mod 31. Written here once more on purpose: a
# platform does not share the gateway's code, so a mistake in either shows.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = [pow(3, i, 31) for i in range(17)]


def wrong_names(record: Mapping[str, Any]) -> Wrong | None:
    """What is wrong with the key, the change number or the operation."""
    key, number, operation = record.get(KEY), record.get(CHANGE_NUMBER), record.get(OPERATION)
    if not (isinstance(key, str) and 0 < len(key) <= _LONGEST_KEY):
        return _wrong(RECORD_NAMES_WRONG, KEY, "数据标识", key, f"1 至 {_LONGEST_KEY} 个字符的文本")
    if not (type(number) is int and 0 < number <= _LARGEST_NUMBER):
        return _wrong(RECORD_NAMES_WRONG, CHANGE_NUMBER, "版本号", number, "正整数")
    if operation not in _OPERATIONS:
        return _wrong(RECORD_NAMES_WRONG, OPERATION, "操作类型", operation, _listed(_OPERATIONS))
    return None


def wrong_fields(record: Mapping[str, Any], checks: Mapping[str, FieldCheck]) -> Wrong | None:
    """What is wrong with the fields; a withdrawal needs none, so none is looked at."""
    if record[OPERATION] == WITHDRAW:
        return None
    unknown = sorted(set(record) - set(checks) - {KEY, CHANGE_NUMBER, OPERATION})
    if unknown:
        return _wrong(FIELD_UNKNOWN, ", ".join(unknown))
    found = (_wrong_field(record.get(field), check, record) for field, check in checks.items())
    return next((each for each in found if each), None)


def is_uscc(text: str) -> bool:
    """Whether the text is a unified social credit code with a matching check character."""
    if len(text) != len(_WEIGHTS) + 1 or any(each not in _ALPHABET for each in text):
        return False
    total = sum(weight * _ALPHABET.index(each) for weight, each in zip(_WEIGHTS, text, strict=False))
    return text[-1] == _ALPHABET[-total % 31]


def _wrong_field(value: Any, check: FieldCheck, record: Mapping[str, Any]) -> Wrong | None:
    if value is None or value == "":
        return _wrong(REQUIRED, check.field, check.title) if check.required else None
    if type(value) not in (str, int):
        return _wrong(NO_PLAIN_VALUE, check.field, check.title)
    text = str(value)
    if check.length is not None and len(text) > check.length:
        return _wrong(TOO_LONG, check.field, check.title, text, str(check.length))
    if check.pattern and not check.pattern.fullmatch(text):
        return _wrong(PATTERN, check.field, check.title, text, check.pattern.pattern)
    if check.codes and text not in check.codes:
        return _wrong(CODE_UNKNOWN, check.field, check.title, text, _listed(check.codes))
    if check.uscc_when and record.get(check.uscc_when[0]) == check.uscc_when[1] and not is_uscc(text):
        return _wrong(USCC_WRONG, check.field, check.title, text)
    return None


def _listed(codes: Mapping[str, str]) -> str:
    return "、".join(f"{code} {title}" for code, title in codes.items())


def _wrong(code: RecordCode, field: str, title: str = "", value: object = "", allowed: str = "") -> Wrong:
    return code.wrong(field=field, title=title, value=value, allowed=allowed)
