"""Rows that a rule of a reader leaves out: a person finds each that says something, and none of them hides a record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.domain.findings import Outcome
from gateway.domain.record_key import parts_of
from gateway.interfaces import Batch, LeftOut
from gateway.messages import Message

LEFT_OUT = Message(
    "row.left_out",
    zh="略过，不计入读取的行：{rule_zh}；原文：{text}",
    en="left out, and not counted as read: {rule}; it says: {text}",
)
MORE_LEFT_OUT = Message(
    "row.more_left_out",
    zh="另有 {more} 行略过，没有逐行列出；请核对来源是否正确、略过规则是否适用",
    en="{more} more rows are left out, which are not listed one by one; see whether it is the right source and whether "
    "the rules apply to it",
)

_MOST_LISTED = 1000
_SHOWN = 200  # characters of a row
_BETWEEN_WORDS = re.compile(r"[\s|,，;；:：\"'()（）]+")


@dataclass
class LeftOutRows:
    """The rows of a run that are left out; those that are blank are only counted."""

    count: int = 0
    listed: list[tuple[str, LeftOut]] = field(default_factory=list)
    more: int = 0  # that say something, and are too many to be listed
    words: dict[str, tuple[str, int]] = field(default_factory=dict)  # of all of these, with where one of them stands

    def take(self, batch: Batch) -> None:
        """Those of a batch."""
        self.count += len(batch.left_out)
        said = [(batch.place, line) for line in batch.left_out if line.text.strip()]
        for place, line in said:
            self.words.update(dict.fromkeys(_BETWEEN_WORDS.split(line.text), (place, line.row)))
        free = max(_MOST_LISTED - len(self.listed), 0)
        self.listed += said[:free]
        self.more += len(said[free:])

    def issues(self) -> list[dict[str, object]]:
        """A note of each that is listed, and one of the others (`gateway.state.issues.ISSUES`)."""
        found = [_note(LEFT_OUT, _words(line), place, line) for place, line in self.listed]
        return [*found, _note(MORE_LEFT_OUT, {"more": self.more})] if self.more else found

    def naming(self, keys: Iterable[str], besides: str) -> tuple[str, str, int] | None:
        """The first of these records of which such a row names a part of its key, and where that row stands.

        `besides` is a part that all of them share.
        """
        for key in keys:
            for part in parts_of(key):
                if part and part != besides and part in self.words:
                    return key, *self.words[part]
        return None


def _words(line: LeftOut) -> dict[str, object]:
    return {
        "rule": line.message.text("en", {}),
        "rule_zh": line.message.text("zh", {}),
        "text": " ".join(line.text[:_SHOWN].split()),
    }


def _note(
    message: Message, values: dict[str, object], place: str = "", line: LeftOut | None = None
) -> dict[str, object]:
    return {
        "record_key": None,
        "outcome": Outcome.NOTE.value,
        "code": message.code,
        "place": place,
        "row": line.row if line else None,
        "field": "",
        "column": "",
        "value": line.message.code if line else None,
        "arguments": json.dumps(values, ensure_ascii=False),
        "original": line.text if line else None,
    }


MESSAGES = (LEFT_OUT, MORE_LEFT_OUT)
