"""Words in both languages, declared once as ``both(zh, en)``; a built command is then put into one language."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.messages import Language

_BETWEEN = "\x1f"


def both(zh: str, en: str) -> str:
    """One text that holds both wordings."""
    return f"{zh}{_BETWEEN}{en}"


def pick(text: str, language: Language) -> str:
    """The wording in a language; a text that `both` did not make is the same in both."""
    zh, between, en = text.partition(_BETWEEN)
    return en if between and language == "en" else zh


def is_in_both(text: str) -> bool:
    """Whether a text has both wordings."""
    return _BETWEEN in text


def language_of(environ: Mapping[str, str]) -> Language:
    """The language that the environment asks for, Chinese where it says nothing known."""
    return "en" if environ.get("GATEWAY_LANG", "").strip().lower() == "en" else "zh"
