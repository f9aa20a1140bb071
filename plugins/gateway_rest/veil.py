"""What no sentence may say: secrets, also where a platform repeats them in its answer."""

from __future__ import annotations

HIDDEN = "***"


class Veil:
    """Hides the texts that it was told."""

    def __init__(self) -> None:
        self._hidden: list[str] = []

    def hide(self, text: str) -> str:
        """Hide a text from now on, and give it back for its own use."""
        if text and text not in self._hidden:
            self._hidden = sorted([*self._hidden, text], key=len, reverse=True)
        return text

    def over(self, text: str) -> str:
        """A text as it may be shown."""
        for each in self._hidden:
            text = text.replace(each, HIDDEN)
        return text
