"""What a tap says, line by line: SCHEMA, RECORD and STATE, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.domain import exact_json


class NotSpoken(ValueError):
    """A line that is no message of the Singer specification."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The members that the records of a stream have."""

    stream: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a stream, as it was written."""

    stream: str
    members: Any


@dataclass(frozen=True, slots=True)
class State:
    """Where the tap goes on once everything before is stored, as JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that changes nothing here.

    ACTIVATE_VERSION says that records of an older version are gone: a snapshot shows that by itself, and its
    withdrawals are guarded.
    """


def read_line(line: bytes) -> Schema | Record | State | Ignored:
    """Read a line; raises NotSpoken."""
    try:
        return _message(exact_json.read(line.decode(), constants=True))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotSpoken(type(error).__name__) from error


def _message(content: dict[str, Any]) -> Schema | Record | State | Ignored:
    match content["type"]:
        case "RECORD":
            return Record(_text(content["stream"]), content["record"])
        case "SCHEMA":
            return Schema(_text(content["stream"]), tuple(content["schema"]["properties"].keys()))
        case "STATE":
            return State(exact_json.written(content["value"]))
        case "ACTIVATE_VERSION":
            return Ignored()
    raise ValueError(content["type"])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value
