"""The simulated platform of 山东 as tests see it: what it was told to do wrong, and what took effect there."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class SimulatedPlatform:
    """The platform at an address, through its own doors under /_sandbox/."""

    url: str

    def fail(self, kind: str, **order: Any) -> None:
        """Let the next requests fail."""
        self._ask("faults", {"kind": kind, **order})

    def set(self, **settings: Any) -> None:
        """Change how it behaves."""
        self._ask("settings", settings)

    def reset(self) -> None:
        """Let it forget everything, what it was told included."""
        self._ask("reset", {})

    def effects(self) -> list[tuple[str, int, str]]:
        """Everything that took effect, in the order taken: key, change number, operation."""
        return [(key, number, operation) for key, number, operation in self._ask("effects")["effects"]]

    def times_taken(self) -> Counter[tuple[str, int]]:
        """How often each version took effect."""
        return Counter((key, number) for key, number, _ in self.effects())

    def story(self, key: str, field: str = "EntName") -> list[Any]:
        """A field of one record as it took effect, version by version; a withdrawal is "withdrawn"."""
        versions = self._ask(f"records?key={quote(key)}")["records"]
        return ["withdrawn" if each["operation"] == "d" else each["content"][field] for each in versions]

    def contents(self, field: str = "EntName") -> dict[str, Any]:
        """A field of every record that is in force there, by key."""
        latest = {key: self.story(key, field)[-1] for key in {key for key, _, _ in self.effects()}}
        return {key: value for key, value in latest.items() if value != "withdrawn"}

    def state(self) -> dict[str, int]:
        """Its counts."""
        counts: dict[str, int] = self._ask("state")
        return counts

    def _ask(self, door: str, content: Any = None) -> Any:
        body = None if content is None else json.dumps(content).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_sandbox/{door}", body)) as answer:
            return json.load(answer)
