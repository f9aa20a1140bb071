"""The tokens of senders: kept as hashes in one file of the secrets folder, so that nobody can read a token there.

A token is 256 random bits, so one round of SHA-256 hides it as well as any slow hash would. It is shown once, to
whoever issues it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError, UnknownName
from gateway.messages import Message

FILE = "push_tokens.yml"

UNREADABLE = Message(
    "push.tokens_unreadable",
    zh="令牌文件 {file} 无法读取：{why_zh}；请检查权限，或用 gateway token issue 重新发放",
    en="the file of tokens {file} cannot be read: {why}; check its rights, or issue tokens anew by gateway token issue",
)

MESSAGES = (UNREADABLE,)

_PREFIX = "gwp_"
_SHOWN = 8  # digits of the hash that a token goes by


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    department: str = Field(min_length=1, max_length=32)
    issued_at: dt.datetime


_ENTRIES = TypeAdapter(dict[str, _Entry])


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that was issued, by the beginning of its hash."""

    name: str
    department: str
    issued_at: dt.datetime


class Tokens:
    """The tokens of a deployment; the file is read each time, so what is revoked is revoked at once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def department(self, token: str) -> str | None:
        """The department that a token was issued to, None where nobody issued it; raises StartError."""
        wanted, found = _hash(token), None
        for digest, entry in self._entries().items():  # all of them, whichever fits: the time taken tells nothing
            if hmac.compare_digest(digest, wanted):
                found = entry.department
        return found

    def issued(self) -> Sequence[IssuedToken]:
        """Every token, in the order issued; raises StartError."""
        return [
            IssuedToken(digest[:_SHOWN], each.department, each.issued_at) for digest, each in self._entries().items()
        ]

    def issue(self, department: str, moment: dt.datetime) -> tuple[str, IssuedToken]:
        """Make a token for a department, and keep its hash; raises StartError."""
        token = _PREFIX + secrets.token_urlsafe(32)
        entry = _Entry(department=department, issued_at=moment)
        self._write({**self._entries(), _hash(token): entry})
        return token, IssuedToken(_hash(token)[:_SHOWN], department, moment)

    def revoke(self, name: str) -> IssuedToken:
        """Take a token back; raises UnknownName, or StartError."""
        entries = self._entries()
        fitting = [digest for digest in entries if digest[:_SHOWN] == name]
        if not fitting:
            raise UnknownName("token", "令牌", name, [digest[:_SHOWN] for digest in entries])
        revoked = entries.pop(fitting[0])
        self._write(entries)
        return IssuedToken(name, revoked.department, revoked.issued_at)

    def _entries(self) -> dict[str, _Entry]:
        try:
            text = self._file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(
                UNREADABLE, file=str(self._file), why=type(error).__name__, why_zh=type(error).__name__
            ) from error
        try:
            return _ENTRIES.validate_python(read_yaml_text(text, FILE) or {})
        except ValidationError as error:
            why, why_zh = wrong_values(error, "en", below=1), wrong_values(error, "zh", below=1)
            raise StartError(UNREADABLE, file=str(self._file), why=why, why_zh=why_zh) from None

    def _write(self, entries: dict[str, _Entry]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        content = {
            digest: {"department": each.department, "issued_at": each.issued_at.isoformat()}
            for digest, each in entries.items()
        }
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._file)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
