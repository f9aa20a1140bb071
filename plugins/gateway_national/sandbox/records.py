"""What the publicity system checks in each record, in a fixed order; the first thing wrong is the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.sandbox_host.platform.codes import Wrong
from gateway.sandbox_host.platform.speech import Submitted
from gateway.sandbox_host.platform.store import Effect
from gateway_national.sandbox.codes import (
    CODE_UNKNOWN,
    FIELD_UNKNOWN,
    NO_OBJECTS,
    NO_PLAIN_VALUE,
    NOT_CORRECTED,
    NOT_TAKEN_BACK,
    PATTERN,
    REQUIRED,
    TOO_LONG,
)
from gateway_national.sandbox.declared import Member, Service

CORRECTION = "correctionNo"  # OURS: the number of the signed correction that a change of a published result rests on


def wrong_record(record: Submitted, service: Service, published: Effect | None) -> Wrong | None:
    """What is wrong with a record, of which an earlier version may be published."""
    if published and record.withdraws:
        return NOT_TAKEN_BACK.wrong(value=published.change_number)
    if published and not record.content.get(CORRECTION):
        return NOT_CORRECTED.wrong(value=published.change_number, field=CORRECTION)
    return next(_wrong_content(record.content, service), None)


def _wrong_content(content: Mapping[str, Any], service: Service) -> Iterator[Wrong]:
    yield from _wrong_members(content, service.members, {*service.lists, CORRECTION})
    for name, members in service.lists.items():
        objects = content.get(name)
        if not (isinstance(objects, list) and objects and all(isinstance(each, dict) for each in objects)):
            yield NO_OBJECTS.wrong(field=name)
            return
        for each in objects:
            yield from _wrong_members(each, members, set())


def _wrong_members(content: Mapping[str, Any], members: Mapping[str, Member], others: set[str]) -> Iterator[Wrong]:
    if unknown := sorted(set(content) - set(members) - others):
        yield FIELD_UNKNOWN.wrong(field=", ".join(unknown))
    for name, member in members.items():
        if wrong := _wrong_member(content.get(name), member):
            yield wrong


def _wrong_member(value: Any, member: Member) -> Wrong | None:
    said = {"field": member.name, "title": member.title, "value": value}
    if value is None or value == "":
        return REQUIRED.wrong(**said) if member.required else None
    if type(value) not in (str, int):
        return NO_PLAIN_VALUE.wrong(**said)
    text = str(value)
    if member.length is not None and len(text) > member.length:
        return TOO_LONG.wrong(**said, allowed=member.length)
    if member.pattern and not member.pattern.fullmatch(text):
        return PATTERN.wrong(**said, allowed=member.pattern.pattern)
    if member.codes and text not in member.codes:
        return CODE_UNKNOWN.wrong(**said, allowed="、".join(member.codes))
    return None
