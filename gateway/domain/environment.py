"""演练与正式: what a deployment, a database, a destination and a document are marked as, so that they never meet."""

from __future__ import annotations

from typing import Literal

Environment = Literal["rehearsal", "production"]

# Simulated platforms send this header with every answer; a platform may, and is then taken at its word.
MARK_HEADER = "Gateway-Environment"

_CHINESE = {"rehearsal": "演练（rehearsal）", "production": "正式（production）"}


def in_chinese(environment: str) -> str:
    """The mark for Chinese sentences, with the word that is written in a configuration."""
    return _CHINESE.get(environment, environment)
