"""What the platform checks in each record beside its XSD, in a fixed order; the first thing wrong is the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.record_key import key_of
from gateway.sandbox_host.platform.codes import Wrong
from gateway.sandbox_host.platform.speech import Submitted
from gateway.sandbox_host.platform.store import Transaction
from gateway_hebei.sandbox.codes import CODE_UNKNOWN, DATA_MISSING, OTHER_KEY, USCC_WRONG
from gateway_hebei.sandbox.declared import FieldCheck, Service
from gateway_hebei.sandbox.inspections import INSPECTIONS

# GB 32100-2015: the alphabet without I O S V Z, and the weights 3^i mod 31. Written here once more on purpose: a
# platform does not share the gateway's code, so a mistake in either shows.
_ALPHABET = {character: value for value, character in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_LENGTH = 18


class Records:
    """The checks of every service, and the names that the platform gives to what it holds."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    def check(self, dataset: str, record: Submitted, transaction: Transaction) -> Wrong | None:
        """What is wrong with a record; a withdrawal says nothing that could be."""
        if record.withdraws:
            return None
        if not record.content:
            return DATA_MISSING.wrong()
        service = self._services[dataset]
        found = (_wrong_field(check, record.content) for check in service.checks)
        return (
            next((each for each in found if each), None)
            or _other_key(service, record, transaction)
            or INSPECTIONS.wrong(dataset, record, transaction)
        )

    def remember(self, dataset: str, record: Submitted, transaction: Transaction) -> None:
        """Know what a record that takes effect is about, or that it no longer is."""
        name = None if record.withdraws else _name(self._services[dataset], record.content)
        transaction.give_name(dataset, record.key, name)
        INSPECTIONS.remember(dataset, record, transaction)


def is_uscc(text: str) -> bool:
    """Whether the text is a unified social credit code with a matching check character."""
    values = [_ALPHABET[each] for each in text if each in _ALPHABET]
    if len(text) != _LENGTH or len(values) != _LENGTH:
        return False
    weighted = sum(value * pow(3, place, 31) for place, value in enumerate(values[:-1]))
    return (weighted + values[-1]) % 31 == 0


def _wrong_field(check: FieldCheck, content: Mapping[str, Any]) -> Wrong | None:
    value = content[check.field]
    if value and check.codes and value not in check.codes:
        allowed = "、".join(f"{code} {title}" for code, title in check.codes.items())
        return CODE_UNKNOWN.wrong(title=check.title, field=check.field, value=value, allowed=allowed)
    if check.uscc_when and content[check.uscc_when[0]] == check.uscc_when[1] and not is_uscc(value):
        return USCC_WRONG.wrong(title=check.title, field=check.field, value=value)
    return None


def _other_key(service: Service, record: Submitted, transaction: Transaction) -> Wrong | None:
    name = _name(service, record.content)
    holder = transaction.holder(service.code, name) if name else None
    return OTHER_KEY.wrong(name=name, holder=holder) if holder not in {None, record.key} else None


def _name(service: Service, content: Mapping[str, Any]) -> str | None:
    return key_of(content[field] for field in service.names) if service.names else None
