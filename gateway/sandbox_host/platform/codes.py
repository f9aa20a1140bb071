"""How a platform words its answers: a code, a sentence and, for a whole request, an HTTP status."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WholeCode:
    """An answer about a whole request; `sentence` has the blank what."""

    code: str
    status: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RecordCode:
    """An answer about one record; `sentence` has the blanks that whoever gives it fills."""

    code: str
    sentence: str

    def wrong(self, **blanks: object) -> Wrong:
        """Say that a record is refused for this."""
        return Wrong(self.code, self.sentence.format(**blanks))


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a record is refused."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCodes:
    """What every platform says of whole requests, in its own codes."""

    headers_missing: WholeCode
    requester_unknown: WholeCode
    time_out_of_window: WholeCode
    nonce_seen: WholeCode
    signature_wrong: WholeCode
    body_too_large: WholeCode
    batch_reused: WholeCode
    no_such_path: WholeCode
    busy: WholeCode
    broken: WholeCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCodes:
    """What every platform says of record versions; `older_version` has the blanks value and allowed."""

    already_taken: RecordCode
    older_version: RecordCode
    nothing_to_withdraw: RecordCode


class Refused(Exception):
    """The whole request is refused: nothing of it is taken."""

    def __init__(self, code: WholeCode, what: object = "") -> None:
        super().__init__(code.code)
        self.code = code
        self.sentence = code.sentence.format(what=what)
