"""How a code and its Chinese and English sentences are declared, beside the rule that owns them.

A sentence says what, which value, what is allowed and what to do; its blanks are named, as in ``{value}``.
Messages are stored as code and values and worded when somebody reads them, so one log serves both languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Message:
    """A stable code and its two sentences; lower case, no full stop."""

    code: str
    zh: str
    en: str

    def text(self, language: Language, values: Mapping[str, Any]) -> str:
        """Word the message; a blank without a value stays visible as ``{blank}``."""
        return (self.zh if language == "zh" else self.en).format_map(_Blanks(values))


_LISTED = 20


def listed(names: Sequence[str]) -> str:
    """Names as a sentence says them: all of a few, of many the first and how many there are."""
    more = [f"… ({len(names)})"] if len(names) > _LISTED else []
    return ", ".join([*names[:_LISTED], *more]) or "-"


class _Blanks(dict[str, Any]):
    def __missing__(self, blank: str) -> str:
        return f"{{{blank}}}"


class Catalogue(Mapping[str, Message]):
    """All messages of the core and the plugins by code; two sentences under one code are refused."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages: dict[str, Message] = {}
        for message in messages:
            if self._messages.setdefault(message.code, message) != message:
                raise ValueError(f"two messages are declared under the code {message.code!r}")

    def __getitem__(self, code: str) -> Message:
        return self._messages[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def text(self, code: str, language: Language, values: Mapping[str, Any]) -> str:
        """Word the message of a code, or name the code where a removed plugin took its message along."""
        message = self._messages.get(code)
        return message.text(language, values) if message else f"{code} {dict(values)}"
